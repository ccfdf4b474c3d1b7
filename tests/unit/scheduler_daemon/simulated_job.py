"""One job under virtual time: its stored document, the people who change it, its runs, and what the planner wrote."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from scheduler_daemon.scheduling.planner import JobPlan, Planner
from shared.schedule.overlap import LiveRuns

Document = dict[str, Any]
Span = tuple[datetime, datetime]
MOST_LAG_MS = 2000


@dataclass(slots=True)
class Life:
    """Who lives how long, and fails how often."""

    duration: timedelta
    failure_rate: float = 0.0


@dataclass(slots=True)
class SimulatedJob:
    """rules: the schedules in force, each with the moment since when; rests: from when to when it was at rest."""

    document: Document
    life: Life
    random: random.Random
    rules: list[tuple[datetime, Document]]
    rests: list[Span] = field(default_factory=list)
    runs: list[Document] = field(default_factory=list)
    records: list[Document] = field(default_factory=list)
    deleted_at: datetime | None = None
    plans: int = 0
    _ends: list[datetime] = field(default_factory=list)
    _waiting: list[Document] = field(default_factory=list)
    _resting_since: datetime | None = None

    @property
    def daemon(self) -> Document:
        return self.document.setdefault("daemon", {})  # type: ignore[no-any-return]

    def live_through(
        self, planner: Planner, actions: Sequence[tuple[datetime, str, Any]], outages: Sequence[Span], end: datetime
    ) -> None:
        """From its creation to `end`. actions: in order, none within an outage or right after it."""
        now = self.document["createdAt"]
        self._plan(planner, now)
        for at, action, argument in [*actions, (end, "end", None)]:
            while (due := self.daemon.get("nextRun")) is not None and due <= at:
                now = max(now, due + timedelta(milliseconds=self.random.randrange(MOST_LAG_MS)))
                now = next((back for away, back in outages if away <= now < back), now)
                now = min(now, max(at, due))
                self._plan(planner, now)
                assert self.daemon.get("nextRun") != due, "the pass changed nothing"
            if action != "end":
                now = max(now, at)
                getattr(self, action)(now, argument)
                self._plan(planner, now)

    def edit(self, now: datetime, schedule: Document) -> None:
        self.rules.append((now, schedule))
        self._change(now, schedule=schedule, scheduleSince=now)
        self._revived(now)

    def rename(self, now: datetime, name: str) -> None:
        self._change(now, name=name)
        self._revived(now)

    def pause(self, now: datetime, until: datetime | None) -> None:
        self._resting_since = self._resting_since or now
        self._change(now, pause={"at": now, "until": until, "by": "ada"}, scheduleSince=now)
        if until is not None:
            self.rests.append((self._resting_since, until))
            self._resting_since = None

    def resume(self, now: datetime, _: None) -> None:
        self._change(now, pause=None, scheduleSince=now)
        self._revived(now)

    def delete(self, now: datetime, _: None) -> None:
        self.deleted_at = now
        self._change(now, deletedAt=now)

    def _change(self, now: datetime, **fields: Any) -> None:
        self.document |= {**fields, "revision": self.document["revision"] + 1, "updatedAt": now}
        self.document["plannedRevision"] = None

    def _revived(self, now: datetime) -> None:
        """A pause without end, or one that the job gave itself, is over."""
        if self._resting_since is not None:
            self.rests.append((self._resting_since, now))
            self._resting_since = None

    def _plan(self, planner: Planner, now: datetime) -> None:
        self._run_until(now)
        plan = planner.plan(self.document, LiveRuns(len(self._ends), len(self._waiting)), now)
        self.plans += 1
        assert plan.quarantine is None, plan.quarantine
        assert plan.seen["revision"] == self.document["revision"]
        assert plan.seen["daemon.nextRun"] == self.daemon.get("nextRun")
        before = self.daemon.get("cursor")
        self._write(plan)
        cursor, following = self.daemon.get("cursor"), self.daemon.get("nextRun")
        assert before is None or cursor >= before, "the cursor moved back"
        assert cursor is None or following is None or cursor < following
        if self.daemon.get("autoPaused") and self._resting_since is None:
            self._resting_since = now
        self._start(plan, now)

    def _write(self, plan: JobPlan) -> None:
        for path, value in plan.update["$set"].items():
            part, name = self._place(path)
            part[name] = value
        for path, count in plan.update.get("$inc", {}).items():
            part, name = self._place(path)
            part[name] = part.get(name, 0) + count
        self.runs += plan.runs
        self.records += plan.records

    def _place(self, path: str) -> tuple[Document, str]:
        part, names = self.document, path.split(".")
        for name in names[:-1]:
            part = part.setdefault(name, {})
        return part, names[-1]

    def _start(self, plan: JobPlan, now: datetime) -> None:
        if plan.drop_pending is not None:
            self._waiting.clear()
        if plan.cancel_running_of is not None:
            self._ends.clear()
        self._waiting += [run for run in plan.runs if run["waiting"]]
        self._ends += [self._end_after(now) for run in plan.runs if not run["waiting"]]
        self._release(now)

    def _run_until(self, now: datetime) -> None:
        while self._ends and (first := min(self._ends)) <= now:
            self._ends.remove(first)
            failed = self.random.random() < self.life.failure_rate
            self.daemon["consecutiveFailures"] = (self.daemon.get("consecutiveFailures") or 0) + 1 if failed else 0
            self._release(first)

    def _release(self, now: datetime) -> None:
        while self._waiting and len(self._ends) < self._waiting[0].get("width", 1):
            self._waiting.pop(0)
            self._ends.append(self._end_after(now))

    def _end_after(self, now: datetime) -> datetime:
        return now + self.life.duration * self.random.uniform(0.5, 1.5)
