"""What a person is told of a command, and what is written with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from scheduler_daemon.store.mongo import bytes_of
from scheduler_daemon.store.passes import HandledCommand
from shared.errors import DocumentRefused, StoreError
from shared.models.runs import SkipReason
from shared.queries.run_documents import RunDocument

log = structlog.get_logger(__name__)

KEEP_HANDLED = timedelta(days=7)


class Answer:
    """What the person is told, and the runs that are inserted together with the answer."""

    __slots__ = ("accepted", "detail", "runs", "skipped")

    def __init__(
        self,
        accepted: bool,
        detail: str,
        runs: Sequence[RunDocument] = (),
        skipped: tuple[str, SkipReason] | None = None,
    ) -> None:
        """skipped: the job that skipped one of the runs, and why."""
        self.accepted = accepted
        self.detail = detail
        self.runs = runs
        self.skipped = skipped

    def to(self, document: Mapping[str, Any], now: datetime) -> HandledCommand:
        """What is written for the command."""
        outcome = {"accepted": self.accepted, "detail": self.detail}
        update = {"$set": {"handledAt": now, "outcome": outcome, "expireAt": now + KEEP_HANDLED}}
        return HandledCommand(document["_id"], update, self.runs, self.skipped)


def refused(document: Mapping[str, Any], fault: StoreError) -> Answer:
    """For a run that the database does not take."""
    log.error("run_not_storable", command_id=str(document["_id"]), error=str(fault))
    return Answer(False, "the run cannot be stored")


def sized(document: Mapping[str, Any], answer: Answer) -> tuple[Answer, int]:
    """The answer, and how many bytes its runs have; a refusal if they cannot be stored."""
    try:
        return answer, sum(bytes_of(run) for run in answer.runs)
    except DocumentRefused as fault:
        return refused(document, fault), 0
