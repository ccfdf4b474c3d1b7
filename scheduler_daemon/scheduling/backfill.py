"""Past occurrences that a person wants run: which ones, and how they queue up."""

from collections.abc import Collection, Sequence
from datetime import datetime

import bson

from scheduler_daemon.store.transactions import MOST_BYTES, MOST_DOCUMENTS
from shared.clock import to_milliseconds
from shared.models.commands import Command, PastRange
from shared.models.jobs import Job
from shared.models.policies import BACKFILL_PRIORITY
from shared.models.runs import backfill_run_id
from shared.queries.run_documents import RunDocument, new_run, waits
from shared.schedule.overlap import width_of


def backfill_runs(
    job: Job,
    command: Command,
    past: PastRange,
    moments: Sequence[datetime],
    settled: Collection[datetime],
    now: datetime,
) -> list[RunDocument]:
    """The runs to insert, waiting. settled: moments of which a run has succeeded or is alive; left out unless `again`.

    They yield to every other run: the lowest priority, behind whatever else waits.
    """
    width = width_of(past.overlap, job.policies.max_concurrent) if past.overlap != "queue_all" else 1
    return [
        waits(
            new_run(
                job,
                identity=backfill_run_id(job.id, command.id, to_milliseconds(moment)),
                trigger="backfill",
                scheduled_for=moment,
                now=now,
                created_by=command.created_by,
                params=command.params,
                priority=BACKFILL_PRIORITY,
            ),
            width,
        )
        for moment in moments
        if past.again or moment not in settled
    ]


def in_portions(runs: Sequence[RunDocument]) -> list[list[RunDocument]]:
    """The runs in portions that fit into one transaction each; at least one portion."""
    portions: list[list[RunDocument]] = [[]]
    size = 0
    for run in runs:
        bytes_of_run = len(bson.encode(run))
        if portions[-1] and (len(portions[-1]) >= MOST_DOCUMENTS or size + bytes_of_run > MOST_BYTES):
            portions.append([])
            size = 0
        portions[-1].append(run)
        size += bytes_of_run
    return portions
