"""What is later than it should be, seen from outside the daemon. Pure filters; an index serves each."""

from datetime import datetime
from typing import Any

Filter = dict[str, Any]

_NOT_DELETED: Filter = {"deletedAt": {"$not": {"$type": "date"}}}


def definitions(before: datetime) -> Filter:
    """Jobs or scheduled notifications that fell due before `before` and do not rest. Index `due`."""
    return {"daemon.nextRun": {"$lt": before}, **in_use(before)}


def in_use(at: datetime) -> Filter:
    """Neither deleted nor laid to rest by a person.

    A pause that the daemon has not planned yet counts from the moment it was stored.
    """
    resting = [
        {"enabled": False},
        {"pause.at": {"$type": "date"}, "pause.until": None},
        {"pause.until": {"$gt": at}},
    ]
    return {**_NOT_DELETED, "$nor": resting}
