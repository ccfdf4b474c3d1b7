"""What a benchmark answers, and how it is judged: a ratio against something measured in the same run."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_GROWTH = 1.3
"""Of memory, when there is ten times as much to do."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a ratio must reach, or stay under."""

    at_least: float | None = None
    at_most: float | None = None

    def holds(self, ratio: float) -> bool:
        return (self.at_least is None or ratio >= self.at_least) and (self.at_most is None or ratio <= self.at_most)

    def __str__(self) -> str:
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    value: the median of `values`.  ratio: against `baseline`, which names what was measured beside it; with a bound it
    decides.  target: the absolute one, for information only.
    """

    measure: str
    what: str
    values: tuple[float, ...]
    unit: str
    ratio: float | None = None
    baseline: str = ""
    bound: Bound | None = None
    target: str = ""
    note: str = ""

    @property
    def value(self) -> float:
        return statistics.median(self.values)

    @property
    def missed(self) -> bool:
        return self.bound is not None and (self.ratio is None or not self.bound.holds(self.ratio))

    def to_json(self) -> dict[str, Any]:
        return {
            "measure": self.measure,
            "what": self.what,
            "value": rounded(self.value),
            "values": [rounded(value) for value in self.values],
            "unit": self.unit,
            "ratio": None if self.ratio is None else rounded(self.ratio),
            "baseline": self.baseline,
            "bound": None if self.bound is None else str(self.bound),
            "missed": self.missed,
            "target": self.target,
            "note": self.note,
        }


def paired_ratio(mine: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of what was measured side by side."""
    ratios = sorted(one / other for one, other in zip(mine, theirs, strict=True))
    return ratios[len(ratios) // 2]


def flat_memory(measure: str, what: str, peaks: Sequence[float], small: str, small_peak: float) -> Figure:
    """The greatest memory (PSS, MiB) beside that of `small`, a tenth of the work."""
    return Figure(
        measure, f"{what}: peak memory (PSS)", tuple(peaks), "MiB", max(peaks) / small_peak,
        f"{small} {small_peak:.0f} MiB", Bound(at_most=MOST_GROWTH), "flat",
    )  # fmt: skip


def rounded(value: float) -> float:
    """Three significant digits, whole numbers whole."""
    return round(value) if abs(value) >= 100 else float(f"{value:.3g}")


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the (sorted) values do not exceed."""
    return ordered[max(0, min(len(ordered) - 1, -int(-len(ordered) * share // 1) - 1))]


def percentiles(values: Sequence[float]) -> tuple[float, float, float]:
    """p50, p95, p99."""
    ordered = sorted(values)
    return percentile(ordered, 0.5), percentile(ordered, 0.95), percentile(ordered, 0.99)


def written(figure: Figure) -> str:
    """The figure as one line of text."""
    spread = ""
    if len(figure.values) > 1:
        spread = f" ({rounded(min(figure.values)):,}..{rounded(max(figure.values)):,})"
    verdict = "" if figure.bound is None else "MISSED" if figure.missed else "ok"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f} x {figure.baseline}"
    return " | ".join(
        (
            f"{figure.measure:9}",
            f"{figure.what:52}",
            f"{rounded(figure.value):>9,} {figure.unit + spread:26}",
            f"{ratio:40}",
            f"{'' if figure.bound is None else str(figure.bound):7}",
            f"{verdict:6}",
            f"{figure.target:12}",
            figure.note,
        )
    ).rstrip(" |")


HEAD = (
    f"{'measure':9} | {'what':52} | {'figure (smallest..largest)':36} | {'ratio, same run':40} | "
    f"{'needed':7} | {'':6} | {'absolute':12} | note"
)
