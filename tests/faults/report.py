"""The figures of a fault run: a table for people, JSON for everybody else."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from tests.faults.checker import Verdict
from tests.faults.world import World


@dataclass(frozen=True, slots=True)
class Row:
    """One suite. other: violations of any other kind, the audit's among them. control: what the control found."""

    suite: str
    faults: int
    occurrences: int
    missing: int
    double: int
    overlapping: int
    other: int
    interrupted: int
    lag_p99_seconds: float
    take_over_max_seconds: float
    control: str
    seconds: int

    @classmethod
    def of(cls, suite: str, world: World, verdict: Verdict, control: list[str], seconds: float) -> Self:
        missing, double, overlapping = (verdict.count(kind) for kind in ("lost", "double", "overlap"))
        lags = verdict.lags
        return cls(
            suite=suite,
            faults=world.faults,
            occurrences=verdict.occurrences,
            missing=missing,
            double=double,
            overlapping=overlapping,
            other=len(verdict.violations) - missing - double - overlapping,
            interrupted=verdict.interrupted,
            lag_p99_seconds=round(lags[len(lags) * 99 // 100], 2) if lags else 0.0,
            take_over_max_seconds=round(max(world.take_overs, default=0.0), 2),
            control=", ".join(control) or "nothing!",
            seconds=round(seconds),
        )

    @classmethod
    def broken_off(cls, suite: str) -> Self:
        """A suite that did not come to its end counts as a fault of some other kind."""
        return cls(suite, 0, 0, 0, 0, 0, 1, 0, 0.0, 0.0, "broke off", 0)

    @property
    def passed(self) -> bool:
        return not (self.missing or self.double or self.overlapping or self.other) and self.control != "nothing!"

    def figures(self) -> dict[str, Any]:
        return asdict(self)


def table(rows: list[Row]) -> str:
    """Markdown, as docs/reliability.md has it."""
    names = list(rows[0].figures())
    lines = [names, ["---"] * len(names), *([str(value) for value in row.figures().values()] for row in rows)]
    return "\n".join("| " + " | ".join(name.replace("_", " ") for name in line) + " |" for line in lines)


def as_json(rows: list[Row], seed: int) -> str:
    return json.dumps(
        {"seed": seed, "at": datetime.now(UTC).isoformat(), "suites": [row.figures() for row in rows]}, indent=2
    )
