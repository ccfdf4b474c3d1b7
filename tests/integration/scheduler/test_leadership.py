"""The leader lease: one daemon acts, and a dead one is replaced without losing or doubling anything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scheduler_daemon.job_template import JobTemplate
from scheduler_daemon.scheduling.leadership import Role
from shared.errors import LeadershipLost
from tests.integration.scheduler.conftest import OpenBench
from tests.support.documents import MONDAY, job_document, once, seconds
from tests.support.workbench import Workbench

ONCE = once(MONDAY + seconds(1))


@pytest.fixture
async def standby(bench: Workbench, open_bench: OpenBench, tmp_path: Path) -> Workbench:
    """A second daemon, as if on another host: its lock file lies elsewhere."""
    return await open_bench(clock=bench.clock, daemon_runtime_folder=tmp_path / "other-host")


async def epoch_after(bench: Workbench, looks: int) -> int:
    """The epoch of the stored lease after this daemon looked so often: it grows when the lease is taken."""
    for _ in range(looks):
        await bench.daemon.leadership.run_once()
    lease = await bench.db.scheduler_state.find_one({"_id": "leader"})
    assert lease is not None
    return int(lease["epoch"])


async def test_only_one_of_two_daemons_leads(bench: Workbench, standby: Workbench):
    for _ in range(5):
        bench.clock.advance(10)
        await bench.daemon.leadership.run_once()
        assert await epoch_after(standby, 1) == 1


async def test_a_silent_leader_is_replaced_after_the_ttl_of_ones_own_clock(bench: Workbench, standby: Workbench):
    await epoch_after(standby, 1)
    bench.clock.advance(29)
    assert await epoch_after(standby, 1) == 1
    bench.clock.advance(2)
    await standby.lead()
    with pytest.raises(LeadershipLost):
        await bench.daemon.leadership.run_once()
    assert bench.daemon.leadership.role is Role.STANDBY


async def test_a_released_lease_is_taken_at_once(bench: Workbench, standby: Workbench):
    await bench.daemon.leadership.release()
    await standby.lead()


async def test_on_the_same_host_the_lock_file_proves_that_the_leader_is_gone(bench: Workbench, open_bench: OpenBench):
    neighbour = await open_bench(clock=bench.clock)
    assert await epoch_after(neighbour, 2) == 1
    _die(bench)
    await neighbour.lead()


async def test_another_hosts_lock_file_proves_nothing(bench: Workbench, standby: Workbench):
    _die(bench)
    assert await epoch_after(standby, 1) == 1


def _die(bench: Workbench) -> None:
    """What the kernel does with a killed process: its locks are free."""
    import os

    lock = bench.daemon.leadership._host_lock
    assert lock._descriptor is not None
    os.close(lock._descriptor)


async def test_a_successor_ends_the_open_transactions_of_the_dead(bench: Workbench, standby: Workbench):
    session = bench.daemon.sessions[0]._live_session()
    await session.start_transaction()
    await bench.db.dynamic_jobs.insert_one(job_document("blocked"), session=session)
    await bench.daemon.leadership.release()
    await standby.lead()
    await standby.db.dynamic_jobs.insert_one(job_document("blocked"))  # would wait for the dead transaction
    assert await standby.db.dynamic_jobs.count_documents({}) == 1


@pytest.mark.parametrize(("template", "state"), [("held", "pending"), ("final", "interrupted")])
async def test_what_a_dead_leader_left_running_is_repeated_or_declared_interrupted(
    bench: Workbench, standby: Workbench, template: str, state: str
):
    await bench.db.dynamic_jobs.insert_one(job_document(template=template, schedule=ONCE))
    await bench.tick(1)
    await bench.until_running()
    await epoch_after(standby, 1)
    bench.clock.advance(31)
    await standby.lead()
    (run,) = await standby.runs()
    assert run["state"] == state
    if state == "pending":
        assert (run["token"], run["interruptions"], run["attempts"][0]["state"]) == (None, 1, "interrupted")
    else:
        assert run["expireAt"] is not None


async def test_a_replaced_leaders_late_outcome_changes_nothing(
    bench: Workbench, standby: Workbench, templates: dict[str, JobTemplate]
):
    await bench.db.dynamic_jobs.insert_one(job_document(template="held", schedule=ONCE))
    await bench.tick(1)
    await bench.until_running()
    await epoch_after(standby, 1)
    bench.clock.advance(31)
    await standby.lead()
    templates["held"].release.set()  # type: ignore[attr-defined]
    await bench.settle()
    assert await standby.states() == ["pending"]
    await standby.tick()
    await standby.settle()
    (run,) = await standby.runs()
    assert (run["state"], run["attempt"]) == ("succeeded", 2)


async def test_a_leader_that_could_not_renew_in_time_stops_by_itself(bench: Workbench):
    bench.clock.advance(21)
    with pytest.raises(LeadershipLost):
        await bench.daemon.leadership.run_once()
    with pytest.raises(LeadershipLost):
        _ = bench.daemon.leadership._fence.epoch


async def test_the_dead_man_timer_is_armed_for_less_than_the_ttl(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, settings: Callable[..., Any]
):
    armed: list[float] = []
    monkeypatch.setattr(bench.daemon.leadership._dead_man, "arm", armed.append)
    await bench.daemon.leadership.run_once()
    assert armed == [pytest.approx(20, abs=0.5)]
