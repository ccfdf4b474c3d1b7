"""How fast a channel may be used: a token bucket on the monotonic clock."""

from shared.clock import Clock

SAVED_UP_SECONDS = 0.25
UNLIMITED = 1_000_000


class Pace:
    """At most `per_second` messages a second; a quarter of a second's worth may be saved up. None: no limit."""

    def __init__(self, per_second: float | None, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._most = max(1.0, (per_second or 0.0) * SAVED_UP_SECONDS)
        self._saved = self._most
        self._counted_at = clock.monotonic()

    @property
    def limited(self) -> bool:
        return self._per_second is not None

    def ready(self) -> int:
        """How many messages may leave now."""
        if self._per_second is None:
            return UNLIMITED
        now = self._clock.monotonic()
        self._saved = min(self._most, self._saved + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        return int(self._saved + 1e-9)

    def take(self, count: int) -> None:
        """So many leave."""
        if self._per_second is not None:
            self._saved -= count

    def seconds_to_next(self) -> float:
        """Until ready() answers at least one."""
        if self._per_second is None or self.ready():
            return 0.0
        return (1 - self._saved) / self._per_second
