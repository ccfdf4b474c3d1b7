"""How a benchmark's figures are judged and written."""

import pytest

from tests.benchmarks.figures import Bound, Figure, percentile, percentiles, written


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (1.0, 100.0), (0.0, 1.0), (0.001, 1.0)]
)
def test_a_percentile_is_the_smallest_value_that_the_share_does_not_exceed(share: float, expected: float) -> None:
    assert percentile([float(n) for n in range(1, 101)], share) == expected


def test_percentiles_of_one_value_are_that_value() -> None:
    assert percentiles([7.0]) == (7.0, 7.0, 7.0)


@pytest.mark.parametrize(
    ("ratio", "bound", "missed"),
    [
        (0.61, Bound(at_least=0.6), False),
        (0.59, Bound(at_least=0.6), True),
        (1.2, Bound(at_most=1.5), False),
        (1.6, Bound(at_most=1.5), True),
        (None, Bound(at_most=1.5), True),
        (9.0, None, False),
    ],
)
def test_a_ratio_beyond_its_bound_is_missed(ratio: float | None, bound: Bound | None, missed: bool) -> None:
    assert Figure("drain", "it", (1.0,), "runs/s", ratio, "raw", bound).missed is missed


def test_the_median_of_the_repetitions_counts_and_their_spread_is_shown() -> None:
    line = written(Figure("drain", "it", (900.0, 1200.0, 1000.0), "runs/s", 0.5, "raw", Bound(0.6)))
    assert "1,000 runs/s (900..1,200)" in line
    assert "MISSED" in line
