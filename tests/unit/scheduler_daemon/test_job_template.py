"""What plugin authors import."""

import math
from typing import Any, cast

import pytest

from scheduler_daemon.job_template import JobExecutionContext, Progress
from scheduler_daemon.job_templates.noop_template import NoopTemplate
from shared.clock import SystemClock
from tests.support.blocking_templates import BlockingTemplate
from tests.support.documents import MONDAY


@pytest.fixture
def told() -> list[Progress]:
    return []


@pytest.fixture
def context(told: list[Progress]) -> JobExecutionContext:
    nothing = cast(Any, None)
    return JobExecutionContext("run", "job", 1, MONDAY, nothing, nothing, SystemClock(), nothing, told.append)


def test_progress_is_told_as_numbers_and_a_bounded_text(context: JobExecutionContext, told: list[Progress]) -> None:
    context.progress(1)
    context.progress(2.5, 10, "a \udcff" + "x" * 1000)
    assert told[0] == Progress(1.0, None, "")
    assert (told[1].done, told[1].total, len(told[1].message)) == (2.5, 10.0, 500)
    assert told[1].message.startswith("a ?x")


@pytest.mark.parametrize(
    ("arguments", "fault", "name"),
    [
        (("1",), TypeError, "done"),
        ((True,), TypeError, "done"),
        ((None,), TypeError, "done"),
        ((math.nan,), ValueError, "done"),
        ((math.inf,), ValueError, "done"),
        ((10**400,), ValueError, "done"),
        ((-1,), ValueError, "done"),
        ((1, "2"), TypeError, "total"),
        ((1, math.nan), ValueError, "total"),
        ((1, 2, 3), TypeError, "message"),
    ],
)
def test_progress_that_means_nothing_is_refused_and_named(
    context: JobExecutionContext, told: list[Progress], arguments: tuple[Any, ...], fault: type[Exception], name: str
) -> None:
    with pytest.raises(fault, match=name):
        context.progress(*arguments)
    assert told == []


def test_a_plain_function_is_blocking() -> None:
    assert BlockingTemplate().is_blocking
    assert not NoopTemplate().is_blocking
