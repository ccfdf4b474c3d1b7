"""Whether the wall clock can be trusted: the server's clock decides, and a step counts before the next comparison."""

import pytest

from scheduler_daemon.scheduling.heartbeat import HeartbeatLoop
from scheduler_daemon.scheduling.leadership import Role
from shared.models.scheduler_state import Holder
from tests.support.clocks import ManualClock
from tests.support.documents import MONDAY


class Server:
    """The store: a clock of its own, and the last heartbeat."""

    def __init__(self):
        self.time = MONDAY
        self.problem = None

    async def server_time(self):
        return self.time

    async def beat(self, heartbeat):
        self.problem = heartbeat.problem


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def clock():
    return ManualClock(MONDAY)


@pytest.fixture
def heartbeat(server, clock):
    holder = Holder(instance="i", host="h", pid=1, boot_id="b", version="1")
    return HeartbeatLoop(server, clock, holder, lambda: Role.LEADER, lambda: 0)


@pytest.mark.parametrize(("seconds", "trusted"), [(30, True), (31, False), (-30, True), (-31, False)])
async def test_a_clock_more_than_30_s_away_from_the_servers_is_not_trusted(heartbeat, server, clock, seconds, trusted):
    clock.step(seconds)
    await heartbeat.run_once()
    assert heartbeat.clock_is_trusted is trusted
    assert (server.problem is None) is trusted


@pytest.mark.parametrize("seconds", [31, -31, 10 * 365 * 86_400])
async def test_a_step_counts_before_the_next_comparison_and_until_it_is_taken_back(heartbeat, clock, seconds):
    await heartbeat.run_once()
    clock.step(seconds)
    assert not heartbeat.clock_is_trusted
    clock.step(-seconds)
    assert heartbeat.clock_is_trusted


async def test_a_step_that_was_compared_and_taken_back_is_trusted_at_once(heartbeat, clock):
    clock.step(3600)
    await heartbeat.run_once()
    clock.step(-3600)
    assert heartbeat.clock_is_trusted


async def test_time_that_passes_on_all_clocks_is_no_step(heartbeat, clock):
    await heartbeat.run_once()
    clock.advance(7200)
    assert heartbeat.clock_is_trusted
