"""The jobs that the benchmarks store."""

from datetime import datetime, timedelta
from typing import Any


def due_job(identity: str, now: datetime, template: str = "noop") -> dict[str, Any]:
    """A stored, planned job that fell due once, two seconds ago."""
    due = (now - timedelta(seconds=2)).replace(microsecond=0)
    since = due - timedelta(seconds=30)
    return {
        "_id": identity,
        "name": identity,
        "template": template,
        "params": {},
        "schedule": {"kind": "once", "at": due.replace(tzinfo=None).isoformat(), "timezone": "UTC"},
        "enabled": True,
        "labels": {},
        "policies": {},
        "revision": 1,
        "scheduleSince": since,
        "createdAt": since,
        "createdBy": "benchmark",
        "updatedAt": since,
        "updatedBy": "benchmark",
        "plannedRevision": 1,
        "daemon": {"nextRun": due, "cursor": since},
    }
