"""Runs a suite of the settings: which command, in which environment, and what came of it."""

import asyncio
import math
import os
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scheduler_daemon.suites.junit import JunitReport, ReportUnreadable, read_report
from scheduler_daemon.suites.kept_process import KeptProcess
from shared.errors import SchedulerError
from shared.models.suites import JUNIT, Suite

_PASSED_ON = ("HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "SSL_CERT_FILE", "TMPDIR", "TZ", "USER")
"""Nothing else of the daemon's environment reaches a suite: it holds the daemon's secrets."""


class SuiteUnusable(SchedulerError):
    """A suite cannot be started; the text says what to mend in TEST_SUITES."""


@dataclass(frozen=True, slots=True)
class SuiteEnd:
    """How a suite ended. report None: it left none; unreadable then says why, if it left something."""

    exit_code: int
    report: JunitReport | None
    unreadable: str = ""


class SuiteRunner:
    """Knows the suites of the settings and keeps those that run. They end with the daemon and with its lease."""

    def __init__(self, suites: Mapping[str, Suite]) -> None:
        self._suites = dict(suites)
        self._running: set[KeptProcess] = set()
        self._deadline = math.inf

    async def run(self, name: str, write: Callable[[Sequence[bytes]], None]) -> SuiteEnd:
        """Runs it to its end; cancelled, nothing of it is left within a second. write: gets the printed lines."""
        suite = self._find(name)
        with tempfile.TemporaryDirectory(prefix="suite-", ignore_cleanup_errors=True) as folder:
            junit = Path(folder) / "junit.xml"
            environment = _environment(suite, junit)
            command = _command(name, suite, junit, environment["PATH"])
            try:
                process = await KeptProcess.start(command, suite.folder, environment, write, self._deadline)
            except OSError as fault:
                raise SuiteUnusable(f"the suite {name!r} cannot be started: {fault.strerror}") from None
            exit_code = await self._wait(process)
            try:
                return SuiteEnd(exit_code, await asyncio.to_thread(read_report, junit))
            except ReportUnreadable as fault:
                return SuiteEnd(exit_code, None, str(fault))

    def arm(self, seconds: float) -> None:
        """The lease lasts that long: without another call the keepers end the suites then."""
        self._move(time.clock_gettime(time.CLOCK_BOOTTIME) + seconds)

    def disarm(self) -> None:
        """The suites may run on."""
        self._move(math.inf)

    def _move(self, deadline: float) -> None:
        self._deadline = deadline
        for process in self._running:
            process.extend(deadline)

    def _find(self, name: str) -> Suite:
        suite = self._suites.get(name)
        if suite is None:
            known = ", ".join(sorted(self._suites)) or "none"
            raise SuiteUnusable(f"there is no suite {name!r}; the setting TEST_SUITES has: {known}")
        return suite

    async def _wait(self, process: KeptProcess) -> int:
        self._running.add(process)
        process.extend(self._deadline)  # it may have moved while the process was started
        try:
            return await process.wait()
        finally:
            self._running.discard(process)


def _environment(suite: Suite, junit: Path) -> dict[str, str]:
    """A few variables of the daemon, the suite's own, and where the report goes; pytest is told without a word."""
    passed_on = {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("LC_")}
    own = {**passed_on, **suite.environment}
    own["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), own.get("PATH", os.defpath)])
    own["JUNIT_XML"] = str(junit)
    if JUNIT not in suite.command:
        option = f"--junit-xml={shlex.quote(str(junit))}"
        own["PYTEST_ADDOPTS"] = f"{own.get('PYTEST_ADDOPTS', '')} {option}".strip()
    return own


def _command(name: str, suite: Suite, junit: Path, path: str) -> list[str]:
    """With the program's own place: whether there is one is said before anything is started."""
    program, *arguments = suite.words(junit)
    folder = suite.folder or Path.cwd()
    if not folder.is_dir():
        raise SuiteUnusable(f"the suite {name!r} has no folder {str(folder)!r}; mend the setting TEST_SUITES")
    place = str(folder / program) if os.sep in program else program
    found = shutil.which(place, path=path)
    if found is None:
        raise SuiteUnusable(f"the suite {name!r} has no program {program!r}; mend the setting TEST_SUITES")
    return [found, *arguments]
