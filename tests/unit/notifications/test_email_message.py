"""The bytes of an e-mail, read back by the standard library."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler_daemon.notifications.notifiers.email_message import (
    ComposedEmail,
    compose_email,
    mailbox,
    parse_mailbox,
)
from shared.errors import InvalidDefinition
from shared.rendering import RenderedEmail, one_line

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SENDER = parse_mailbox("Unified Scheduler <scheduler@localhost>", "SMTP_FROM")


def compose(rendered: RenderedEmail, name: str = "", address: str = "ada@example.com") -> ComposedEmail:
    return compose_email(SENDER, mailbox(address, name), rendered, "<id@localhost>", NOW)


def read(message: ComposedEmail) -> EmailMessage:
    for line in message.content.split(b"\r\n"):
        assert len(line) <= 998
        assert b"\n" not in line
        assert b"\r" not in line
    return message_from_bytes(message.content, policy=policy.default)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_text_and_html_are_alternatives() -> None:
    message = read(compose(RenderedEmail("Hi", "text\n", "<p>html</p>\n")))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert (body(message, "plain"), body(message, "html")) == ("text\n", "<p>html</p>\n")


def test_the_headers_that_a_mail_must_have() -> None:
    message = read(compose(RenderedEmail("Hi", "text", None), "Ada"))
    assert message["From"] == "Unified Scheduler <scheduler@localhost>"
    assert message["To"] == "Ada <ada@example.com>"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<id@localhost>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_type() == "text/plain"


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=2000)


@settings(max_examples=150, deadline=None)
@given(subject=TEXT, name=st.text(st.characters(exclude_categories=["Cs"]), max_size=100), text=TEXT)
def test_whatever_is_written_arrives(subject: str, name: str, text: str) -> None:
    subject = one_line(subject)[:500]
    message = read(compose(RenderedEmail(subject, text, None), name))
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    }  # fmt: skip
    assert not message.defects
    assert one_line(message["Subject"]) == subject
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec == "ada@example.com"
    raw = message.get_payload(decode=True)
    assert isinstance(raw, bytes)
    assert raw.replace(b"\r\n", b"\n").decode() == text


@pytest.mark.parametrize(
    "name",
    ["Ada Lovelace", "O'Hara, Joe", 'the "boss"', "back\\slash", "Ünï cöde", "=?utf-8?q?x?=", "x" * 300, "日本" * 60],
)
def test_names_survive(name: str) -> None:
    (recipient,) = read(compose(RenderedEmail("Hi", "x", None), name))["To"].addresses
    # The standard library's parser puts a space between encoded words of a name; RFC 2047 says there is none.
    assert recipient.display_name.replace(" ", "") == name.replace(" ", "")


def test_a_name_cannot_begin_another_header() -> None:
    message = read(compose(RenderedEmail("Hi", "x", None), "Ada\r\nBcc: all@example.com"))
    assert message["Bcc"] is None


def test_long_lines_are_made_to_fit() -> None:
    text = "x" * 5000
    assert body(read(compose(RenderedEmail("Hi", text, None))), "plain").rstrip("\n") == text


def test_an_international_domain_has_an_ascii_form() -> None:
    message = compose(RenderedEmail("Hi", "x", None), address="ada@bücher.example")
    assert (message.recipient, message.needs_smtputf8) == ("ada@xn--bcher-kva.example", False)


def test_an_international_name_needs_smtputf8() -> None:
    message = compose(RenderedEmail("Hi", "x", None), address="jörg@example.com")
    assert (message.recipient, message.needs_smtputf8) == ("jörg@example.com", True)
    assert "To: jörg@example.com".encode() in message.content


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "a b@example.com",
        "a@b@c",
        "a@x\r\nRCPT TO:<b@c>",
        "<a@b>",
        '"a b"@c.d',
        "a@-",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidDefinition):
        mailbox(address)


@pytest.mark.parametrize("message_id", ["", "id@localhost", "<a b>", "<a@b>\r\nBcc: x@y.z", "<a@b><c@d>"])
def test_a_message_id_is_one_header(message_id: str) -> None:
    with pytest.raises(InvalidDefinition):
        compose_email(SENDER, SENDER, RenderedEmail("Hi", "x", None), message_id, NOW)
