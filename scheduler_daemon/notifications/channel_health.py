"""Whether a channel can be used at all: after a fault of the channel itself it rests, ever longer."""

from datetime import datetime, timedelta

from shared.clock import Clock
from shared.schedule.backoff import retry_delay

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)


class ChannelHealth:
    """In memory only: a new process tries at once."""

    def __init__(self, channel: str, clock: Clock) -> None:
        self._channel = channel
        self._clock = clock
        self._faults = 0
        self._until = 0.0
        self.reason = ""

    @property
    def faults(self) -> int:
        """How many pauses in a row it had; 0: it works."""
        return self._faults

    @property
    def doubtful(self) -> bool:
        """The last thing that was heard is a fault: try one message before many."""
        return self._faults > 0

    @property
    def resting(self) -> bool:
        return self._faults > 0 and self._clock.monotonic() < self._until

    @property
    def rests_until(self) -> datetime | None:
        """When the channel is tried again; None if it is in use."""
        if not self.resting:
            return None
        return self._clock.now() + timedelta(seconds=self._until - self._clock.monotonic())

    def fault(self, reason: str) -> timedelta | None:
        """The pause that begins; None if one is under way, since faults of one moment count once."""
        if self.resting:
            return None
        self._faults += 1
        pause = retry_delay(self._faults, FIRST_PAUSE, LONGEST_PAUSE, self._channel)
        self._until = self._clock.monotonic() + pause.total_seconds()
        self.reason = reason
        return pause

    def works(self) -> None:
        """The provider answered about a message."""
        self._faults = 0
        self.reason = ""
