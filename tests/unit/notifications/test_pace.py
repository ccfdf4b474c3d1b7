"""A channel is never used faster than its pace."""

import pytest

from scheduler_daemon.notifications.pace import Pace
from shared.clock import SystemClock


class Hands(SystemClock):
    """A clock whose monotonic time a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> Hands:
    return Hands()


def sent_within(pace: Pace, clock: Hands, seconds: float, step: float) -> int:
    """How many leave if somebody asks every `step` seconds and sends all that may leave."""
    sent = 0
    for _ in range(round(seconds / step)):
        ready = pace.ready()
        pace.take(ready)
        sent += ready
        clock.advance(step)
    return sent


@pytest.mark.parametrize(("rate", "step"), [(0.5, 0.1), (1, 0.01), (3, 0.05), (10, 0.2), (100, 0.01), (1000, 0.1)])
def test_in_the_long_run_it_is_the_rate_and_never_more(clock: Hands, rate: float, step: float) -> None:
    pace = Pace(rate, clock)
    sent = sent_within(pace, clock, 60, step)
    assert rate * 60 * 0.9 <= sent <= rate * 60 + max(1, rate / 4)


def test_little_is_saved_up_while_nothing_is_sent(clock: Hands) -> None:
    pace = Pace(8, clock)
    clock.advance(3600)
    assert pace.ready() == 2


def test_it_says_when_the_next_one_may_leave(clock: Hands) -> None:
    pace = Pace(0.5, clock)
    assert pace.seconds_to_next() == 0
    pace.take(1)
    assert pace.seconds_to_next() == pytest.approx(2)
    clock.advance(pace.seconds_to_next())
    assert pace.ready() == 1


def test_without_a_rate_there_is_no_limit(clock: Hands) -> None:
    pace = Pace(None, clock)
    pace.take(pace.ready())
    assert pace.ready() > 500
    assert not pace.limited
