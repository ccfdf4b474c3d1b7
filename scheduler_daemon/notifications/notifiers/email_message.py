"""An e-mail as bytes. Built by hand: the standard library's EmailMessage costs more than sending the result.

7-bit throughout (quoted-printable where needed), so no server has to offer 8BITMIME. Only an address that has no ASCII
form makes a message that needs SMTPUTF8 (RFC 6531); its headers are then UTF-8.
"""

import re
import secrets
from binascii import b2a_qp
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import quote

from email_validator import EmailNotValidError, validate_email

from scheduler_daemon.notifications.attachments import Attached
from shared.errors import InvalidDefinition
from shared.rendering import RenderedEmail, one_line

_ADDRESS = re.compile(r"""[^\s<>@"(),:;\\\[\]\x00-\x1f\x7f]{1,64}@(\w([\w.-]*\w)?|\[[0-9A-Fa-f:.]+\])""")
_LONGEST_ADDRESS = 320
_MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,250}>")
_ATOMS = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")
_ASCII_SUBJECT = re.compile(r"(?!.*=\?)[\x20-\x7e]{0,200}")
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_SEVEN_BIT = re.compile(rb"[\t\x20-\x7e\n]*")
_LONGEST_LINE = 900
_HEADER_LINE = 76


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address as it goes on the wire, with the name beside it."""

    address: str
    name: str = ""

    @property
    def needs_smtputf8(self) -> bool:
        return not self.address.isascii()


@dataclass(frozen=True, slots=True)
class ComposedEmail:
    """Envelope and content of one e-mail."""

    sender: str
    recipient: str
    content: bytes
    needs_smtputf8: bool
    record: Mapping[str, Any] = field(default_factory=dict)
    """Nothing that the delivery record would keep."""


@dataclass(frozen=True, slots=True)
class HeaderOptions:
    """Headers that not every e-mail has. one_click: the link obeys a POST without a question (RFC 8058)."""

    reply_to: Mailbox | None = None
    unsubscribe_url: str | None = None
    one_click: bool = False

    def lines(self) -> list[str]:
        found = []
        if self.reply_to is not None:
            found.append(f"Reply-To: {_address_header(self.reply_to)}")
        if self.unsubscribe_url is not None:
            found.append(f"List-Unsubscribe: <{self.unsubscribe_url}>")
            if self.one_click:
                found.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
        return found


NO_OPTIONS = HeaderOptions()


def mailbox(address: str, name: str = "", field: str = "recipient.address") -> Mailbox:
    """InvalidDefinition if nothing could be delivered to `address`. An international domain becomes its ASCII form."""
    if not address.isascii():
        address = _ascii_if_possible(address, field)
    if not _ADDRESS.fullmatch(address) or len(address) > _LONGEST_ADDRESS:
        raise InvalidDefinition(field, "not an e-mail address; write name@domain", "address")
    return Mailbox(address, one_line(name))


def parse_mailbox(text: str, field: str) -> Mailbox:
    """`Name <address>`, as a setting or a template holds it. field: where, for the fault."""
    name, address = parseaddr(text)
    return mailbox(address, name, field)


def compose_email(
    sender: Mailbox,
    recipient: Mailbox,
    rendered: RenderedEmail,
    message_id: str,
    at: datetime,
    options: HeaderOptions = NO_OPTIONS,
    attached: Sequence[Attached] = (),
) -> ComposedEmail:
    """InvalidDefinition if the message id cannot be a header."""
    if not _MESSAGE_ID.fullmatch(message_id):
        raise InvalidDefinition("messageId", "write <unique@domain>", "message_id")
    headers = [
        f"From: {_address_header(sender)}",
        f"To: {_address_header(recipient)}",
        f"Subject: {_text_header(rendered.subject, 'Subject')}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: {message_id}",
        "Auto-Submitted: auto-generated",
        *options.lines(),
        "MIME-Version: 1.0",
    ]
    body = _body(rendered)
    if attached:
        body = _multipart(b"mixed", [body, *map(_attachment, attached)])
    content = "\r\n".join(headers).encode() + b"\r\n" + body
    boxes = [box for box in (sender, recipient, options.reply_to) if box is not None]
    return ComposedEmail(sender.address, recipient.address, content, any(box.needs_smtputf8 for box in boxes))


def _ascii_if_possible(address: str, field: str) -> str:
    try:
        valid = validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as fault:
        raise InvalidDefinition(field, f"not an e-mail address: {fault}", "address") from None
    return valid.ascii_email or valid.normalized


def _body(rendered: RenderedEmail) -> bytes:
    parts = [
        _part(subtype, text)
        for subtype, text in (("plain", rendered.text), ("html", rendered.html))
        if text is not None
    ]
    return parts[0] if len(parts) == 1 else _multipart(b"alternative", parts)


def _multipart(subtype: bytes, parts: Sequence[bytes]) -> bytes:
    boundary = f"=_{secrets.token_hex(16)}".encode()
    lines = [b"Content-Type: multipart/", subtype, b'; boundary="', boundary, b'"\r\n\r\n']
    for part in parts:
        lines += [b"--", boundary, b"\r\n", part, b"\r\n"]
    return b"".join([*lines, b"--", boundary, b"--\r\n"])


def _attachment(attached: Attached) -> bytes:
    """Its name as RFC 2231 has it, which every character fits into."""
    name = quote(attached.name, safe="")
    head = (
        f"Content-Type: {attached.content_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n filename*=utf-8''{name}\r\n\r\n"
    )
    return head.encode() + attached.encoded


def _part(subtype: str, text: str) -> bytes:
    raw = _LINE_ENDS.sub("\n", text).encode(errors="replace")
    charset, encoding = b"us-ascii", b"7bit"
    if not _SEVEN_BIT.fullmatch(raw) or max(map(len, raw.split(b"\n"))) > _LONGEST_LINE:
        charset, encoding = b"utf-8", b"quoted-printable"
        raw = b2a_qp(raw, quotetabs=False, istext=True)
    raw = raw.replace(b"\n", b"\r\n")
    head = b"Content-Type: text/%s; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n"
    return head % (subtype.encode(), charset, encoding) + raw


def _address_header(box: Mailbox) -> str:
    if not box.name:
        return box.address
    if box.name.isascii() and "=?" not in box.name:
        if _ATOMS.fullmatch(box.name):
            return f"{box.name} <{box.address}>"
        quoted = box.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{box.address}>'
    return f"{_encoded_words(box.name, 'To')}\r\n <{box.address}>"


def _text_header(text: str, header: str) -> str:
    return text if _ASCII_SUBJECT.fullmatch(text) else _encoded_words(text, header)


def _encoded_words(text: str, header: str) -> str:
    return Header(text, "utf-8", maxlinelen=_HEADER_LINE, header_name=header).encode(linesep="\r\n")
