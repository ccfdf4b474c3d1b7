"""Which definitions a list or a bulk action is about, in which order. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from api.store.pages import contains
from shared.queries.keyset import Order

DefinitionSort = Literal["created", "-created", "name", "-name", "next", "-next"]

Condition = dict[str, Any]

_FIELDS = {"created": "createdAt", "name": "name", "next": "daemon.nextRun"}
SEEN: Condition = {"$expr": {"$eq": ["$plannedRevision", "$revision"]}}
"""The daemon has seen the newest revision: what it says of the definition holds."""
QUARANTINED: Condition = {"daemon.quarantine.at": {"$exists": True}, **SEEN}
ENDED: Condition = {"daemon.completed": True, **SEEN}


@dataclass(frozen=True, slots=True)
class DefinitionFilter(ABC):
    """name: part of it, in any case; None: whatever."""

    name: str | None = None

    @abstractmethod
    def conditions(self, now: datetime) -> Condition:
        """Of find()."""

    def order(self, sort: DefinitionSort | None) -> Order:
        """Unless told otherwise the newest first; what is searched by name comes in the order of names."""
        chosen = sort or ("name" if self.name is not None else "-created")
        return Order(_FIELDS[chosen.removeprefix("-")], descending=chosen.startswith("-"))

    def _named(self) -> list[Condition]:
        """Parts of names are found in the index `by_name`."""
        return [] if self.name is None else [{"name": contains(self.name)}]


def standing_in(state: str, standings: Sequence[tuple[str, Condition]]) -> Condition:
    """What has `state` as the first of these; what has none of them if it is not among them."""
    earlier: list[Condition] = []
    for name, condition in standings:
        if name == state:
            return {"$and": [condition, {"$nor": earlier}]} if earlier else condition
        earlier.append(condition)
    return {"$nor": earlier}


def in_force(pause: str, now: datetime) -> Condition:
    """pause: the field of one."""
    return {pause: {"$type": "object"}, "$or": [{f"{pause}.until": None}, {f"{pause}.until": {"$gt": now}}]}
