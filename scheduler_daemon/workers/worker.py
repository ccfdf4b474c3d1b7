"""The worker process: executes blocking templates one after another and tells the daemon what they report."""

import faulthandler
import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import NoReturn, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobStopped, JobTemplate, Services
from scheduler_daemon.plugins import template_at
from scheduler_daemon.run_context import context_for
from scheduler_daemon.run_log import Line, RunLog, with_traceback
from scheduler_daemon.scheduling.outcome import retry_after, stored_result
from scheduler_daemon.workers.frames import ChannelClosed, Frame, encoded, receive_frame
from scheduler_daemon.workers.progress_sender import ProgressSender
from shared.clock import MILLISECOND, SystemClock
from shared.errors import InvalidDefinition
from shared.logging import LogLevel

LONGEST_ERROR = 10_000


def serve(channel: int, log_level: str) -> NoReturn:
    """Executes what the daemon sends until the channel closes."""
    os.set_inheritable(channel, False)  # what the template starts has no business with it
    faulthandler.enable()  # the last words of a worker that crashes become lines of the run's log
    worker = Worker(socket.socket(fileno=channel), cast(LogLevel, log_level))
    signal.signal(signal.SIGTERM, worker.on_stop_signal)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _route_loggers(worker)
    worker.send({"kind": "ready"})
    try:
        while True:
            worker.execute(receive_frame(worker.channel))
    except ChannelClosed:
        os._exit(0)


class NoServices:
    """In the place of context.services: they live in the daemon's event loop."""

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError(f"services.{name} is not available to a blocking template; declare `async def execute`")


class Worker:
    """One run at a time, in the main thread, where a signal can end it."""

    def __init__(self, channel: socket.socket, log_level: LogLevel) -> None:
        self.channel = channel
        self.run_log: RunLog | None = None
        self._log_level = log_level
        self._clock = SystemClock()
        self._templates: dict[str, JobTemplate] = {}
        self._turn = threading.RLock()
        self._executing = False
        self._sending = False
        self._stop_asked = False

    def on_stop_signal(self, _number: int, _frame: FrameType | None) -> None:
        """SIGTERM: the template ends by JobStopped; a worker that executes nothing exits."""
        if not self._executing:
            os._exit(0)
        if self._sending:
            self._stop_asked = True  # half a frame would be the end of the channel
        else:
            raise JobStopped("the run was cancelled or exceeded its time-out")

    def send(self, frame: Frame) -> None:
        """Sends a frame whole, from any thread; waits while the daemon does not read."""
        message = encoded(frame)
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread:
            self._sending = True
        try:
            with self._turn:
                self.channel.sendall(message)
        except OSError:
            os._exit(0)  # the daemon is gone
        finally:
            if in_main_thread:
                self._sending = False
        if in_main_thread and self._stop_asked:
            self._stop_asked = False
            raise JobStopped("the run was cancelled or exceeded its time-out")

    def execute(self, order: Frame) -> None:
        """Executes one run and reports its end, whatever the template does."""
        run = order["run"]
        # The daemon says what is left out: more may be there.
        self.run_log = RunLog(self._clock, self._send_line, self._log_level, own_lines=False)
        progress = ProgressSender(self.send, self._clock)
        try:
            template = self._template(order["template"])
            context = context_for(
                template,
                run,
                log=self.run_log.logger(),
                clock=self._clock,
                services=cast(Services, NoServices()),
                report_progress=progress,
            )
        except InvalidDefinition as fault:
            ended = _failed("InvalidParameters", str(fault), retryable=False)
        except Exception as fault:  # a plugin's import may raise anything
            text = f"the template cannot be loaded: {type(fault).__name__}: {fault}"
            ended = _failed("TemplateMissing", text, retryable=False)
        else:
            ended = self._ended(template, context)
        run_log, self.run_log = self.run_log, None
        progress.finish()
        run_log.close()
        _flush_output()
        self.send({"kind": "ended", "leftOut": run_log.left_out, **ended})

    def _ended(self, template: JobTemplate, context: JobExecutionContext) -> Frame:
        try:
            self.send({"kind": "began"})
            self._executing = True
            result = template.execute(context)
            self._executing = False
        except JobStopped:
            return _failed("Stopped", "the run was stopped")
        except BaseException as fault:  # SystemExit and its like end the run, not the worker
            self._executing = False
            context.log.warning("run_raised", exc_info=fault)
            return _failed(type(fault).__name__, _text(fault))
        finally:
            self._executing = False
        if not isinstance(result, JobResult):
            text = f"execute() returned {type(result).__name__}, not a JobResult"
            return _failed("InvalidResult", text, retryable=False)
        try:
            fields = {
                "outcome": str(result.outcome),
                "retryable": bool(result.retryable),
                "retryAfterMs": retry_after(result) // MILLISECOND,
                **stored_result(result),
            }
        except Exception as fault:  # a plugin's own objects
            return _failed("InvalidResult", f"the result is unusable: {_text(fault)}", retryable=False)
        return {"result": fields}

    def _template(self, place: str) -> JobTemplate:
        if place not in self._templates:
            self._templates[place] = template_at(place)
        return self._templates[place]

    def _send_line(self, line: Line, _size: int) -> None:
        self.send({"kind": "line", "line": line})


class _ToRunLog(logging.Handler):
    """What libraries log by the standard library."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(logging.INFO)
        self._worker = worker

    def emit(self, record: logging.LogRecord) -> None:
        fields = with_traceback({"logger": record.name, "exc_info": record.exc_info})
        _write(self._worker, record.levelname.lower(), record.getMessage(), fields)


def _route_loggers(worker: Worker) -> None:
    """Whatever is logged while a run is executed belongs to its log."""

    def process(_logger: WrappedLogger, method: str, event_dict: EventDict) -> EventDict:
        event = event_dict.pop("event", "")
        _write(worker, method, event, with_traceback(event_dict))
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, process],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    logging.basicConfig(level=logging.INFO, handlers=[_ToRunLog(worker)], force=True)


def _write(worker: Worker, level: str, event: object, fields: EventDict) -> None:
    if worker.run_log is not None:
        worker.run_log.add(level, event, fields)
    else:
        sys.stderr.write(f"{level}: {event}\n")


def _failed(kind: str, message: str, *, retryable: bool = True) -> Frame:
    return {"error": {"type": kind, "message": message, "retryable": retryable}}


def _text(fault: BaseException) -> str:
    """Its message, as BSON can hold it."""
    try:
        return str(fault)[:LONGEST_ERROR].encode("utf-8", "replace").decode()
    except Exception as broken:  # a plugin's own class
        return f"no text: {type(broken).__name__}"


def _flush_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # a template closed it
            continue
