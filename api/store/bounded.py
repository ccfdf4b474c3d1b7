"""Reads that may cost only so much: whoever asks does without the answer if it takes too long."""

from collections.abc import Callable
from typing import TypeVar

import pymongo
from pymongo.errors import PyMongoError

Result = TypeVar("Result")

READ_SECONDS = 2.0


def in_time(read: Callable[[], Result], seconds: float = READ_SECONDS) -> Result | None:
    """None: it took longer than that."""
    try:
        with pymongo.timeout(seconds):
            return read()
    except PyMongoError as fault:
        if not fault.timeout:
            raise
        return None
