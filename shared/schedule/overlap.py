"""What becomes of a new occurrence while earlier ones of the same job are still alive."""

from enum import StrEnum
from typing import NamedTuple

QUEUE_CAP = 100


class Decision(StrEnum):
    """run: may start now; wait: after the earlier ones; replace: wait and cancel the running; skip: recorded."""

    RUN = "run"
    WAIT = "wait"
    REPLACE = "replace"
    SKIP = "skip"


class LiveRuns(NamedTuple):
    """How many runs of a job have started or may start now, and how many wait behind them."""

    active: int
    waiting: int


def decide_overlap(policy: str, live: LiveRuns) -> Decision:
    """The decision for one more occurrence. policy: skip, queue_one, queue_all, cancel_running or allow:N."""
    if policy.startswith("allow:"):
        return Decision.RUN if live.active < int(policy.removeprefix("allow:")) else Decision.SKIP
    if live.active == 0 and live.waiting == 0:
        return Decision.RUN
    match policy:
        case "queue_one":
            return Decision.WAIT if live.waiting == 0 else Decision.SKIP
        case "queue_all":
            return Decision.WAIT if live.waiting < QUEUE_CAP else Decision.SKIP
        case "cancel_running":
            return Decision.REPLACE if live.waiting == 0 else Decision.SKIP
        case _:
            return Decision.SKIP
