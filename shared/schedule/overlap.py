"""What becomes of a new occurrence while earlier runs of the same job are still alive."""

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
    """How many runs of a job have started or may start now, and how many wait behind them.

    past: of the active ones, those of a backfill. They hold others up, and nothing is skipped because of them.
    A backfill's waiting runs are not counted: they yield to every other run.
    """

    active: int
    waiting: int
    past: int = 0


NO_LIVE_RUNS = LiveRuns(0, 0)


def decide_overlap(policy: str, live: LiveRuns, most: int | None = None) -> Decision:
    """The decision for one more occurrence. policy: skip, queue_one, queue_all, allow:N or cancel_running.

    most: the job's maxConcurrent; it lets wait what `allow:N` lets in.
    """
    own = live.active - live.past
    if policy.startswith("allow:"):
        if own + live.waiting >= int(policy.removeprefix("allow:")):
            return Decision.SKIP
        return Decision.RUN if not live.waiting and live.active < width_of(policy, most) else Decision.WAIT
    if own == 0 and live.waiting == 0:
        return Decision.RUN if live.past == 0 else Decision.WAIT
    match policy:
        case "queue_one":
            return Decision.WAIT if live.waiting == 0 else Decision.SKIP
        case "queue_all":
            return Decision.WAIT if live.waiting < QUEUE_CAP else Decision.SKIP
        case "cancel_running":
            return Decision.REPLACE if live.waiting == 0 else Decision.SKIP
        case _:
            return Decision.SKIP


def width_of(policy: str, most: int | None) -> int:
    """How many runs of a job may be alive at once, a waiting one that starts included."""
    allowed = int(policy.removeprefix("allow:")) if policy.startswith("allow:") else 1
    return allowed if most is None else min(allowed, most)
