"""Which ends of runs somebody is told of. Pure.

A job is in trouble from its first failed run until the next good one. A cancelled run changes nothing; nor does an edit
or a resume, although both begin the count anew that pauses a job.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from scheduler_daemon.store.finishes import Finish
from shared.models.jobs import JobProgress, Trouble
from shared.models.policies import AlertEvent
from shared.models.runs import FAILURES, RunState


@dataclass(frozen=True, slots=True)
class RunNotice:
    """What is told of one run. trouble: with this failure in it, or the one that this success ended."""

    event: AlertEvent
    finish: Finish
    trouble: Trouble


def present_trouble(progress: JobProgress) -> Trouble | None:
    """The trouble of a job. A good run that nobody was to be told of has ended it as well."""
    if progress.last_run is not None and progress.last_run.state is RunState.SUCCEEDED:
        return None
    return progress.trouble


def notices_of(
    progress: JobProgress, finishes: Sequence[Finish], wanted: Container[AlertEvent]
) -> tuple[list[RunNotice], Trouble | None]:
    """What is told of runs of one job that end in this order, at most one notice each; and the trouble after them."""
    trouble, before = present_trouble(progress), progress.consecutive_failures
    notices: list[RunNotice] = []
    for finish in finishes:
        event: AlertEvent | None = None
        told = trouble
        if finish.state in FAILURES and finish.last_run is not None:
            first = trouble is None
            since = finish.last_run["finishedAt"] if trouble is None else trouble.since
            trouble = told = Trouble(since=since, failures=1 + (before if trouble is None else trouble.failures))
            if first and "failed" in wanted:
                event = "failed"
            elif "every_failure" in wanted:
                event = "every_failure"
        elif finish.state is RunState.SUCCEEDED:
            if trouble is not None and "recovered" in wanted:
                event = "recovered"
            trouble, before = None, 0
        if event is not None and told is not None and finish.is_told:
            notices.append(RunNotice(event, finish, told))
    return notices, trouble
