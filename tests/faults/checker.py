"""Judges a fault test from the database and the journals alone. Its arithmetic is its own, not the product's."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from pymongo.database import Database

from shared.clock import from_milliseconds, to_milliseconds
from tests.faults.journal import Line, read_journals
from tests.faults.messages import judge_messages

Documents = Database[dict[str, Any]]

ONE_AT_A_TIME = ("skip", "queue_one", "queue_all", "cancel_running", "allow:1")
REPEATED_AFTER = {"interrupted", "failed", "timed_out"}
LIVE = {"pending", "running", "retry_wait"}
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise. kind: lost, double, overlap, unexplained, unfinished, unjournaled, unknown, zombie,
    skipped or audit."""

    kind: str
    what: str


@dataclass(slots=True)
class Attempt:
    """One execution as its journal tells it: from its first to its last sign of life."""

    run: str
    job: str
    nominal_ms: int
    number: int
    first: float
    last: float
    lag: float
    process: str
    ended: bool = False


@dataclass(slots=True)
class Verdict:
    """What the checker found, and the figures of the report."""

    violations: list[Violation] = field(default_factory=list)
    occurrences: int = 0
    skipped: int = 0
    attempts: int = 0
    interrupted: int = 0
    lags: list[float] = field(default_factory=list)

    def count(self, kind: str) -> int:
        return sum(each.kind == kind for each in self.violations)

    @property
    def kinds(self) -> set[str]:
        return {each.kind for each in self.violations}

    def told(self, most: int = 20) -> str:
        """For the message of an assertion: the rare kinds first, so that a flood of one does not hide another."""
        rest = len(self.violations) - most
        rare_first = sorted(self.violations, key=lambda each: self.count(each.kind))
        lines = [f"{each.kind}: {each.what}" for each in rare_first[:most]]
        return "\n".join(lines + ([f"and {rest} more"] if rest > 0 else []))


def check(db: Documents, journals: Path, until: datetime) -> Verdict:
    """until: every nominal time up to this moment must have been decided on."""
    verdict = Verdict()
    attempts = list(read_attempts(read_journals(journals)))
    runs = {run["_id"]: run for run in db.job_runs.find({"template": {"$in": ["journal", "journal_once"]}})}
    jobs = [job for job in db.dynamic_jobs.find({"template": {"$in": ["journal", "journal_once"]}}) if _is_sound(job)]
    verdict.attempts = len(attempts)
    verdict.lags = sorted(each.lag for each in attempts if each.number == 1)
    _check_commands(verdict, db, runs)
    _check_coverage(verdict, jobs, list(runs.values()), until)
    _check_runs(verdict, runs, attempts)
    _check_overlaps(verdict, {job["_id"]: job for job in jobs}, attempts)
    addressed, wrong = judge_messages(db)
    verdict.occurrences += addressed
    verdict.violations += [Violation(kind, what) for kind, what in wrong]
    _audit(verdict, db)
    return verdict


def read_attempts(lines: Iterable[Line]) -> Iterator[Attempt]:
    """The executions that the journals tell of. Each `start` begins another one, whatever its number says."""
    alive: dict[tuple[str, str, int], Attempt] = {}
    for line in lines:
        key = line.process, line.run, line.attempt
        if line.event == "start":
            alive[key] = Attempt(
                line.run, line.job, line.nominal_ms, line.attempt, line.at, line.at,
                line.wall - line.nominal_ms / 1000, line.process,
            )  # fmt: skip
            yield alive[key]
        else:
            alive[key].last = line.at
            alive[key].ended = alive[key].ended or line.event == "end"


def nominal_times(job: Mapping[str, Any], until: datetime) -> list[int]:
    """The nominal times of a job, in milliseconds, that had to be decided on by `until`."""
    schedule = job["schedule"]
    if schedule["kind"] == "once":
        at = datetime.fromisoformat(schedule["at"]).replace(tzinfo=UTC)
        return [to_milliseconds(at)] if at <= until else []
    every = _milliseconds(schedule["every"])
    anchor, since = to_milliseconds(schedule["anchor"]), to_milliseconds(job["scheduleSince"])
    last = to_milliseconds(min(until, schedule.get("endAt", until)))
    first = anchor + ((since - anchor) // every + 1) * every
    return list(range(first, last + 1, every))


def _missed(jobs: list[dict[str, Any]], runs: Iterable[Mapping[str, Any]]) -> Iterator[Violation]:
    """Spans that were left out as misfires although the job's policy says that all of them are to run."""
    all_of = {job["_id"] for job in jobs if job["policies"].get("misfire", {}).get("policy") == "all"}
    for run in runs:
        if run.get("span") and run.get("reason") == "misfire" and run["jobId"] in all_of:
            yield Violation("skipped", f"{run['jobId']} from {run['span']['from']} to {run['span']['to']}")


def _milliseconds(text: str) -> int:
    number = text.rstrip("msh")
    return round(float(number) * _UNITS[text[len(number) :]] * 1000)


def _is_sound(job: Mapping[str, Any]) -> bool:
    """Whether its coverage can be told from the document as it is now: it was never off."""
    resting = job.get("deletedAt") is not None or not job.get("enabled", True)
    kinds = isinstance(job.get("schedule"), dict) and job["schedule"].get("kind") in ("interval", "once")
    return not resting and kinds and job.get("labels", {}).get("checked") == "yes"


def _check_coverage(
    verdict: Verdict, jobs: list[dict[str, Any]], runs: list[Mapping[str, Any]], until: datetime
) -> None:
    """Every nominal time has exactly one run, or lies inside a recorded skip."""
    single: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for run in runs:
        if run["trigger"] != "schedule":
            continue
        if run.get("span"):
            spans[run["jobId"]].append((to_milliseconds(run["span"]["from"]), to_milliseconds(run["span"]["to"])))
        else:
            single[run["jobId"]][to_milliseconds(run["scheduledFor"])] += 1
    verdict.violations += _missed(jobs, runs)
    for job in jobs:
        expected = nominal_times(job, until)
        verdict.occurrences += len(expected)
        for at in expected:
            times = single[job["_id"]][at]
            if times > 1:
                verdict.violations.append(Violation("double", f"{_named(job['_id'], at)} has {times} runs"))
            elif not times and any(first <= at <= last for first, last in spans[job["_id"]]):
                verdict.skipped += 1
            elif not times:
                verdict.violations.append(Violation("lost", f"nothing is recorded for {_named(job['_id'], at)}"))


def _check_commands(verdict: Verdict, db: Documents, runs: Mapping[str, Any]) -> None:
    """What was accepted is there, and a deleted job has nothing that fell due later."""
    for command in db.commands.find({"kind": "run", "outcome.accepted": True}):
        if command["runId"] not in runs:
            verdict.violations.append(Violation("lost", f"{command['runId']} was accepted and does not exist"))
    deleted = {job["_id"]: job["deletedAt"] for job in db.dynamic_jobs.find({"deletedAt": {"$type": "date"}})}
    for run in runs.values():
        gone = run["trigger"] == "schedule" and run["scheduledFor"] > deleted.get(run["jobId"], run["scheduledFor"])
        if gone:
            verdict.violations.append(Violation("zombie", f"{run['_id']} fell due after its job was deleted"))


def _check_runs(verdict: Verdict, runs: Mapping[str, Mapping[str, Any]], attempts: list[Attempt]) -> None:
    """Runs have ended, and what they say of their attempts is what the journals say."""
    by_run: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_run[attempt.run].append(attempt)
    for identity, run in runs.items():
        verdict.interrupted += sum(each["state"] == "interrupted" for each in run.get("attempts", ()))
        if run["state"] in LIVE:
            verdict.violations.append(Violation("unfinished", f"{identity} is {run['state']}"))
        done = any(each.ended and each.number == run["attempt"] for each in by_run.get(identity, ()))
        if run["state"] == "succeeded" and not done:
            verdict.violations.append(Violation("unjournaled", f"{identity} succeeded and no journal tells of it"))
    for identity, found in by_run.items():
        if identity in runs:
            verdict.violations += _unexplained(runs[identity], found)
        else:
            verdict.violations.append(Violation("unknown", f"{identity} was executed and does not exist"))


def _unexplained(run: Mapping[str, Any], attempts: list[Attempt]) -> Iterator[Violation]:
    """A further attempt only after one that is known to have been interrupted, or to have failed."""
    history = {each["number"]: each["state"] for each in run.get("attempts", ())}
    numbers = [each.number for each in attempts]
    for number in sorted(set(numbers)):
        if numbers.count(number) > 1:
            yield Violation("double", f"attempt {number} of {run['_id']} was executed {numbers.count(number)} times")
        if number > run["attempt"]:
            yield Violation("unexplained", f"attempt {number} of {run['_id']} is not recorded")
        elif number < run["attempt"] and history.get(number) not in REPEATED_AFTER:
            yield Violation("unexplained", f"{run['_id']} went on after attempt {number} ({history.get(number)})")


def _check_overlaps(verdict: Verdict, jobs: Mapping[str, Mapping[str, Any]], attempts: list[Attempt]) -> None:
    """No two attempts of one occurrence at once; none of one job whose policy forbids it."""

    def exclusive(attempt: Attempt) -> tuple[str, str]:
        policies = jobs.get(attempt.job, {}).get("policies", {})
        scheduled = attempt.run == f"{attempt.job}:{attempt.nominal_ms}"
        one = attempt.job in jobs and scheduled and policies.get("overlap", "skip") in ONE_AT_A_TIME
        return attempt.job, "" if one else attempt.run

    for _, group in groupby(sorted(attempts, key=lambda each: (exclusive(each), each.first)), exclusive):
        former: Attempt | None = None
        for attempt in group:
            if former is not None and attempt.first < former.last:
                by = f"{former.last - attempt.first:.3f} s"
                verdict.violations.append(
                    Violation("overlap", f"{_told(former)} and {_told(attempt)} were alive together for {by}")
                )
            if former is None or attempt.last > former.last:
                former = attempt


def _audit(verdict: Verdict, db: Documents) -> None:
    from api.store.audit import run_audit

    now = datetime.now(UTC) + timedelta(milliseconds=1)
    for each in run_audit(db, now, expect_daemon=False):
        verdict.violations.append(Violation("audit", f"{each.check} {each.collection} {each.id}: {each.detail}"))


def _told(attempt: Attempt) -> str:
    return f"attempt {attempt.number} of {attempt.run} (process {attempt.process})"


def _named(job: str, at: int) -> str:
    return f"{job} at {from_milliseconds(at).isoformat()}"
