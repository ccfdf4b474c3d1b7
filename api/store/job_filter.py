"""Which jobs a list or a bulk action is about. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from api.store.pages import contains
from shared.queries.keyset import Order

JobState = Literal["active", "paused", "completed", "quarantined"]
JobSort = Literal["created", "-created", "name", "-name", "next", "-next"]

_FIELDS = {"created": "createdAt", "name": "name", "next": "daemon.nextRun"}
_SEEN = {"$expr": {"$eq": ["$plannedRevision", "$revision"]}}
"""The daemon has seen the newest revision: what it says of the job holds."""
_QUARANTINED = {"daemon.quarantine.at": {"$exists": True}, **_SEEN}
_ENDED = {"daemon.completed": True, **_SEEN}


@dataclass(frozen=True, slots=True)
class JobFilter:
    """None, or no labels: whatever. name: part of it, in any case. labels: all of them with these values."""

    template: str | None = None
    enabled: bool | None = None
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    state: JobState | None = None

    def conditions(self, now: datetime) -> dict[str, Any]:
        """Of find(). Labels are found in their index, parts of names in `by_name`, quarantined jobs in theirs."""
        clauses: list[dict[str, Any]] = []
        if self.template is not None:
            clauses.append({"template": self.template})
        if self.enabled is not None:
            clauses.append({"enabled": self.enabled})
        if self.name is not None:
            clauses.append({"name": contains(self.name)})
        clauses += [_labelled(name, value) for name, value in self.labels.items()]
        if self.state is not None:
            clauses.append(_in_state(self.state, now))
        return {"$and": clauses} if clauses else {}

    def order(self, sort: JobSort | None) -> Order:
        """Unless told otherwise the newest first; what is searched by name comes in the order of names."""
        chosen = sort or ("name" if self.name is not None else "-created")
        return Order(_FIELDS[chosen.removeprefix("-")], descending=chosen.startswith("-"))


def _labelled(name: str, value: str) -> dict[str, Any]:
    if "." not in name:
        return {f"labels.{name}": {"$eq": value}}
    return {"$expr": {"$eq": [{"$getField": {"field": name, "input": "$labels"}}, {"$literal": value}]}}


def _in_state(state: JobState, now: datetime) -> dict[str, Any]:
    resting = {"$or": [{"enabled": {"$ne": True}}, _in_force("pause", now), _in_force("daemon.autoPaused", now)]}
    match state:
        case "quarantined":
            return _QUARANTINED
        case "completed":
            return {"$and": [_ENDED, {"$nor": [_QUARANTINED]}]}
        case "paused":
            return {"$and": [resting, {"$nor": [_QUARANTINED, _ENDED]}]}
        case "active":
            return {"$nor": [_QUARANTINED, _ENDED, resting]}


def _in_force(pause: str, now: datetime) -> dict[str, Any]:
    return {pause: {"$type": "object"}, "$or": [{f"{pause}.until": None}, {f"{pause}.until": {"$gt": now}}]}
