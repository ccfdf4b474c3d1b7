"""How much each benchmark does: the full form, and a short one of a few minutes."""

from dataclasses import dataclass

SPREAD, ALIGNED = "spread", "aligned"


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
    api_jobs: int
    api_runs: int
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
    api_jobs=100_000,
    api_runs=1_000_000,
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
    api_jobs=5_000,
    api_runs=20_000,
    api_seconds=1,
    endurance_runs_per_second=500,
    endurance_seconds=20,
)
