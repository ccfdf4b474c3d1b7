"""When a scheduled notification falls due: pure rules."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduler_daemon.notifications import progress
from shared.models.notification_models import LastOccurrence, ScheduledNotification
from tests.support.documents import MONDAY, once

HOURLY = {"kind": "interval", "every": "1h"}


def at(**delta: float) -> datetime:
    return MONDAY + timedelta(**delta)


def scheduled(**changes: Any) -> ScheduledNotification:
    return ScheduledNotification.model_validate(
        {
            "_id": "wave",
            "name": "wave",
            "templateId": "welcome",
            "templateVersion": 1,
            "channels": ["email"],
            "recipients": {"addresses": [{"email": "ada@example.com"}]},
            "schedule": HOURLY,
            "revision": 1,
            "scheduleSince": MONDAY,
            "createdAt": MONDAY,
            "createdBy": "test",
            "updatedAt": MONDAY,
            "updatedBy": "test",
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("changes", "next_run", "completed"),
    [
        ({}, at(hours=1), False),
        ({"schedule": once(at(seconds=-59))}, at(seconds=-59), False),
        ({"schedule": once(at(seconds=-60))}, None, True),
        ({"schedule": once(at(days=1))}, at(days=1), False),
        ({"schedule": {**HOURLY, "endAt": at(minutes=30)}}, None, True),
        ({"schedule": {**HOURLY, "maxRuns": 2}, "daemon": {"occurrencesQueued": 2}}, None, True),
        ({"schedule": {**HOURLY, "maxRuns": 3}, "daemon": {"occurrencesQueued": 2}}, at(hours=1), False),
        ({"daemon": {"cursor": at(hours=5)}}, at(hours=6), False),
        ({"daemon": {"cursor": at(hours=-5)}}, at(hours=1), False),
        ({"schedule": once(MONDAY), "daemon": {"cursor": MONDAY}}, None, True),
        ({"deletedAt": MONDAY}, None, False),
        ({"pause": {"at": MONDAY}}, None, False),
        ({"pause": {"at": MONDAY, "until": at(hours=2, minutes=30)}}, at(hours=3), False),
        ({"pause": {"at": MONDAY, "until": at(hours=2)}}, at(hours=2), False),
    ],
)
def test_planning(changes: dict[str, Any], next_run: datetime | None, completed: bool) -> None:
    planned = progress.planned(scheduled(**changes))
    assert (planned.next_run, planned.completed) == (next_run, completed)


def test_planning_lifts_a_quarantine_and_never_moves_the_cursor_back() -> None:
    quarantine = {"reason": "x", "at": MONDAY}
    planned = progress.planned(scheduled(daemon={"cursor": at(hours=3), "quarantine": quarantine}))
    assert (planned.quarantine, planned.cursor) == (None, at(hours=3))


@pytest.mark.parametrize(
    ("now", "changes", "occurrences", "skipped"),
    [
        (at(minutes=59), {}, [], 0),
        (at(hours=1), {}, [at(hours=1)], 0),
        (at(hours=3, minutes=1), {}, [at(hours=3)], 2),
        (at(hours=3, minutes=30), {}, [at(hours=3)], 2),
        (at(hours=3, minutes=30), {"expiresAfter": "20m"}, [], 3),
        (at(hours=1, minutes=20), {"expiresAfter": "20m"}, [], 1),
        (at(hours=30), {"schedule": {**HOURLY, "endAt": at(hours=2)}}, [], 2),
        (at(seconds=1), {"schedule": once(MONDAY)}, [MONDAY], 0),
        (at(hours=5), {"pause": {"at": MONDAY}}, [], 0),
        (at(hours=5), {"deletedAt": MONDAY}, [], 0),
        (at(hours=5), {"pause": {"at": MONDAY, "until": at(hours=5)}}, [at(hours=5)], 0),
        (at(hours=5), {"pause": {"at": MONDAY, "until": at(hours=4)}}, [at(hours=5)], 1),
        (at(hours=1), {"schedule": {**HOURLY, "maxRuns": 1}, "daemon": {"occurrencesQueued": 1}}, [], 0),
    ],
)
def test_what_is_due(now: datetime, changes: dict[str, Any], occurrences: list[datetime], skipped: int) -> None:
    due = progress.due_now(scheduled(**changes), now)
    assert (due.occurrences, due.skipped) == (occurrences, skipped)


def test_what_was_queued_is_counted_and_not_due_again() -> None:
    before = scheduled()
    due = progress.due_now(before, at(hours=2, minutes=30))
    last = LastOccurrence(scheduled_for=at(hours=2), queued_at=at(hours=2, minutes=30), queued=7)
    after = progress.advanced(before, due, last)
    assert (after.cursor, after.next_run) == (at(hours=2), at(hours=3))
    assert (after.occurrences_queued, after.occurrences_skipped, after.last_run) == (1, 1, last)
    again = scheduled(daemon=after.model_dump(by_alias=True))
    assert progress.due_now(again, at(hours=2, minutes=59)).occurrences == []


def test_the_next_moment_is_always_later_than_now() -> None:
    document = scheduled(schedule={"kind": "interval", "every": "1s", "jitter": "900ms"})
    now = MONDAY
    for _ in range(200):
        now += timedelta(milliseconds=370)
        due = progress.due_now(document, now)
        after = progress.advanced(document, due, None)
        assert after.next_run is not None
        assert after.next_run > now or due.cursor is None
        document = scheduled(schedule=document.schedule, daemon=after)
    assert document.daemon.occurrences_queued in (72, 73, 74)
