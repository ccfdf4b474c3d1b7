"""The jobs that the benchmarks store."""

from datetime import datetime, timedelta
from typing import Any


def due_job(identity: str, due: datetime, template: str = "noop") -> dict[str, Any]:
    """A stored, planned job that falls due once, at the full second of `due`."""
    due = due.replace(microsecond=0)
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
