"""How soon the daemon does what another process asks: run now, cancel, an edit that makes a job due."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.clock import MILLISECOND, SystemClock
from tests.benchmarks.bench import Bench, Documents, say
from tests.benchmarks.documents import due_job, waiting_job
from tests.benchmarks.figures import Bound, Figure, percentiles
from tests.support.documents import command_document
from tests.support.waiting import wait_until

MOST_RATIO = 4.0
"""Against waking by a change stream and one majority write: the daemon reads, claims, and records."""
WARM_UP = 3
PAUSE_SECONDS = 0.05


def measure(bench: Bench) -> list[Figure]:
    """This process asks, the daemon's own moments in the run document answer."""
    count = bench.sizes.reactions
    with bench.database("reaction") as db, bench.daemon(db):
        now = SystemClock().now()
        total = count + WARM_UP
        db.dynamic_jobs.insert_many([waiting_job(f"now-{n}", now) for n in range(total)])
        db.dynamic_jobs.insert_many([waiting_job(f"long-{n}", now, params={"duration": "1h"}) for n in range(total)])
        db.dynamic_jobs.insert_many([waiting_job(f"edit-{n}", now) for n in range(total)])
        raw = [_raw(db, n) for n in range(total)][WARM_UP:]
        series: dict[str, Callable[[Documents, int], float]] = {
            "run now": _run_now,
            "cancel": _cancel,
            "edit": _edit,
        }
        answers = {name: [ask(db, n) for n in range(total)][WARM_UP:] for name, ask in series.items()}
    floor = percentiles(raw)[2]
    figures = [Figure("reaction", "raw: insert, change stream, insert: p99", (floor,), "ms")]
    for name, values in answers.items():
        p50, _, p99 = percentiles(values)
        say(f"reaction: {name} p50 {p50:.0f}, p99 {p99:.0f} ms")
        figures.append(
            Figure(
                "reaction", f"{name}, from another process: p99 of {count}", (p99,), "ms", p99 / floor,
                f"raw p99 {floor:.1f} ms", Bound(at_most=MOST_RATIO), "<= 25 ms", f"p50 {p50:.0f} ms",
            )
        )  # fmt: skip
    return figures


def _raw(db: Documents, number: int) -> float:
    """Milliseconds until an insert is seen in a change stream and answered with two majority writes."""
    with db.raw.watch(max_await_time_ms=1000) as stream:
        stream.try_next()
        began = time.perf_counter()
        db.raw.insert_one({"_id": number})
        while stream.try_next() is None:
            pass
        db.raw.update_one({"_id": number}, {"$set": {"seen": True}})
        db.raw.update_one({"_id": number}, {"$set": {"done": True}})
        return (time.perf_counter() - began) * 1000


def _run_now(db: Documents, number: int) -> float:
    """Until the no-op run has ended."""
    run_id = f"now-{number}:m:bench"
    asked = _command(db, "run", jobId=f"now-{number}", runId=run_id)
    return (_run(db, run_id, "succeeded")["finishedAt"] - asked) / MILLISECOND


def _cancel(db: Documents, number: int) -> float:
    """Until a running run has ended."""
    run_id = f"long-{number}:m:bench"
    _command(db, "run", jobId=f"long-{number}", runId=run_id)
    _run(db, run_id, "running")
    time.sleep(PAUSE_SECONDS)
    asked = _command(db, "cancel", runId=run_id)
    return (_run(db, run_id, "cancelled")["finishedAt"] - asked) / MILLISECOND


def _edit(db: Documents, number: int) -> float:
    """Until the no-op run of a job that was edited to be due now has ended."""
    identity = f"edit-{number}"
    asked = SystemClock().now()
    edited = due_job(identity, asked)
    change = {name: edited[name] for name in ("schedule", "scheduleSince")} | {"revision": 2, "updatedAt": asked}
    db.dynamic_jobs.update_one({"_id": identity}, {"$set": change, "$unset": {"plannedRevision": ""}})
    return (_run(db, {"$regex": f"^{identity}:"}, "succeeded")["finishedAt"] - asked) / MILLISECOND


def _command(db: Documents, kind: str, **fields: Any) -> datetime:
    """Stores a command; the moment just before."""
    time.sleep(PAUSE_SECONDS)  # the daemon is at rest
    asked = SystemClock().now()
    db.commands.insert_one(command_document(kind, asked, **fields))
    return asked


def _run(db: Documents, identity: Any, state: str) -> dict[str, Any]:
    """The run, once it is in `state`."""
    return wait_until(lambda: db.job_runs.find_one({"_id": identity, "state": state}), 30, every=0.005)  # type: ignore[return-value]
