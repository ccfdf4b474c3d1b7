"""Runs are counted by the hour in which they ended."""

from shared.models.run_statistics import hour_id, hour_of
from tests.support.documents import MONDAY, job_document, seconds
from tests.support.workbench import Workbench


async def test_what_ended_is_counted_once_in_its_hour(bench: Workbench) -> None:
    await bench.lead()
    await bench.db.dynamic_jobs.insert_one(job_document())
    statistics = bench.daemon.statistics
    for _ in range(3):
        await bench.tick(60)
        await bench.settle()
    hour = hour_of(bench.clock.now())
    await statistics.run_once()
    await statistics.run_once()
    await bench.tick(3600)
    await bench.settle()
    await statistics.run_once()
    states = await bench.states()
    found = await bench.db.run_statistics.find().sort("_id", 1).to_list()
    assert found[0]["_id"] == hour_id(hour)
    assert found[0]["counts"] == {"succeeded": 3}
    assert sum(each["counts"]["succeeded"] for each in found) == states.count("succeeded")
    assert all(each["expireAt"] > MONDAY + seconds(86_400 * 34) for each in found)
