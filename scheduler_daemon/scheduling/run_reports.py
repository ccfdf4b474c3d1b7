"""Stores what attempts report, in groups: every second while they run, and what is left when they end."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from scheduler_daemon.scheduling.attempt_report import AttemptReport
from scheduler_daemon.scheduling.loop import Loop
from scheduler_daemon.store.group_commit import GroupCommit
from scheduler_daemon.store.run_logs import RunLogStore
from shared.clock import Clock
from shared.errors import StoreError
from shared.logging import LogLevel

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 1.0
LAST_FLUSH_SECONDS = 3.0
"""How long the end of a run waits for its last lines; less than a stop waits for the run."""
TRIES_AFTER_END = 60
SWEEP_SECONDS = 600.0
MOST_REPORTS = 100


class RunReports(Loop):
    """Opens a report for each attempt and makes durable what it holds. Whatever fails here fails no run."""

    name = "run_reports"

    def __init__(self, store: RunLogStore, clock: Clock, level: LogLevel, may_act: Callable[[], bool]) -> None:
        """level: of the structured log; may_act: this process leads, and mends what a crash left."""
        super().__init__()
        self._store = store
        self._clock = clock
        self._level = level
        self._may_act = may_act
        self._unsaved: set[AttemptReport] = set()
        self._ended: list[Any] = []
        self._sweep_at = 0.0
        # One group at a time: two writes of the same page must not overtake each other.
        self._group = GroupCommit[AttemptReport, None](self._write, most_items=MOST_REPORTS, most_in_flight=1)

    def open(self, run: dict[str, Any]) -> AttemptReport:
        """The report of an attempt that is about to begin."""
        return AttemptReport(run, self._clock, self._level, self._unsaved.add)

    async def close(self, report: AttemptReport) -> None:
        """Stores the rest, so that a finished run shows all its lines; what cannot be stored now is tried again."""
        report.end()
        if not report.is_unsaved:
            return
        try:
            async with asyncio.timeout(LAST_FLUSH_SECONDS):
                await self._group.submit(report)
        except (StoreError, TimeoutError) as fault:
            log.warning("run_report_late", run_id=report.run["_id"], error=str(fault) or "MongoDB does not answer")

    def settled(self, report: AttemptReport) -> None:
        """The outcome of the attempt is durable: its pages shall expire with the run."""
        if report.has_lines or report.run["attempt"] > 1:
            self._ended.append(report.run["_id"])

    async def run_once(self) -> float:
        if self._unsaved:
            await self._store_unsaved()
        if self._ended:
            ended, self._ended = self._ended, []
            try:
                await self._store.let_expire(ended, self._clock.now())
            except StoreError:
                self._ended += ended
                raise
        if self._clock.monotonic() >= self._sweep_at and self._may_act():
            self._sweep_at = self._clock.monotonic() + SWEEP_SECONDS
            await self.sweep()
        return FLUSH_SECONDS

    async def sweep(self) -> None:
        """Lets the logs expire of runs whose daemon died before it could say so."""
        left = await self._store.runs_of_unfinished(self._clock.now())
        if left:
            await self._store.let_expire(left, self._clock.now())

    async def _store_unsaved(self) -> None:
        reports = list(self._unsaved)
        results = await asyncio.gather(*map(self._group.submit, reports), return_exceptions=True)
        faults = [fault for fault in results if isinstance(fault, Exception)]
        for report, fault in zip(reports, results, strict=True):
            if fault is not None and report.run_log.is_closed:
                self._count_try(report, fault)
        if faults:
            log.warning("run_reports_not_stored", reports=len(faults), error=str(faults[0]))

    def _count_try(self, report: AttemptReport, fault: BaseException) -> None:
        report.tries += 1
        if report.tries >= TRIES_AFTER_END:
            self._unsaved.discard(report)
            log.error(
                "run_log_lost", run_id=report.run["_id"], lines=report.unsaved_lines(), error=str(fault)
            )  # fmt: skip

    async def _write(self, reports: Sequence[AttemptReport]) -> list[None]:
        batches = [report.take_batch() for report in reports]
        written = [report.changes(batch) for report, batch in zip(reports, batches, strict=True)]
        try:
            await self._store.write(
                [page for pages, _ in written for page in pages], [mark for _, marks in written for mark in marks]
            )
        except BaseException:
            for report, batch in zip(reports, batches, strict=True):
                report.put_back(batch)
            raise
        for report, batch in zip(reports, batches, strict=True):
            report.stored(batch)
            if not report.is_unsaved:
                self._unsaved.discard(report)
        return [None] * len(reports)
