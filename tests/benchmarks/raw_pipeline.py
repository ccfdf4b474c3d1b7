"""The baseline: the same documents and transactions with the bare driver, and nothing else.

One transaction per batch advances the cursors by compare-and-set, inserts the runs as running and touches the fence;
a second one finishes the runs. Two batches are in flight.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import AsyncMongoClient, InsertOne, UpdateOne
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.collections import CLIENT_OPTIONS
from shared.indexes import INDEXES
from tests.benchmarks.documents import due_job

BATCHES_IN_FLIGHT = 2
BATCH = 500
_TRANSACTION: dict[str, Any] = {"read_concern": ReadConcern("local"), "write_concern": WriteConcern("majority")}


async def drain(uri: str, database: str, count: int) -> float:
    """Runs a second of the raw pipeline over `count` due jobs, on a database that is dropped first.

    AssertionError unless every job ran exactly once.
    """
    async with _prepared(uri, database, count) as (client, db):
        batches = iter([[f"job-{n}" for n in range(at, min(at + BATCH, count))] for at in range(0, count, BATCH)])
        began = time.perf_counter()
        turn = asyncio.Lock()
        await asyncio.gather(*(_worker(client, db, batches, turn) for _ in range(BATCHES_IN_FLIGHT)))
        seconds = time.perf_counter() - began
        done = await db.job_runs.count_documents({"state": "succeeded"})
        assert done == count, f"the raw pipeline finished {done} of {count} runs"
        return count / seconds


async def claim_latencies(uri: str, database: str, batch: int, times: int) -> list[float]:
    """Milliseconds of each of `times` claiming transactions of `batch` jobs, after a warm-up; one after the other."""
    warm_up = 5
    async with _prepared(uri, database, batch * (times + warm_up)) as (client, db):
        taken: list[float] = []
        async with client.start_session(causal_consistency=False) as session:
            for n in range(times + warm_up):
                began = time.perf_counter()
                await _claim(db, session, [f"job-{each}" for each in range(n * batch, (n + 1) * batch)])
                taken.append((time.perf_counter() - began) * 1000)
        return taken[warm_up:]


@asynccontextmanager
async def _prepared(uri: str, database: str, count: int) -> AsyncIterator[tuple[Any, Any]]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, tz_aware=True, **CLIENT_OPTIONS)
    try:
        await client.drop_database(database)
        db = client[database]
        await create_indexes(db)
        now = datetime.now(UTC)
        await db.dynamic_jobs.insert_many([due_job(f"job-{n}", now) for n in range(count)])
        await db.scheduler_state.insert_one({"_id": "fence", "epoch": 1, "n": 0})
        yield client, db
    finally:
        await client.drop_database(database)
        await client.close()


async def create_indexes(db: Any) -> None:
    """The product's own, without the product's code."""
    for spec in INDEXES:
        options: dict[str, Any] = {"name": spec.name, "unique": spec.unique}
        if spec.partial is not None:
            options["partialFilterExpression"] = spec.partial
        if spec.expire_after_seconds is not None:
            options["expireAfterSeconds"] = spec.expire_after_seconds
        await db[spec.collection].create_index(list(spec.keys), **options)


async def _worker(client: Any, db: Any, batches: Any, turn: asyncio.Lock) -> None:
    async with client.start_session(causal_consistency=False) as session:
        for names in batches:
            async with turn:  # the fence admits one claiming transaction at a time
                runs = await _claim(db, session, names)
            await asyncio.gather(*(asyncio.create_task(_nothing()) for _ in runs))
            now = datetime.now(UTC)
            async with await session.start_transaction(**_TRANSACTION):
                await db.job_runs.bulk_write([_finish(run, now) for run in runs], ordered=False, session=session)


async def _claim(db: Any, session: Any, names: list[str]) -> list[dict[str, Any]]:
    jobs = await db.dynamic_jobs.find({"_id": {"$in": names}}).to_list()
    runs = [_run(job) for job in jobs]
    async with await session.start_transaction(**_TRANSACTION):
        advanced = await db.dynamic_jobs.bulk_write([_advance(job) for job in jobs], session=session)
        assert advanced.matched_count == len(names)
        await db.job_runs.bulk_write([InsertOne(run) for run in runs], session=session)
        await db.scheduler_state.update_one({"_id": "fence", "epoch": 1}, {"$inc": {"n": 1}}, session=session)
    return runs


async def _nothing() -> None:
    await asyncio.sleep(0)


def _advance(job: dict[str, Any]) -> UpdateOne:
    seen = {"_id": job["_id"], "revision": job["revision"], "daemon.nextRun": job["daemon"]["nextRun"]}
    return UpdateOne(seen, {"$set": {"daemon.nextRun": None, "daemon.cursor": job["daemon"]["nextRun"]}})


def _run(job: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "_id": f"{job['_id']}:1", "jobId": job["_id"], "scheduledFor": now, "state": "running", "token": "t",
        "epoch": 1, "attempt": 1, "params": {}, "priority": 0, "waiting": False, "createdAt": now, "startedAt": now,
    }  # fmt: skip


def _finish(run: dict[str, Any], now: datetime) -> UpdateOne:
    return UpdateOne(
        {"_id": run["_id"], "state": "running", "token": "t"},
        {"$set": {"state": "succeeded", "finishedAt": now, "durationMs": 1, "expireAt": now + timedelta(days=7)}},
    )
