"""Which scheduled notifications a list or a bulk action is about. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from api.store.definition_filter import ENDED, QUARANTINED, SEEN, Condition, DefinitionFilter, in_force, standing_in

ScheduledState = Literal["active", "paused", "awaiting_approval", "completed", "quarantined"]
ListedState = Literal["active", "paused", "awaiting_approval", "completed", "quarantined", "cancelled"]

NOT_A_TEST: Condition = {"purpose": {"$ne": "test"}}
_DELETED: Condition = {"deletedAt": {"$type": "date"}}
_WAITS: Condition = {
    "$or": [{"approval": {"$type": "object"}, "approval.at": None}, {"daemon.needsApproval": {"$ne": None}, **SEEN}]
}


@dataclass(frozen=True, slots=True)
class ScheduledNotificationFilter(DefinitionFilter):
    """None: whatever. state: `cancelled` are the deleted ones, which no other list has. Never tests."""

    template_id: str | None = None
    state: ListedState | None = None

    def conditions(self, now: datetime) -> Condition:
        """Of find(). A template and quarantined ones have an index of their own, parts of names `by_name`."""
        clauses = [NOT_A_TEST, *self._named()]
        if self.template_id is not None:
            clauses.append({"templateId": self.template_id})
        if self.state == "cancelled":
            return {**_DELETED, "$and": clauses}
        if self.state is not None:
            clauses.append(_in_state(self.state, now))
        return {"$and": clauses}


def _in_state(state: ScheduledState, now: datetime) -> Condition:
    return standing_in(
        state,
        [
            ("quarantined", QUARANTINED),
            ("completed", ENDED),
            ("awaiting_approval", _WAITS),
            ("paused", in_force("pause", now)),
        ],
    )
