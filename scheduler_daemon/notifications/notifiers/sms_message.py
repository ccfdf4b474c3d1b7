"""A short message: whom it goes to, what it says, and in how many segments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import InvalidDefinition
from shared.sms_segments import Segments, segments_of

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


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


def compose_sms(item_id: str, message_id: str, to: str, text: str, most_segments: int) -> ComposedSms:
    """InvalidDefinition if the number is not E.164, or the text is too long."""
    if not _E164.fullmatch(to):
        raise InvalidDefinition("recipient.address", "not a phone number in E.164; write +33123456789", "address")
    segments = segments_of(text)
    if segments.count > most_segments:
        raise InvalidDefinition(
            "sms",
            f"the text needs {segments.count} segments ({segments.encoding}); at most {most_segments} are sent. "
            "Shorten it, or raise SMS_MAX_SEGMENTS",
            "too_large",
        )
    return ComposedSms(item_id, message_id, to, text, segments)
