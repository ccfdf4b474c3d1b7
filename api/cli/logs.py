"""`unified-scheduler logs`: the JSON lines of both programs from the journal or from files, readable."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import click

from api.cli.log_lines import LEVELS, LogLine, shown
from api.cli.output import json_option, printable
from api.cli.session import Session
from shared.clock import rfc3339
from shared.durations import parse_duration

UNITS = ("unified-scheduler-daemon", "unified-scheduler-api")
LOOK_AGAIN_SECONDS = 0.25
LONGEST_LINE_BYTES = 1_000_000


class LogFilter(NamedTuple):
    """Which lines are shown. None: any."""

    job: str | None = None
    run: str | None = None
    level: str | None = None
    since: str | None = None

    def takes(self, line: LogLine) -> bool:
        if self.job is not None and line.get("job_id") != self.job:
            return False
        if self.run is not None and line.get("run_id") != self.run:
            return False
        level = line.get("level")
        if self.level is not None and (level not in LEVELS or LEVELS.index(level) < LEVELS.index(self.level)):
            return False
        return self.since is None or str(line.get("at", "")) >= self.since


@click.command()
@click.option(
    "--file", "files", multiple=True, type=click.Path(path_type=Path), help="Instead of the journal; repeatable."
)
@click.option(
    "--unit", "units", multiple=True, default=UNITS, show_default=True, help="Units to read from the journal."
)
@click.option("--job", help="Only lines about this job, by its id.")
@click.option("--run", help="Only lines about this run.")
@click.option("--level", type=click.Choice(LEVELS), help="Only lines of this level or a higher one.")
@click.option("--since", help='Only lines from then on: "15m" ago, or a moment such as 2026-12-01T09:00:00Z.')
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes.")
@json_option
@click.pass_obj
def logs(
    session: Session,
    files: tuple[Path, ...],
    units: tuple[str, ...],
    job: str | None,
    run: str | None,
    level: str | None,
    since: str | None,
    follow: bool,
) -> None:
    """Show the log of daemon and API, from systemd's journal or from files. Needs neither API nor database."""
    start = None if since is None else _moment(session, since)
    wanted = LogFilter(job, run, level, None if start is None else rfc3339(start))
    lines = _of_files(files, follow=follow) if files else _of_journal(units, start, follow=follow)
    for text in lines:
        line = _parsed(text)
        if line is None:
            if wanted == LogFilter() and not session.as_json:
                click.echo(printable(text))
        elif wanted.takes(line):
            click.echo(shown(line, as_json=session.as_json))


def _parsed(text: str) -> LogLine | None:
    """None: not a line of this log, such as the last words of a crash."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _moment(session: Session, since: str) -> datetime:
    try:
        return session.clock.now() - parse_duration(since)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter('write "15m", or a moment with its zone: 2026-12-01T09:00:00Z', param_hint="--since")
    return moment


def _of_journal(units: Iterable[str], start: datetime | None, *, follow: bool) -> Iterator[str]:
    command = shutil.which("journalctl")
    if command is None:
        raise click.ClickException("there is no journalctl here; name the files: --file var/log/daemon.log")
    arguments = [command, "--output=cat", "--no-pager", *(f"--unit={unit}" for unit in units)]
    if start is not None:
        arguments.append(f"--since=@{start.timestamp():.0f}")
    if follow:
        arguments.append("--follow")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as journal:
        try:
            for line in journal.stdout or ():
                yield line.decode(errors="replace").rstrip("\n")
        finally:
            journal.terminate()
    if journal.returncode > 0:
        raise click.ClickException("journalctl failed; its words are above")


def _of_files(files: tuple[Path, ...], *, follow: bool) -> Iterator[str]:
    """One file after another; with `follow` then what is added to any of them, also after it was replaced."""
    opened = [_Tail(file) for file in files]
    try:
        for tail in opened:
            yield from tail.new_lines()
        while follow:
            time.sleep(LOOK_AGAIN_SECONDS)
            for tail in opened:
                yield from tail.new_lines()
                if tail.was_replaced():
                    yield from tail.new_lines()
    finally:
        for tail in opened:
            tail.file.close()


class _Tail:
    """A file that grows. A line counts when it is complete, or very long."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rest = b""
        self.file: BinaryIO = self._open()

    def new_lines(self) -> Iterator[str]:
        while part := self.file.readline(LONGEST_LINE_BYTES):
            self._rest += part
            if part.endswith(b"\n") or len(self._rest) >= LONGEST_LINE_BYTES:
                line, self._rest = self._rest, b""
                yield line.decode(errors="replace").rstrip("\n")

    def was_replaced(self) -> bool:
        """Opens the new file at its start if there is one, or if this one was emptied."""
        try:
            now, open_one = self._path.stat(), os.fstat(self.file.fileno())
        except FileNotFoundError:
            return False
        if now.st_ino == open_one.st_ino and now.st_size >= self.file.tell():
            return False
        self.file.close()
        self._rest = b""
        self.file = self._open()
        return True

    def _open(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except OSError as fault:
            raise click.ClickException(f"{self._path} cannot be read: {fault.strerror}") from None
