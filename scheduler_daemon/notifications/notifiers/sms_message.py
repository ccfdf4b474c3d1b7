"""A short message: whom it goes to, and in how many segments the networks carry it (3GPP TS 23.038 and 23.040)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.errors import InvalidDefinition

Encoding = Literal["gsm7", "ucs2"]

_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Each takes two septets: the escape and itself."""
_SINGLE: Mapping[Encoding, int] = {"gsm7": 160, "ucs2": 70}
_CONCATENATED: Mapping[Encoding, int] = {"gsm7": 153, "ucs2": 67}
"""The header that joins the segments takes the rest."""
_BEYOND_BMP = 0xFFFF
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text travels: the alphabet, and how many segments (what a provider bills)."""

    encoding: Encoding
    count: int


@dataclass(frozen=True, slots=True)
class ComposedSms:
    """One short message. item_id: of the queue, so that a report about it finds it."""

    item_id: str
    message_id: str
    to: str
    text: str
    segments: Segments

    @property
    def record(self) -> Mapping[str, Any]:
        return {"segments": self.segments.count, "encoding": self.segments.encoding}


def segments_of(text: str) -> Segments:
    """One character outside of the GSM alphabet makes the whole text UCS-2. No character is cut by a segment's end."""
    if all(character in _GSM7 or character in _GSM7_EXTENSION for character in text):
        return _counted("gsm7", [2 if character in _GSM7_EXTENSION else 1 for character in text])
    return _counted("ucs2", [2 if ord(character) > _BEYOND_BMP else 1 for character in text])


def compose_sms(item_id: str, message_id: str, to: str, text: str, most_segments: int) -> ComposedSms:
    """InvalidDefinition if the number is not E.164, or the text is empty or too long."""
    if not _E164.fullmatch(to):
        raise InvalidDefinition("recipient.address", "not a phone number in E.164; write +33123456789", "address")
    text = text.replace("\r\n", "\n")
    if not text.strip():
        raise InvalidDefinition("sms", "the text is empty; check the template and its variables", "empty")
    segments = segments_of(text)
    if segments.count > most_segments:
        raise InvalidDefinition(
            "sms",
            f"the text needs {segments.count} segments ({segments.encoding}); at most {most_segments} are sent. "
            "Shorten it, or raise SMS_MAX_SEGMENTS",
            "too_large",
        )
    return ComposedSms(item_id, message_id, to, text, segments)


def _counted(encoding: Encoding, sizes: Iterable[int]) -> Segments:
    sizes = list(sizes)
    if sum(sizes) <= _SINGLE[encoding]:
        return Segments(encoding, 1)
    room, count, used = _CONCATENATED[encoding], 1, 0
    for size in sizes:
        if used + size > room:
            count, used = count + 1, 0
        used += size
    return Segments(encoding, count)
