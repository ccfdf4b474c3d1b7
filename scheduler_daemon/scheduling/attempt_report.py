"""What one attempt reports while it runs - lines, progress, slowness - and what of it is not stored yet."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from scheduler_daemon.job_template import Progress
from scheduler_daemon.run_log import Line, RunLog
from scheduler_daemon.store.run_logs import Change
from scheduler_daemon.workers.output import shown
from shared.clock import Clock
from shared.logging import LogLevel
from shared.queries import run_logs as queries

log = structlog.get_logger(__name__)


class _Page:
    __slots__ = ("bytes", "lines", "number", "stored")

    def __init__(self, number: int) -> None:
        self.number = number
        self.lines: list[Line] = []
        self.bytes = 0
        self.stored = 0

    @property
    def is_full(self) -> bool:
        return len(self.lines) >= queries.LINES_PER_PAGE or self.bytes >= queries.BYTES_PER_PAGE


class Batch:
    """What was not stored of a report at one moment."""

    __slots__ = ("marks", "pages")

    def __init__(self, pages: list[tuple[_Page, list[Line]]], marks: dict[str, Any]) -> None:
        self.pages = pages
        self.marks = marks


class AttemptReport:
    """The template's side adds, from any thread; the reporter stores, batch by batch."""

    __slots__ = ("_changed", "_clock", "_log", "_marks", "_pages", "_timer", "began", "run", "run_log", "tries")

    def __init__(
        self, run: dict[str, Any], clock: Clock, level: LogLevel, changed: Callable[["AttemptReport"], None]
    ) -> None:
        """changed: called when there is something to store."""
        self.run = run
        self.run_log = RunLog(clock, self._take, level)
        self.began = False
        """Whether the template's code was entered."""
        self.tries = 0
        """How often it could not be stored after the end of the attempt."""
        self._clock = clock
        self._changed = changed
        self._pages: list[_Page] = []
        self._marks: dict[str, Any] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._log: structlog.typing.FilteringBoundLogger | None = None

    def begin(self) -> None:
        """The template's code is entered now: time counts from here."""
        self.began = True
        milliseconds = self.run.get("softTimeoutMs")
        if isinstance(milliseconds, int) and milliseconds > 0:
            self._timer = asyncio.get_running_loop().call_later(milliseconds / 1000, self._mark_slow, milliseconds)

    def end(self) -> None:
        """The template's code was left: nothing more is taken."""
        if self._timer is not None:
            self._timer.cancel()
        self.run_log.close()

    def line(self, line: Line) -> None:
        """A line that a worker made."""
        self.run_log.keep(line)

    def output(self, lines: Sequence[bytes]) -> None:
        """What a worker, or a process that it started, printed. A flood costs no more than its counting."""
        if self.run_log.is_full("info"):
            self.run_log.leave_out(len(lines))
            return
        for line in lines:
            self.run_log.add("info", shown(line), {"source": "output"})

    def leave_out(self, lines: int) -> None:
        """A worker left out that many."""
        self.run_log.leave_out(lines)

    def report_progress(self, progress: Progress) -> None:
        """What context.progress() of a template in this process says."""
        fields = {"done": progress.done, "total": progress.total, "message": progress.message}
        self.progress({**fields, "at": self._clock.now()})

    def progress(self, progress: dict[str, Any]) -> None:
        """A RunProgress as it is stored."""
        self._mark("progress", progress)

    @property
    def is_unsaved(self) -> bool:
        return bool(self._marks) or any(len(page.lines) > page.stored for page in self._pages)

    @property
    def has_lines(self) -> bool:
        return bool(self._pages)

    def take_batch(self) -> Batch:
        """What is to be stored now; it goes to stored() or put_back()."""
        marks, self._marks = self._marks, {}
        pages = [(page, list(page.lines)) for page in list(self._pages) if len(page.lines) > page.stored]
        return Batch(pages, marks)

    def changes(self, batch: Batch) -> tuple[list[Change], list[Change]]:
        """The writes of a batch: pages, and marks of the run."""
        run, now = self.run, self._clock.now()
        pages = [queries.page(run["_id"], run["attempt"], page.number, lines, now) for page, lines in batch.pages]
        return pages, [queries.reported(run, batch.marks)] if batch.marks else []

    def stored(self, batch: Batch) -> None:
        """The batch is durable. Full pages are not needed any more."""
        for page, lines in batch.pages:
            page.stored = len(lines)
            if page.is_full and page is not self._pages[-1]:
                self._pages.remove(page)

    def put_back(self, batch: Batch) -> None:
        """The batch could not be stored; what came since counts more."""
        self._marks = {**batch.marks, **self._marks}

    def unsaved_lines(self) -> int:
        return sum(len(page.lines) - page.stored for page in self._pages)

    def _take(self, line: Line, size: int) -> None:
        if not self._pages or self._pages[-1].is_full:
            self._pages.append(_Page(self._pages[-1].number + 1 if self._pages else 0))
        page = self._pages[-1]
        page.lines.append(line)
        page.bytes += size
        self._changed(self)
        self._write_to_log(line)

    def _write_to_log(self, line: Line) -> None:
        if self._log is None:
            run = self.run
            names = {"run_id": "_id", "job_id": "jobId", "template": "template", "attempt": "attempt"}
            self._log = log.bind(**{name: run[field] for name, field in names.items()})
        fields = {name: value for name, value in line["fields"].items() if name not in _OURS}
        getattr(self._log, line["level"])(line["event"], **fields)

    def _mark(self, name: str, value: Any) -> None:
        self._marks[name] = value
        self._changed(self)

    def _mark_slow(self, milliseconds: int) -> None:
        run = self.run
        log.warning(
            "run_slow",
            run_id=run["_id"],
            job_id=run["jobId"],
            template=run["template"],
            attempt=run["attempt"],
            seconds=milliseconds / 1000,
        )
        self._mark("slowAt", self._clock.now())


_OURS = frozenset({"self", "event", "args", "run_id", "job_id", "template", "attempt"})
"""Names of the structured log that a field of a template may not take."""
