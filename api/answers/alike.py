"""The parts that many definitions have alike, read and written out once: policies, and schedules that repeat.

What is remembered follows from the stored bytes alone, so it is never outdated.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from bson import decode, encode
from bson.errors import BSONError
from pydantic import TypeAdapter, ValidationError

from api.answers.definitions import NamesOf, ids_as_names, rule
from shared.collections import CODEC_OPTIONS
from shared.models.policies import Policies
from shared.models.schedule import Schedule

MOST_REMEMBERED = 1024
LONGEST_REMEMBERED = 2000
"""Bytes as stored: whoever names thousands of recipients of alerts has policies like nobody else."""
_POLICIES: TypeAdapter[Policies] = TypeAdapter(Policies)
_SCHEDULE: TypeAdapter[Schedule] = TypeAdapter(Schedule)


class SchedulePart(NamedTuple):
    """A schedule, its JSON, and its rule in plain words with the calendars by their ids."""

    value: Schedule
    shown: dict[str, Any]
    rule: str

    def rule_with(self, names_of: NamesOf) -> str:
        """The rule with the calendars by their names."""
        return rule(self.value, names_of) if self.value.exclude_calendars else self.rule


class PoliciesPart(NamedTuple):
    """Policies and their JSON."""

    value: Policies
    shown: dict[str, Any]


def schedule_part(schedule: Schedule) -> SchedulePart:
    """Of a schedule that was read already."""
    return SchedulePart(schedule, schedule.model_dump(mode="json", by_alias=True), rule(schedule, ids_as_names))


def policies_part(policies: Policies) -> PoliciesPart:
    """Of policies that were read already."""
    return PoliciesPart(policies, policies.model_dump(mode="json", by_alias=True))


def with_parts(stored: Mapping[str, Any], **parts: SchedulePart | PoliciesPart | None) -> dict[str, Any]:
    """The document with these parts as they were read; None: as it is stored."""
    return {**stored, **{name: part.value for name, part in parts.items() if part is not None}}


def known_schedule(stored: Mapping[str, Any]) -> SchedulePart | None:
    """Of this document. None: it is malformed, or one moment, which hardly another definition has."""
    schedule = stored.get("schedule")
    if not isinstance(schedule, dict) or schedule.get("kind") == "once":
        return None
    key = _bytes_of(schedule)
    try:
        return None if key is None else _read_schedule(key)
    except ValidationError:
        return None


def known_policies(stored: Mapping[str, Any]) -> PoliciesPart | None:
    """Of this document. None: they are malformed, or long."""
    policies = stored.get("policies")
    key = _bytes_of(policies) if isinstance(policies, dict) else None
    try:
        return None if key is None else _read_policies(key)
    except ValidationError:
        return None


def _bytes_of(part: Mapping[str, Any]) -> bytes | None:
    try:
        key = encode(part)
    except (BSONError, OverflowError, UnicodeError, TypeError):
        return None  # nothing that was read from the database
    return key if len(key) <= LONGEST_REMEMBERED else None


@lru_cache(maxsize=MOST_REMEMBERED)
def _read_schedule(key: bytes) -> SchedulePart:
    return schedule_part(_SCHEDULE.validate_python(decode(key, codec_options=CODEC_OPTIONS)))


@lru_cache(maxsize=MOST_REMEMBERED)
def _read_policies(key: bytes) -> PoliciesPart:
    return policies_part(_POLICIES.validate_python(decode(key, codec_options=CODEC_OPTIONS)))
