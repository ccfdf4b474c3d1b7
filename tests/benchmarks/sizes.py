"""How much each benchmark does: the full form, and a short one of a few minutes."""

from dataclasses import dataclass
from typing import NamedTuple

SPREAD, ALIGNED = "spread", "aligned"


class History(NamedTuple):
    """How much long use left behind. others: messages, people and audit entries, as many of each."""

    jobs: int
    runs: int
    others: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """Amounts and lengths. loads: (runs a second, spread over the second or aligned on it)."""

    drain_runs: int
    drain_pairs: int
    loads: tuple[tuple[int, str], ...]
    load_seconds: int
    raw_runs: int
    """Runs of the raw pipeline beside each load."""
    reactions: int
    idle_jobs: int
    idle_seconds: int
    idle_due: int
    pass_jobs: tuple[int, ...]
    passes: int
    recipients: int
    fan_outs: int
    emails: int
    email_pairs: int
    exported: int
    exports: int
    history: History
    """What the API and the web UI stand in front of."""
    short_history: History
    """What the first views with `history` are compared with."""
    first_views: int
    """Of each screen."""
    api_seconds: float
    """Of load on each route."""
    endurance_runs_per_second: int
    endurance_seconds: int


FULL = Sizes(
    drain_runs=10_000,
    drain_pairs=5,
    loads=(
        *((rate, SPREAD) for rate in (100, 500, 1_000, 2_000, 5_000)),
        *((rate, ALIGNED) for rate in (100, 500, 1_000, 2_000, 5_000)),
    ),
    load_seconds=30,
    raw_runs=5_000,
    reactions=50,
    idle_jobs=1_000_000,
    idle_seconds=30,
    idle_due=20,
    pass_jobs=(1_000, 10_000, 100_000, 1_000_000),
    passes=100,
    recipients=100_000,
    fan_outs=2,
    emails=3_000,
    email_pairs=3,
    exported=1_000_000,
    exports=2,
    history=History(jobs=100_000, runs=1_000_000, others=100_000),
    short_history=History(jobs=200, runs=1_000, others=200),
    first_views=7,
    api_seconds=4,
    endurance_runs_per_second=2_000,
    endurance_seconds=600,
)

QUICK = Sizes(
    drain_runs=3_000,
    drain_pairs=2,
    loads=((500, SPREAD), (1_000, SPREAD), (500, ALIGNED)),
    load_seconds=5,
    raw_runs=2_000,
    reactions=15,
    idle_jobs=20_000,
    idle_seconds=8,
    idle_due=5,
    pass_jobs=(1_000, 10_000),
    passes=40,
    recipients=10_000,
    fan_outs=1,
    emails=500,
    email_pairs=1,
    exported=100_000,
    exports=1,
    history=History(jobs=5_000, runs=20_000, others=5_000),
    short_history=History(jobs=200, runs=1_000, others=200),
    first_views=3,
    api_seconds=1,
    endurance_runs_per_second=500,
    endurance_seconds=20,
)
