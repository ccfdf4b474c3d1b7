"""Messages whose scheduled notification rests: put aside when their turn comes, brought back by a change. No I/O.

A held message stays `pending` or `retry_wait`; its sendAfter is the end of the pause, and heldFrom keeps the real one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.clock import LAST_MOMENT
from shared.queries.notifications import WAITING_STATES, waiting_messages_of

Filter = dict[str, Any]
Update = dict[str, Any]

SHOWN = {"pause": 1, "deletedAt": 1, "revision": 1}


def resting(source_ids: Sequence[str]) -> Filter:
    """Those of these scheduled notifications that may rest. Served by the index on `_id`."""
    return {"_id": {"$in": list(source_ids)}, "$or": [{"pause": {"$ne": None}}, {"deletedAt": {"$ne": None}}]}


def held_until(source: Mapping[str, Any], now: datetime) -> datetime | None:
    """Until when its pause holds messages; None: it does not. A pause that cannot be read lasts until it is mended."""
    pause = source.get("pause")
    if pause is None:
        return None
    until = pause.get("until") if isinstance(pause, Mapping) else None
    if not isinstance(until, datetime):
        return LAST_MOMENT
    return min(until, LAST_MOMENT) if until > now else None


def still_resting(source: Mapping[str, Any]) -> Filter:
    """Holds while nobody has changed the scheduled notification."""
    return {"_id": {"$eq": source["_id"]}, "revision": {"$eq": source.get("revision")}}


def has_held(word: str) -> Update:
    """The mark on the scheduled notification: there may be messages to bring back. It is never taken off.

    word: a new one each time. An update that changes nothing would be no write, and exclude nobody.
    """
    return {"$set": {"messagesHeld": word}}


def held(until: datetime) -> list[Update]:
    """Puts a message aside."""
    return [{"$set": {"heldFrom": {"$ifNull": ["$heldFrom", "$sendAfter"]}, "sendAfter": until}}]


def held_messages_of(source_id: str) -> Filter:
    """What was put aside. Served by the index by_source."""
    return {**waiting_messages_of(source_id), "heldFrom": {"$type": "date"}}


def released() -> list[Update]:
    """Brings a message back: it is due from when it was, and is judged again when its turn comes."""
    return [{"$set": {"sendAfter": "$heldFrom"}}, {"$unset": "heldFrom"}]


def is_held(message: Mapping[str, Any]) -> bool:
    return message.get("state") in WAITING_STATES and isinstance(message.get("heldFrom"), datetime)
