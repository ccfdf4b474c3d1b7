"""The base of everything that repeats: a name and run_once(). Waiting, errors and stopping live here only."""

import asyncio
from abc import ABC, abstractmethod

import structlog

from shared.errors import LeadershipLost, StoreUnavailable

log = structlog.get_logger(__name__)

_LONGEST_PAUSE_SECONDS = 10.0


class Loop(ABC):
    """Repeats run_once() until stop(). stop() before start, twice, or from run_once() is fine."""

    name: str

    def __init__(self) -> None:
        self._awake = asyncio.Event()
        self._stopped = asyncio.Event()
        self._failures = 0

    @abstractmethod
    async def run_once(self) -> float:
        """Does one piece of work; answers how many seconds may pass before the next, if nothing wakes the loop."""

    def wake(self) -> None:
        """Makes the loop look again soon. A hint: it carries nothing."""
        self._awake.set()

    def stop(self) -> None:
        """Ends the loop after the present run_once()."""
        self._stopped.set()
        self._awake.set()

    @property
    def stopping(self) -> bool:
        return self._stopped.is_set()

    async def run(self) -> None:
        """Runs until stop(). LeadershipLost ends it at once; any other error is logged and tried again later."""
        while not self.stopping:
            self._awake.clear()
            try:
                pause = await self.run_once()
                self._failures = 0
            except LeadershipLost:
                raise
            except Exception as fault:
                self._failures += 1
                pause = min(_LONGEST_PAUSE_SECONDS, 0.1 * 2 ** min(self._failures, 10))
                unavailable = isinstance(fault, StoreUnavailable)
                log.error(
                    "loop_failed", loop=self.name, error=str(fault), exc_info=not unavailable, pause_seconds=pause
                )
                await self._wait(self._stopped, pause)  # not cut short by wake(): a failing loop must not spin
            else:
                await self._wait(self._awake, pause)

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
