"""How long to wait before the next attempt."""

import hashlib
from datetime import timedelta

from shared.clock import MILLISECOND

_SPREAD_DIVISOR = 4
_MOST_DOUBLINGS = 64
"""Even 1 ms doubled so often is over any `longest`."""


def retry_delay(attempt: int, first: timedelta, longest: timedelta, key: str) -> timedelta:
    """first x 2^(attempt-1), plus up to a quarter that depends on key and attempt only, never over `longest`.

    attempt: the number of the attempt that failed, from 1.
    """
    doubled = min(longest, first) // MILLISECOND
    for _ in range(min(attempt - 1, _MOST_DOUBLINGS)):
        doubled *= 2
    digest = hashlib.blake2b(f"{key}:{attempt}".encode(), digest_size=4).digest()
    spread = doubled * int.from_bytes(digest, "big") // (_SPREAD_DIVISOR << 32)
    return min(longest // MILLISECOND, doubled + spread) * MILLISECOND
