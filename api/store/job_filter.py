"""Which jobs a list or a bulk action is about. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from api.store.definition_filter import ENDED, QUARANTINED, Condition, DefinitionFilter, in_force, standing_in

JobState = Literal["active", "paused", "completed", "quarantined"]


@dataclass(frozen=True, slots=True)
class JobFilter(DefinitionFilter):
    """None, or no labels: whatever. labels: all of them with these values."""

    template: str | None = None
    enabled: bool | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    state: JobState | None = None

    def conditions(self, now: datetime) -> Condition:
        """Of find(). Labels are found in their index, parts of names in `by_name`, quarantined jobs in theirs."""
        clauses = self._named()
        if self.template is not None:
            clauses.append({"template": self.template})
        if self.enabled is not None:
            clauses.append({"enabled": self.enabled})
        clauses += [_labelled(name, value) for name, value in self.labels.items()]
        if self.state is not None:
            clauses.append(_in_state(self.state, now))
        return {"$and": clauses} if clauses else {}


def _labelled(name: str, value: str) -> dict[str, Any]:
    if "." not in name:
        return {f"labels.{name}": {"$eq": value}}
    return {"$expr": {"$eq": [{"$getField": {"field": name, "input": "$labels"}}, {"$literal": value}]}}


def _in_state(state: JobState, now: datetime) -> Condition:
    resting = {"$or": [{"enabled": {"$ne": True}}, in_force("pause", now), in_force("daemon.autoPaused", now)]}
    return standing_in(state, [("quarantined", QUARANTINED), ("completed", ENDED), ("paused", resting)])
