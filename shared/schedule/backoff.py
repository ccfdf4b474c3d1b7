"""How long to wait before the next attempt."""

import hashlib
from datetime import timedelta

from shared.clock import MILLISECOND

_SPREAD = 0.25


def retry_delay(attempt: int, first: timedelta, longest: timedelta, key: str) -> timedelta:
    """first x 2^(attempt-1), plus up to a quarter that depends on key and attempt only, never over `longest`.

    attempt: the number of the attempt that failed, from 1.
    """
    doubled = longest if attempt > 32 else min(longest, first * 2 ** (attempt - 1))
    digest = hashlib.blake2b(f"{key}:{attempt}".encode(), digest_size=4).digest()
    spread = int.from_bytes(digest, "big") / 2**32 * _SPREAD
    return min(longest, doubled * (1 + spread)) // MILLISECOND * MILLISECOND
