"""Stored documents as the API would write them, for tests of the daemon."""

from datetime import UTC, datetime, timedelta
from typing import Any

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A moment to count from: 2026-11-23T09:00:00Z."""


def job_document(identity: str = "job-1", *, since: datetime = MONDAY, **changes: Any) -> dict[str, Any]:
    """A job every minute from `since` on, as inserted by the API; `changes` replaces top-level fields."""
    return {
        "_id": identity,
        "name": identity,
        "template": "noop",
        "params": {},
        "schedule": {"kind": "interval", "every": "1m"},
        "enabled": True,
        "labels": {},
        "policies": {},
        "revision": 1,
        "scheduleSince": since,
        "createdAt": since,
        "createdBy": "test",
        "updatedAt": since,
        "updatedBy": "test",
        **changes,
    }


def once(at: datetime) -> dict[str, Any]:
    """A schedule that fires at `at` only."""
    return {"kind": "once", "at": at.replace(tzinfo=None).isoformat(), "timezone": "UTC"}


def command_document(kind: str, at: datetime = MONDAY, **fields: Any) -> dict[str, Any]:
    """A command as inserted by the API."""
    identity = fields.pop("identity", f"command-{kind}-{fields.get('runId', '')}")
    return {"_id": identity, "kind": kind, "createdAt": at, "createdBy": "test", "handledAt": None, **fields}


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def calendar_document(identity: str = "holidays", **changes: Any) -> dict[str, Any]:
    """A calendar as inserted by the API: Christmas 2026, in UTC."""
    return {
        "_id": identity,
        "name": identity,
        "timezone": "UTC",
        "entries": [{"name": "Christmas", "first": "2026-12-25", "last": "2026-12-26"}],
        "revision": 1,
        "createdAt": MONDAY,
        "createdBy": "test",
        "updatedAt": MONDAY,
        "updatedBy": "test",
        **changes,
    }


def maintenance_document(**changes: Any) -> dict[str, Any]:
    """Maintenance mode, on since MONDAY, as written by the API."""
    return {
        "_id": "maintenance",
        "revision": 1,
        "active": True,
        "reason": "new disks",
        "since": MONDAY,
        "until": None,
        "updatedAt": MONDAY,
        "updatedBy": "test",
        **changes,
    }
