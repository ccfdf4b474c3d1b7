"""A year of 1,000 jobs under virtual time: the pure planner, people who change jobs, outages, runs that take time.

Promise: every nominal instant of a rule in force, counted out by independent code, is one run or lies in exactly one
recorded skip.
"""

import random
from bisect import bisect_left, bisect_right
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from scheduler_daemon.job_templates.noop_template import NoopTemplate
from scheduler_daemon.scheduling.job_reader import JobReader
from scheduler_daemon.scheduling.planner import Planner
from shared.clock import cut_to_milliseconds
from shared.schedule.exclusions import NO_EXCLUSIONS
from shared.secrets_vault import Vault
from tests.support.documents import job_document
from tests.unit.scheduler_daemon.nominal_instants import length, nominal_instants
from tests.unit.scheduler_daemon.simulated_job import Life, SimulatedJob, Span

JOBS = 1000
START = datetime(2026, 1, 1, 0, 0, 7, tzinfo=UTC)
END = START + timedelta(days=365)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ZONES = [
    "UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago",
    "Africa/Cairo", "Pacific/Chatham", "Asia/Tehran", "America/St_Johns",
]  # fmt: skip
DAYS_OF_CRON = ["* * 1", "* * 1,4", "* * 0", "1 * *", "1,15 * *", "28,29,30,31 * *", "* 3,10,11 *", "* 4,9 0,6"]
OVERLAPS = ["skip", "queue_one", "queue_all", "allow:2", "cancel_running"]


def outages(chance: random.Random) -> list[Span]:
    """Eight, of ten minutes to four days, one in each of eight parts of the year."""
    part = (END - START) / 8
    found = []
    for number in range(8):
        away = START + part * number + 5 * DAY + (part - 15 * DAY) * chance.random()
        found.append((away, away + 10 * MINUTE + 4 * DAY * chance.random() ** 2))
    return found


def near_an_outage(chance: random.Random, away: list[Span]) -> dict[str, Any]:
    """A window of hours that reaches into an outage."""
    began, back = chance.choice(away)
    start, end = began - HOUR * chance.random(), min(back, began + 5 * HOUR) + HOUR * chance.random()
    return {"startAt": start.replace(microsecond=0), "endAt": cut_to_milliseconds(end)}


def schedule(chance: random.Random, away: list[Span]) -> dict[str, Any]:
    zone = chance.choice(ZONES)
    match chance.choices(["dates", "night", "hourly", "interval", "dense", "once"], [35, 18, 4, 30, 8, 5])[0]:
        case "dates":
            minutes = ",".join(map(str, sorted(chance.sample(range(60), chance.choice([1, 1, 2])))))
            expression = f"{minutes} {chance.randrange(24)} {chance.choice(DAYS_OF_CRON)}"
        case "night":  # where clocks change
            hour = chance.choice(["0", "1", "2", "3", "1,2"])
            expression = f"{chance.choice(['0,15,30,45', '30', '10,50'])} {hour} * 3,4,10,11 0"
        case "hourly":
            expression = f"{chance.randrange(60)} * * * *"
            return {"kind": "cron", "expression": expression, "timezone": zone, **near_an_outage(chance, away)}
        case "interval":
            return {"kind": "interval", "every": chance.choice(["26h", "3d", "100h", "11d", "4000m"])}
        case "dense":
            every = chance.choice(["1m", "90s", "7m", "45s"])
            return {"kind": "interval", "every": every, **near_an_outage(chance, away)}
        case _:
            at = START + (END - START) * chance.random()
            at = chance.choice([at, chance.choice(away)[0] + MINUTE]).replace(microsecond=0, tzinfo=None)
            return {"kind": "once", "at": at.isoformat(), "timezone": "UTC"}
    dst = {"gap": chance.choice(["next", "skip"]), "overlap": chance.choice(["first", "last", "both"])}
    return {"kind": "cron", "expression": expression, "timezone": zone, "dst": dst}


def policies(chance: random.Random) -> dict[str, Any]:
    misfire = {"policy": chance.choice(["latest", "all", "skip"]), "max": chance.choice([1, 5, 100])}
    chosen: dict[str, Any] = {"overlap": chance.choice(OVERLAPS), "misfire": misfire}
    if chance.random() < 0.2:
        chosen["pauseAfterFailures"] = 3
    return chosen


def actions(chance: random.Random, away: list[Span], *, edited: bool) -> list[tuple[datetime, str, Any]]:
    """What people do with one job, in order; nothing while the daemon is away."""
    span = END - START - 20 * DAY
    count = chance.choice([0, 1, 3, 5])
    moments = sorted(cut_to_milliseconds(START + DAY + span * chance.random()) for _ in range(count))
    found: list[tuple[datetime, str, Any]] = []
    free_from = START
    for at in moments:
        what = chance.choice(
            ["edit", "rename", "pause", "pause_until", "resume", "delete" if chance.random() < 0.2 else "rename"]
        )
        until = cut_to_milliseconds(at + 3 * DAY * chance.random())
        if at <= free_from or any(began - MINUTE <= when < back + HOUR for began, back in away for when in (at, until)):
            continue
        free_from = until
        match what:
            case "edit" if edited:
                found.append((at, "edit", schedule(chance, away)))
            case "pause":
                found += [(at, "pause", None), (until, "resume", None)]
            case "pause_until":
                found.append((at, "pause", until))
            case "delete":
                return [*found, (at, "delete", None)]
            case "resume":
                found.append((at, "resume", None))
            case _:
                found.append((at, "rename", f"renamed at {at}"))
    return found


def simulated(number: int, seed: int, away: list[Span], planner: Planner) -> SimulatedJob:
    chance = random.Random(f"{seed}:{number}")
    rule = schedule(chance, away)
    kind = chance.choice(["plain", "edited", "edited", "jitter", "limited"])
    if kind == "jitter":
        rule["jitter"] = chance.choice(["30s", "5m", "2h"])
    if kind == "limited":
        rule["maxRuns"] = chance.choice([1, 3, 20])
    document = job_document(f"job-{number}", since=START, schedule=rule, policies=policies(chance))
    duration = chance.choice([timedelta(seconds=1), timedelta(seconds=100), 10 * HOUR, 2 * DAY])
    job = SimulatedJob(document, Life(duration, chance.choice([0.0, 0.1, 0.9])), chance, [(START, rule)])
    job.live_through(planner, actions(chance, away, edited=kind == "edited"), away, END)
    return job


def expected(job: SimulatedJob) -> list[datetime]:
    """Every nominal instant that must have been decided on by the end."""
    until = job.deleted_at or END - length(job.document["schedule"].get("jitter", "0s"))
    if job._resting_since is not None:
        until = min(until, job._resting_since)  # what passes while it rests is recorded when it wakes
    most = job.document["schedule"].get("maxRuns")
    if most is not None and len(job.runs) >= most:
        until = min(until, job.runs[-1]["scheduledFor"])
    found: list[datetime] = []
    begins = [since for since, _ in job.rules] + [until]
    for (since, rule), ends in zip(job.rules, begins[1:], strict=True):
        if rule["kind"] == "once" and since != START:
            since -= MINUTE  # a moment that passed while the request was on its way still fires
        found += nominal_instants(rule, START, since, min(ends, until))
    return found


def decisions(job: SimulatedJob, nominal: list[datetime]) -> Counter[datetime]:
    """How often each instant was decided on. A span counts for each of the instants in it."""
    found = Counter(run["scheduledFor"] for run in job.runs)
    for record in job.records:
        span = record.get("span")
        if span is None:
            found[record["scheduledFor"]] += 1
            continue
        inside = nominal[bisect_left(nominal, span["from"]) : bisect_right(nominal, span["to"])]
        assert not inside or (inside[0] == span["from"] or inside[0] == nominal[0])
        if inside and inside[-1] == span["to"]:
            assert span["count"] == len(inside) if span["exact"] else span["count"] <= len(inside), (job.document, span)
        found.update(inside)
    return found


def check(job: SimulatedJob) -> None:
    nominal = sorted(set(expected(job)))
    found = decisions(job, nominal)
    story = (job.document["_id"], job.rules, job.rests, job.document["policies"])
    assert [at for at in nominal if found[at] == 0] == [], ("lost", story)
    assert [at for at, count in found.items() if count > 1] == [], ("twice", story)
    known = set(nominal)
    last = nominal[-1] if nominal else START
    strange = [
        run["scheduledFor"] for run in job.runs if run["scheduledFor"] <= last and run["scheduledFor"] not in known
    ]
    assert strange == [], ("no instant of the rule", story)
    moments = [run["scheduledFor"] for run in job.runs]
    assert all(before < after for before, after in pairwise(moments)), ("order", story)
    assert len({run["_id"] for run in [*job.runs, *job.records]}) == len(job.runs) + len(job.records), ("id", story)
    for began, ended in job.rests:
        assert [at for at in moments if began < at <= ended] == [], ("ran while at rest", story)
    if job.deleted_at is not None:
        assert [at for at in moments if at > job.deleted_at] == [], ("ran after its deletion", story)
    most = job.document["schedule"].get("maxRuns")
    assert most is None or len(job.runs) <= most, ("maxRuns", story)


@pytest.mark.parametrize("seed", [20261123])
def test_in_a_year_of_a_thousand_jobs_no_instant_is_lost_and_none_is_decided_on_twice(seed: int):
    planner = Planner(JobReader({"noop": NoopTemplate()}, Vault()), lambda _: NO_EXCLUSIONS, timedelta(days=7))
    away = outages(random.Random(seed))
    jobs = [simulated(number, seed, away, planner) for number in range(JOBS)]
    for job in jobs:
        check(job)
    reasons = Counter(record["reason"] for job in jobs for record in job.records)
    assert set(reasons) >= {"misfire", "overlap", "paused"}, reasons
    assert sum(len(job.runs) for job in jobs) > 10 * JOBS
    assert sum(bool(job.daemon.get("autoPaused")) for job in jobs) > 0
