"""A channel at fault rests, ever longer."""

from datetime import timedelta

from scheduler_daemon.notifications.channel_health import FIRST_PAUSE, LONGEST_PAUSE, ChannelHealth
from tests.support.documents import MONDAY


class Hands:
    """A clock whose monotonic time a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> object:
        return MONDAY + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    boottime = monotonic


def test_it_rests_ever_longer_up_to_a_bound_and_recovers_at_once() -> None:
    clock = Hands()
    health = ChannelHealth("email", clock)  # type: ignore[arg-type]
    pauses = []
    for _ in range(10):
        pause = health.fault("535")
        assert pause is not None
        assert health.resting
        assert health.rests_until == MONDAY + timedelta(seconds=clock.seconds) + pause
        pauses.append(pause)
        clock.seconds += pause.total_seconds()
        assert not health.resting
        assert health.doubtful
    assert FIRST_PAUSE <= pauses[0] <= FIRST_PAUSE * 1.25
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    health.works()
    assert (health.doubtful, health.rests_until, health.reason) == (False, None, "")


def test_faults_of_one_moment_count_once() -> None:
    health = ChannelHealth("email", Hands())  # type: ignore[arg-type]
    assert health.fault("refused") is not None
    assert health.fault("refused") is None
