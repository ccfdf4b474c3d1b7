"""What an installation may set of its e-mails: Reply-To, links to unsubscribe, how fast they leave, and the status."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from scheduler_daemon.notifications.notifiers import smtp
from scheduler_daemon.notifications.notifiers.smtp import SmtpNotifier
from shared.errors import SettingsError
from shared.models.notification_models import Channel
from shared.queries.suppressions import Subject
from shared.unsubscribe import UnsubscribeLinks
from tests.integration.notifications.conftest import OpenOffice, cancelled, item_document
from tests.integration.notifications.test_channel_faults import end_pause
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import eventually

KEY = "a key of sixteen characters"


async def test_answers_go_to_the_address_of_the_settings(open_office: OpenOffice, smtp_server: SmtpServer) -> None:
    office = await open_office(smtp_server, smtp_reply_to="Help Desk <help@example.com>")
    await office.add_items("ada@example.com")
    await office.drain()
    assert smtp_server.messages[0].parsed["Reply-To"] == "Help Desk <help@example.com>"
    with pytest.raises(SettingsError, match="SMTP_REPLY_TO"):
        await open_office(smtp_server, smtp_reply_to="nobody")


async def test_one_click_unsubscribe_names_recipient_and_category(
    open_office: OpenOffice, smtp_server: SmtpServer
) -> None:
    office = await open_office(smtp_server, public_url="https://notify.example.com/", unsubscribe_key=KEY)
    await office.add_items("ada@example.com", category="news")
    await office.drain()
    message = smtp_server.messages[0].parsed
    url = str(message["List-Unsubscribe"]).strip("<>")
    assert url.startswith("https://notify.example.com/unsubscribe/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    links = UnsubscribeLinks("https://notify.example.com", KEY)
    assert links.subject(url.rpartition("/")[2]) == Subject(Channel.EMAIL, "ada@example.com", "news")


async def test_the_text_carries_the_same_link_whatever_the_variables_say(
    open_office: OpenOffice, smtp_server: SmtpServer
) -> None:
    office = await open_office(smtp_server, public_url="https://notify.example.com", unsubscribe_key=KEY)
    await office.add_template(text="Bye: {{ unsubscribe_url }}", html='<a href="{{ unsubscribe_url }}">Bye</a>')
    items = [item_document(name, f"{name}@example.com", variables={"unsubscribe_url": "x"}) for name in ("ada", "bob")]
    await office.db.notification_queue.insert_many(items)
    await office.drain()
    links = set()
    for message in smtp_server.messages:
        text, html = (part.get_content().strip() for part in message.parsed.iter_parts())
        url = str(message.parsed["List-Unsubscribe"]).strip("<>")
        assert (text, html) == (f"Bye: {url}", f'<a href="{url}">Bye</a>')
        links.add(url)
    assert len(links) == 2


async def test_without_links_in_the_settings_a_text_can_tell(open_office: OpenOffice, smtp_server: SmtpServer) -> None:
    office = await open_office(smtp_server)
    await office.add_template(text="Bye{% if unsubscribe_url %}: {{ unsubscribe_url }}{% endif %}")
    await office.db.notification_queue.insert_one(item_document("ada", "ada@example.com"))
    await office.drain()
    assert smtp_server.messages[0].parsed.get_content().strip() == "Bye"


async def test_answers_go_where_the_template_says_before_the_settings(
    open_office: OpenOffice, smtp_server: SmtpServer
) -> None:
    office = await open_office(smtp_server, smtp_reply_to="help@example.com")
    await office.add_template(replyTo="Sales, Paris <sales@example.com>")
    await office.add_template(version=2, _id="welcome:2", replyTo='"Sales, Paris" <sales@example.com>')
    items = [item_document(str(each), f"p{each}@example.com", templateVersion=each) for each in (1, 2)]
    await office.db.notification_queue.insert_many(items)
    await office.drain()
    [message] = smtp_server.messages
    assert message.parsed["Reply-To"] == '"Sales, Paris" <sales@example.com>'
    failed = await office.item("1")
    assert failed["state"] == "failed"
    assert "replyTo" in failed["lastError"]["message"]


@pytest.mark.parametrize(
    ("given", "item"),
    [
        ({"public_url": "https://notify.example.com"}, {}),
        ({"unsubscribe_key": KEY}, {}),
        ({"public_url": "https://notify.example.com", "unsubscribe_key": KEY}, {"scheduledNotificationId": None}),
    ],
    ids=["no key", "no address", "an alert"],
)
async def test_without_key_or_address_and_in_alerts_there_is_no_such_header(
    open_office: OpenOffice, smtp_server: SmtpServer, given: dict[str, Any], item: dict[str, Any]
) -> None:
    office = await open_office(smtp_server, **given)
    await office.add_items("ada@example.com", **item)
    await office.drain()
    assert not [name for name in smtp_server.messages[0].parsed if name.startswith("List-")]


async def test_over_plain_http_one_click_is_not_promised(open_office: OpenOffice, smtp_server: SmtpServer) -> None:
    office = await open_office(smtp_server, public_url="http://localhost:8000", unsubscribe_key=KEY)
    await office.add_items("ada@example.com")
    await office.drain()
    message = smtp_server.messages[0].parsed
    assert message["List-Unsubscribe"] is not None
    assert message["List-Unsubscribe-Post"] is None


async def test_messages_leave_no_faster_than_the_settings_allow(
    open_office: OpenOffice, smtp_server: SmtpServer
) -> None:
    office = await open_office(smtp_server, smtp_messages_per_second=0.01)
    await office.add_items(*(f"person{number}@example.com" for number in range(5)))
    run = asyncio.create_task(office.drain())
    await eventually(lambda: smtp_server.messages)
    await cancelled(run)
    assert len(smtp_server.messages) == 1
    assert [item["state"] for item in await office.items()].count("pending") == 4
    quick = await open_office(smtp_server, smtp_messages_per_second=1000, epoch=8)
    assert (await quick.drain()).counts["sent"] == 4


async def test_the_pace_is_the_channels_whoever_the_messages_are_of(
    open_office: OpenOffice, smtp_server: SmtpServer
) -> None:
    """Two notifications and an alert, and two jobs of the template that drain at the same time."""
    office = await open_office(smtp_server, smtp_messages_per_second=20)
    sources = ("wave", "other", None)
    await office.add_template()
    await office.db.notification_queue.insert_many(
        [
            item_document(f"m{n}", f"m{n}@example.com", scheduledNotificationId=sources[n % len(sources)])
            for n in range(15)
        ]
    )
    began = time.monotonic()
    reports = await asyncio.gather(office.drain(), office.drain())
    assert sum(report.counts["sent"] for report in reports) == 15
    assert time.monotonic() - began >= 10 / 20, "5 were saved up, 10 come one by one"


async def test_a_channel_that_rests_is_told_until_it_works_again(
    open_office: OpenOffice, smtp_server: SmtpServer
) -> None:
    office = await open_office(smtp_server)
    smtp_server.reply("MAIL", "530 5.7.0 Must authenticate", times=2)
    await office.add_items("ada@example.com")
    await office.drain()
    [told] = await office.db.scheduler_state.find({"_id": "channel:email"}).to_list()
    assert "530 5.7.0" in told["reason"]
    assert told["restsUntil"] > office.clock.now()
    end_pause(office)
    await office.drain()
    [still] = await office.db.scheduler_state.find({"_id": "channel:email"}).to_list()
    assert still["restsUntil"] > told["restsUntil"], "each pause is longer"
    end_pause(office)
    assert (await office.drain()).counts["sent"] == 1
    assert await office.db.scheduler_state.count_documents({"_id": "channel:email"}) == 0


async def test_an_email_carries_the_files_that_its_template_names(
    open_office: OpenOffice, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    (tmp_path / "prices.csv").write_bytes(b"a;b\r\n" * 100)
    office = await open_office(smtp_server, attachment_folder=tmp_path)
    await office.add_template(html="<p>Hello</p>", attachments=[{"path": "prices.csv", "name": "Preise für Ada.csv"}])
    await office.add_template(version=2, _id="welcome:2", attachments=[{"path": "gone.csv"}])
    await office.db.notification_queue.insert_many(
        [item_document("ada", "ada@example.com"), item_document("bob", "bob@example.com", templateVersion=2)]
    )
    await office.drain()
    [message] = smtp_server.messages
    parsed = message.parsed
    assert parsed.get_content_type() == "multipart/mixed"
    body, attached = parsed.iter_parts()
    assert [part.get_content_type() for part in body.iter_parts()] == ["text/plain", "text/html"]
    assert (attached.get_filename(), attached.get_content_type()) == ("Preise für Ada.csv", "text/csv")
    assert attached.get_content_disposition() == "attachment"
    assert attached.get_payload(decode=True) == b"a;b\r\n" * 100
    failed = await office.item("bob")
    assert failed["state"] == "failed"
    assert "attachments.0.path: gone.csv cannot be read" in failed["lastError"]["message"]


async def test_only_messages_whose_turn_is_near_hold_their_attachments(
    open_office: OpenOffice, smtp_server: SmtpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prices.csv").write_bytes(b"a;b")
    monkeypatch.setattr(smtp, "MARKS_AHEAD", 1)
    office = await open_office(smtp_server, attachment_folder=tmp_path, smtp_connections=2)
    await office.add_items(*(f"p{number}@example.com" for number in range(16)))
    await office.db.notification_templates.update_one({}, {"$set": {"attachments": [{"path": "prices.csv"}]}})
    held: list[int] = [0]
    compose, deliver = SmtpNotifier.compose, SmtpNotifier.deliver

    def composing(*given: Any) -> Any:
        held.append(held[-1] + 1)
        return compose(*given)

    async def delivering(*given: Any) -> str:
        reference = await deliver(*given)
        held.append(held[-1] - 1)
        return reference

    monkeypatch.setattr(SmtpNotifier, "compose", composing)
    monkeypatch.setattr(SmtpNotifier, "deliver", delivering)
    assert (await office.drain()).counts["sent"] == 16
    assert max(held) <= 2
