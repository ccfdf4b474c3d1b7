"""`job_run_logs`, which only the daemon writes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from api.store.connection import Connection
from api.store.errors import translated
from shared.collections import JOB_RUN_LOGS
from shared.queries import run_logs as queries
from shared.queries.run_logs import LogPosition

_PAGES_PER_FETCH = 8


class StoredLine(NamedTuple):
    """A line as stored, and the attempt it belongs to."""

    attempt: int
    line: dict[str, Any]


class LogPart(NamedTuple):
    """Some lines in the order they were written, where they end (None: there are none), and whether more are stored."""

    lines: list[StoredLine]
    end: LogPosition | None
    more: bool


class RunLogStore:
    """Logs of runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def read(self, run_id: Any, attempt: int | None, start: LogPosition | None, limit: int) -> LogPart:
        """At most `limit` lines of a run, or of one attempt of it, from `start` on."""
        lines: list[StoredLine] = []
        end: LogPosition | None = None
        for position, line in self._lines(run_id, attempt, start):
            if len(lines) == limit:
                return LogPart(lines, end, more=True)
            lines.append(StoredLine(position.attempt, line))
            end = LogPosition(position.attempt, position.page, position.line + 1)
        return LogPart(lines, end, more=False)

    def _lines(
        self, run_id: Any, attempt: int | None, start: LogPosition | None
    ) -> Iterator[tuple[LogPosition, dict[str, Any]]]:
        """What is no page or no line is passed over."""
        found = (
            self._connection.collection(JOB_RUN_LOGS)
            .find(queries.of_run(run_id, attempt, start))
            .sort(queries.READING_ORDER)
            .batch_size(_PAGES_PER_FETCH)
        )
        for page in found:
            number, of, lines = page.get("page"), page.get("attempt"), page.get("lines")
            if not (isinstance(number, int) and isinstance(of, int) and isinstance(lines, list)):
                continue
            read = start.line if start is not None and (start.attempt, start.page) == (of, number) else 0
            for index, line in enumerate(lines[read:], read):
                if isinstance(line, dict):
                    yield LogPosition(of, number, index), line
