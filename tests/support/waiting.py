"""Waiting for what another process does: polls a condition, always with a bound."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(predicate: Callable[[], Value], timeout: float = 10, *, message: str = "", every: float = 0.02) -> Value:
    """The first truthy value of `predicate`; AssertionError with `message` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout} s: {message or predicate}; last value: {value!r}")
        time.sleep(every)


async def eventually(
    predicate: Callable[[], Value],
    timeout: float = 10,  # noqa: ASYNC109 - a bound that ends in an assertion, not in a cancellation
    *,
    message: str = "",
) -> Value:
    """The same for a condition of this event loop: lets other tasks run between two looks."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout} s: {message or predicate}; last value: {value!r}")
        await asyncio.sleep(0.005)


def let_pass(seconds: float) -> None:
    """For faults only, which must strike at random moments: a test waits for a signal instead."""
    time.sleep(max(0.0, seconds))
