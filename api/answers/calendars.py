"""The answer for a calendar."""

from collections.abc import Mapping
from typing import Any

from api.answers.owned import owned_answer
from shared.models.calendars import Calendar


def calendar_answer(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Never fails: a malformed one has its problem."""
    return owned_answer(stored, Calendar, ("name", "timezone", "entries"))
