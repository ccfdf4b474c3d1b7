"""A clock that stands still until a test moves it."""

import time
from datetime import datetime, timedelta


class ManualClock:
    """Wall and boot time move by advance() and step() only; monotonic time is real, as asyncio's own."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._boottime = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return time.monotonic()

    def boottime(self) -> float:
        return self._boottime

    def step(self, seconds: float) -> None:
        """Moves the wall clock alone, as a person or NTP does."""
        self._now += timedelta(seconds=seconds)

    def advance(self, seconds: float) -> datetime:
        """The new wall-clock moment."""
        self._now += timedelta(seconds=seconds)
        self._boottime += seconds
        return self._now
