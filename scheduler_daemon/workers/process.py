"""The daemon's side of one worker process: starts it, has it execute runs, ends it and knows that it is gone."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any, Protocol, TypeGuard

import structlog

from scheduler_daemon.job_template import JobResult, JobTemplate
from scheduler_daemon.plugins import place_of
from scheduler_daemon.run_log import Line
from scheduler_daemon.scheduling.outcome import Failed, Outcome, Returned, TimedOut
from scheduler_daemon.uninterrupted import uninterrupted
from scheduler_daemon.workers.frames import ChannelClosed, Frame, FrameReader, encoded
from scheduler_daemon.workers.guard import EXIT_SIGNALLED, deadline_message, stop_message
from scheduler_daemon.workers.output import Output
from shared.clock import MILLISECOND
from shared.errors import SchedulerError
from shared.logging import LogLevel

log = structlog.get_logger(__name__)

SECONDS_TO_START = 60.0
"""For starting Python and importing the template, before the run's own time-out begins."""
SECONDS_TO_CLEAN_UP = 2.0
SECONDS_TO_DIE = 2.0


class WorkerReport(Protocol):
    """What a run says while a worker executes it."""

    def begin(self) -> None: ...

    def line(self, line: Line) -> None: ...

    def output(self, lines: Sequence[bytes]) -> None: ...

    def progress(self, progress: Frame) -> None: ...

    def leave_out(self, lines: int) -> None: ...


class WorkerDied(SchedulerError):
    """A worker process ended in the middle."""


class NotBegun(WorkerDied):
    """A worker process ended before it began the run: another can execute it."""


class WorkerProcess:
    """One guard with its worker. Executes one run at a time."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        frames: FrameReader,
        writer: asyncio.StreamWriter,
        lease: int,
        output: Output,
    ) -> None:
        self._process = process
        self._frames = frames
        self._writer = writer
        self._lease: int | None = lease
        self._output = output
        self._watch = asyncio.create_task(self._notice_end(), name=f"worker {process.pid}")
        self.runs = 0
        """How many it has begun."""

    @classmethod
    async def start(cls, log_level: LogLevel, deadline: float) -> "WorkerProcess":
        """Starts a worker; it says by itself when it is ready. deadline: on CLOCK_BOOTTIME, for its guard."""
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as on_failure:
            socket_here, channel = socket.socketpair()
            theirs.callback(channel.close)
            lease_read, lease = os.pipe()
            theirs.callback(os.close, lease_read)
            on_failure.callback(os.close, lease)
            output_read, output_write = os.pipe()
            theirs.callback(os.close, output_write)
            output = Output(output_read)
            on_failure.callback(output.close)
            reader, writer = await asyncio.open_unix_connection(sock=socket_here)
            on_failure.callback(writer.close)
            os.write(lease, deadline_message(deadline))
            os.set_blocking(lease, False)
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "scheduler_daemon.workers", str(channel.fileno()), str(lease_read), log_level,
                stdin=asyncio.subprocess.DEVNULL, stdout=output_write, stderr=output_write,
                pass_fds=(channel.fileno(), lease_read), start_new_session=True,
            )  # fmt: skip
            on_failure.pop_all()
        return cls(process, FrameReader(reader), writer, lease, output)

    @property
    def pid(self) -> int:
        """The guard's process id."""
        return self._process.pid

    @property
    def is_usable(self) -> bool:
        """Whether it can be given a run, as far as one can know."""
        return self._lease is not None and self._process.returncode is None and not self._frames.at_end

    def extend(self, deadline: float) -> None:
        """Its guard lets it live until then."""
        self._tell_guard(deadline_message(deadline))

    async def execute(self, template: JobTemplate, run: dict[str, Any], report: WorkerReport) -> Outcome:
        """The outcome of the run. After anything but an orderly end the worker is gone when this returns or raises.

        NotBegun: the run was not touched. Cancelled: the template is told to stop, killed if it does not.
        """
        seconds = run["timeoutMs"] / 1000
        begun = False
        self._output.write_to(report.output)
        try:
            async with asyncio.timeout(SECONDS_TO_START) as limit:
                await self._send(_order(template, run))
                while True:
                    frame = await self._frames.read()
                    if frame["kind"] == "began":
                        begun = True
                        self.runs += 1
                        report.begin()
                        limit.reschedule(asyncio.get_running_loop().time() + seconds)
                    elif (outcome := self._heard(frame, report)) is not None:
                        return outcome
        except TimeoutError:
            outcome = await uninterrupted(self._stop(report))
            if not begun:
                return Failed("WorkerNotReady", f"the template was not loaded within {SECONDS_TO_START:g} s")
            return outcome if _succeeded(outcome) else TimedOut(seconds)
        except asyncio.CancelledError:
            outcome = await uninterrupted(self._stop(report))
            if _succeeded(outcome):
                return outcome
            raise
        except ChannelClosed:
            end = await uninterrupted(self._died())
            raise (WorkerDied if begun else NotBegun)(end) from None
        finally:
            self._output.write_to(None)

    async def end(self) -> None:
        """Kills the worker and whatever it started; returns when it is gone. May be called twice."""
        if self._lease is not None:
            lease, self._lease = self._lease, None
            os.close(lease)  # the guard kills
        try:
            async with asyncio.timeout(SECONDS_TO_DIE):
                await self._process.wait()
        except TimeoutError:
            log.error("worker_guard_killed", pid=self.pid)
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()  # it cannot move; the kernel kills the worker with it
            await self._process.wait()
        self._writer.close()
        self._output.close()

    def _heard(self, frame: Frame, report: WorkerReport) -> Outcome | None:
        """The outcome, if the frame tells it."""
        match frame["kind"]:
            case "line":
                report.line(frame["line"])
            case "progress":
                report.progress(frame["progress"])
            case "ended":
                self._output.drain()
                report.leave_out(frame["leftOut"])
                return _outcome(frame)
        return None

    async def _send(self, frame: Frame) -> None:
        self._writer.write(encoded(frame))
        try:
            await self._writer.drain()
        except OSError as fault:
            raise ChannelClosed(str(fault)) from fault

    async def _stop(self, report: WorkerReport) -> Outcome | None:
        """Asks the template to stop, waits a moment for its last words, and ends the process."""
        self._tell_guard(stop_message())
        outcome: Outcome | None = None
        with contextlib.suppress(TimeoutError, ChannelClosed):
            async with asyncio.timeout(SECONDS_TO_CLEAN_UP):
                while outcome is None:
                    outcome = self._heard(await self._frames.read(), report)
        self._output.drain()
        await self.end()
        return outcome

    async def _died(self) -> str:
        """How the process ended, once it is gone."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_TO_DIE):
                await self._process.wait()
        self._output.drain()
        await self.end()
        code = self._process.returncode or 0
        number = code - EXIT_SIGNALLED if code > EXIT_SIGNALLED else -code
        if number <= 0:
            return f"the worker process ended with exit code {code} before its template returned"
        name = signal.Signals(number).name if number in {*signal.Signals} else f"signal {number}"
        return f"the worker process was killed by {name} before its template returned"

    async def _notice_end(self) -> None:
        """A process that the template started may hold the channel open after the worker's end."""
        await self._process.wait()
        asyncio.get_running_loop().call_later(SECONDS_TO_DIE, self._frames.end)

    def _tell_guard(self, message: bytes) -> None:
        if self._lease is not None:
            with contextlib.suppress(OSError):  # it is gone, or stopped since long and its pipe is full
                os.write(self._lease, message)


def _order(template: JobTemplate, run: dict[str, Any]) -> Frame:
    needed = {name: run[name] for name in ("_id", "jobId", "attempt", "scheduledFor", "params")}
    return {"template": place_of(template), "run": needed}


def _outcome(frame: Frame) -> Outcome:
    if "result" in frame:
        result = frame["result"]
        retry_after = result["retryAfterMs"] * MILLISECOND
        return Returned(
            JobResult(result["outcome"], result["summary"], result["metrics"], result["retryable"], retry_after)
        )
    error = frame["error"]
    return Failed(error["type"], error["message"], error["retryable"])


def _succeeded(outcome: Outcome | None) -> TypeGuard[Returned]:
    return isinstance(outcome, Returned) and outcome.result.outcome != "failure"
