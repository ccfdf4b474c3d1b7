"""A model of the state machine of runs: whatever happens in whatever order, the real updates keep to the table.

The updates are those that the daemon sends, on a real database; the oracle is TRANSITIONS and a few lines of model.
"""

from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from scheduler_daemon.job_template import JobResult
from scheduler_daemon.scheduling.outcome import (
    MOST_INTERRUPTIONS,
    Cancelled,
    Failed,
    Interrupted,
    Outcome,
    Retention,
    Returned,
    TimedOut,
    conclude,
)
from shared.models.jobs import Job
from shared.models.runs import LIVE, TERMINAL, TRANSITIONS, Run, RunState, manual_run_id
from shared.queries import runs as queries
from shared.queries.run_documents import Claim, new_run, waits
from tests.support.documents import MONDAY, job_document

RETENTION = Retention(timedelta(days=7), timedelta(days=30))
OUTCOMES: list[Outcome] = [
    Returned(JobResult.success("done")),
    Returned(JobResult.failure("no")),
    Returned(JobResult.failure("no", retryable=False)),
    Failed("ValueError", "bad"),
    Failed("KeyError", "bad"),
    TimedOut(5),
    Cancelled("a person"),
    Interrupted(repeat=True),
    Interrupted(repeat=False),
]
POLICIES: list[dict[str, Any]] = [
    {},
    {"retry": {"maxAttempts": 1}},
    {"retry": {"maxAttempts": 5, "backoff": "1s", "on": ["timed_out"]}},
    {"retry": {"exceptErrors": ["KeyError"]}, "startDeadline": "60s", "alerts": {"recipients": {"people": ["ada"]}}},
]
MOST_LIVE = 2
"""Few, so that the same run meets many events."""
CLAIM_FIELDS = ("token", "epoch", "instance", "startedAt")
Document = dict[str, Any]


class RunMachine(RuleBasedStateMachine):
    """Runs of one job; people, leaders and the clock do what they like."""

    job_id = "job-1"

    def __init__(self, runs: Collection[Document]) -> None:
        super().__init__()
        self.runs = runs
        self.runs.delete_many({})
        self.now, self.epoch, self.made, self.claims = MONDAY, 1, 0, 0
        self.known: dict[str, Document] = {}
        self.starts: dict[str, int] = {}
        self.held: list[Document] = []
        """Every attempt that was ever started, as its executor holds it, also those that were taken away."""

    @precondition(lambda self: sum(run["state"] in LIVE for run in self.known.values()) < MOST_LIVE)
    @rule(policies=st.sampled_from(POLICIES), waiting=st.booleans())
    def materialise(self, policies: Document, waiting: bool) -> None:
        self.made += 1
        job = Job.from_document(job_document(self.job_id, policies=policies))
        run = new_run(
            job,
            identity=manual_run_id(self.job_id, str(self.made)),
            trigger="schedule",
            scheduled_for=self.now,
            now=self.now,
        )
        self.runs.insert_one(waits(run, 1) if waiting else run)
        self.starts[run["_id"]] = 0

    @precondition(lambda self: self.known)
    @rule(data=st.data(), seconds=st.integers(0, 100))
    def claim(self, data: st.DataObject, seconds: int) -> None:
        """Also of runs that somebody else has claimed or ended meanwhile."""
        self.now += timedelta(seconds=seconds)
        chosen = data.draw(st.lists(st.sampled_from(self._newest()), min_size=1, unique=True))
        self.claims += 1
        token = f"token-{self.claims}"
        self._update(queries.start(chosen, Claim(token, self.epoch, "a", self.now)))
        taken = list(self.runs.find({"token": token, "state": "running"}))
        may_start = {identity for identity in chosen if self.known[identity]["state"] == RunState.PENDING}
        assert {run["_id"] for run in taken} == may_start
        for run in taken:
            self.starts[run["_id"]] += 1
        self.held += taken

    @precondition(lambda self: self.held)
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES), seconds=st.integers(0, 100))
    def finish(self, data: st.DataObject, outcome: Outcome, seconds: int) -> None:
        """By the executor of any attempt, also of one whose claim was lost or whose end is recorded already."""
        self.now += timedelta(seconds=seconds)
        run = data.draw(st.sampled_from(self.held[-2 * MOST_LIVE :]))
        conclusion = conclude(run, outcome, self.now, RETENTION)
        before = self.known[run["_id"]]
        holds = (before["state"], before["token"]) == (RunState.RUNNING, run["token"])
        matched = self._update((queries.held_by(run["token"], run["_id"]), conclusion.update))
        assert matched == holds
        if holds and conclusion.state is RunState.RETRY_WAIT:
            assert run["attempt"] - run["interruptions"] < run["maxAttempts"]

    @rule(repeat=st.booleans())
    def take_over(self, repeat: bool) -> None:
        """A new leader reconciles what earlier ones left."""
        self.epoch += 1
        for run in list(self.runs.find(queries.of_dead_epoch(self.epoch))):
            conclusion = conclude(run, Interrupted(repeat), self.now, RETENTION)
            assert self._update((queries.held_by(run["token"], run["_id"]), conclusion.update))
        assert not self.runs.find_one({"state": "running"})

    @rule(seconds=st.integers(0, 10_000))
    def retries_fall_due(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self._update((queries.retry_due(self.now), queries.retry_again()))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        identity = data.draw(st.sampled_from(self._newest()))
        self._update((queries.still_waiting(identity), queries.released()))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def cancel_before_start(self, data: st.DataObject) -> None:
        identity = data.draw(st.sampled_from(self._newest()))
        self._update(queries.cancelled_before_start(identity, self.now, RETENTION.failure))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def too_late(self, data: st.DataObject) -> None:
        identity = data.draw(st.sampled_from(self._newest()))
        self._update(queries.too_late([identity], self.now, RETENTION.success))

    @precondition(lambda self: len(self.known) > 3 * MOST_LIVE)
    @rule()
    def pause_the_job(self) -> None:
        self._update(queries.not_started(self.job_id, "paused", self.now, RETENTION.success))

    @invariant()
    def every_change_keeps_to_the_table(self) -> None:
        after = {run["_id"]: run for run in self.runs.find({})}
        assert set(after) >= set(self.known), "a run is gone"
        for identity, run in after.items():
            self._check_shape(run)
            if identity in self.known:
                self._check_step(self.known[identity], run)
        self.known = after

    def _newest(self) -> list[str]:
        """Live ones, and a few that have ended."""
        made = list(self.starts)
        live = [identity for identity in made if self.known.get(identity, {}).get("state") in LIVE]
        return live + [identity for identity in made if identity in self.known and identity not in live][-MOST_LIVE:]

    def _check_step(self, before: Document, after: Document) -> None:
        was, is_now = RunState(before["state"]), RunState(after["state"])
        if was in TERMINAL:
            assert after == before, "a run that has ended was changed"
        if was is not is_now:
            assert is_now in TRANSITIONS[was], f"{was} -> {is_now}"
        started = (was, is_now) == (RunState.PENDING, RunState.RUNNING)
        assert after["attempt"] == before["attempt"] + started
        assert after["attempts"][: len(before["attempts"])] == before["attempts"], "history was rewritten"

    def _check_shape(self, run: Document) -> None:
        Run.from_document(run)
        state = RunState(run["state"])
        live = state in LIVE
        assert run["attempt"] == self.starts[run["_id"]]
        assert (run.get("expireAt") is None) is live
        assert (run.get("finishedAt") is None) is live
        if live:
            claimed = [run.get(name) is not None for name in CLAIM_FIELDS]
            assert claimed == [state is RunState.RUNNING] * len(CLAIM_FIELDS), run
        assert (run.get("nextAttemptAt") is not None) is (state is RunState.RETRY_WAIT)
        assert not run["waiting"] or state is RunState.PENDING
        numbers = [attempt["number"] for attempt in run["attempts"]]
        assert numbers == sorted(set(numbers)), "attempts must strictly increase"
        assert not numbers or numbers[-1] <= run["attempt"] - (state is RunState.RUNNING)
        interrupted = sum(attempt["state"] == RunState.INTERRUPTED for attempt in run["attempts"])
        assert run["interruptions"] == interrupted <= MOST_INTERRUPTIONS
        assert run["attempt"] - run["interruptions"] <= run["maxAttempts"] + (state is RunState.PENDING)

    def _update(self, change: tuple[Document, Document]) -> bool:
        return bool(self.runs.update_many(*change).matched_count)


@pytest.mark.timeout(120)
def test_whatever_happens_in_whatever_order_a_run_keeps_to_the_table_of_its_states(db: Database[Document]) -> None:
    # A majority write waits for the disk; what is tested here is no crash.
    runs = db.get_collection("job_runs", write_concern=WriteConcern(1, j=False), read_concern=ReadConcern("local"))
    run_state_machine_as_test(
        lambda: RunMachine(runs),
        settings=settings(
            max_examples=50,
            stateful_step_count=50,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
