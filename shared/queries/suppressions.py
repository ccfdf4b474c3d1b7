"""Filters and documents of the suppression list. No I/O."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from shared.models.notification_models import Channel
from shared.models.suppressions import Suppression, SuppressionReason, folded, suppression_id

Filter = dict[str, Any]

BY_DAEMON = "daemon"


class Subject(NamedTuple):
    """What a message is asked about: where it goes, and of which category it is."""

    channel: Channel
    address: str
    category: str | None

    def identities(self) -> set[str]:
        """The entries that would keep the message back."""
        every = suppression_id(self.channel, self.address, None)
        return {every, suppression_id(self.channel, self.address, self.category)} if self.category else {every}


def keeping_back(subjects: Iterable[Subject]) -> Filter:
    """Every entry that keeps one of the messages back. Served by the index on `_id`."""
    return {"_id": {"$in": sorted(set().union(*(subject.identities() for subject in subjects)))}}


def new_entry(
    subject: Subject,
    reason: SuppressionReason,
    now: datetime,
    by: str,
    *,
    note: str = "",
    delivery_id: str | None = None,
) -> dict[str, Any]:
    """The document to insert, if it is not there yet."""
    return Suppression(
        id=suppression_id(*subject),
        channel=subject.channel,
        address=folded(subject.address),
        category=subject.category or None,
        reason=reason,
        note=note[:500],
        delivery_id=delivery_id,
        created_at=now,
        created_by=by,
        updated_at=now,
        updated_by=by,
    ).to_document()


def reason_shown(document: Any) -> str:
    """Why a message is kept back, in the words of its `lastError`."""
    category = document.get("category")
    of_what = f" of the category {category}" if category else ""
    return f"the address gets no messages{of_what}: {document.get('reason')}"
