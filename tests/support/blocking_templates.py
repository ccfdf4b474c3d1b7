"""Blocking templates for tests: a worker imports them from here by their names."""

import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobStopped, JobTemplate, TemplateParameters


class BlockingTemplate(JobTemplate):
    """Does what `act` names; `path` is a file to talk through, `number` an amount."""

    type = "blocking"
    name = "Blocking"
    category = "tests"

    class Parameters(TemplateParameters):
        """What to do."""

        act: str
        path: str = ""
        number: int = 0
        key: SecretStr = SecretStr("")

    def execute(self, context: JobExecutionContext) -> JobResult:
        ended: Any = getattr(self, f"_{context.params.act}")(context)
        return ended if ended is not None else JobResult.success("done", metrics={"pid": os.getpid()})

    def _sign(self, context: JobExecutionContext) -> JobResult:
        key = context.params.key.get_secret_value().encode()
        return JobResult.success("signed", metrics={"signature": hashlib.blake2b(b"signed", key=key).hexdigest()})

    def _nothing(self, _context: JobExecutionContext) -> None: ...

    def _raise(self, _context: JobExecutionContext) -> None:
        raise ValueError("a \udcff name")

    def _exit(self, _context: JobExecutionContext) -> None:
        raise SystemExit(3)

    def _return_text(self, _context: JobExecutionContext) -> str:
        return "done"

    def _return_odd_metrics(self, _context: JobExecutionContext) -> JobResult:
        return JobResult.success("odd", metrics={"object": object()})

    def _ask_for_later(self, context: JobExecutionContext) -> JobResult:
        return JobResult.failure("busy", retry_after=timedelta(seconds=context.params.number))

    def _die(self, context: JobExecutionContext) -> None:
        print("the last words", flush=True)  # noqa: T201 - that is what is tested
        os._exit(context.params.number)

    def _crash(self, _context: JobExecutionContext) -> None:
        ctypes.string_at(0)

    def _kill_self(self, _context: JobExecutionContext) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _services(self, context: JobExecutionContext) -> None:
        context.notifications.wake()  # type: ignore[attr-defined]

    def _wait(self, context: JobExecutionContext) -> None:
        """Writes its process id, then waits until the file is gone."""
        path = Path(context.params.path)
        path.write_text(str(os.getpid()))
        while path.exists():
            time.sleep(0.01)

    def _clean_up(self, context: JobExecutionContext) -> None:
        path = Path(context.params.path)
        path.write_text(str(os.getpid()))
        try:
            while True:
                time.sleep(0.01)
        except JobStopped:
            context.log.info("cleaning_up")
            path.with_suffix(".clean").touch()
            raise

    def _hold_gil(self, context: JobExecutionContext) -> None:
        """Holds the GIL for ever: a lock that is taken twice, in a call that does not release it."""
        Path(context.params.path).write_text(str(os.getpid()))
        mutex = ctypes.create_string_buffer(64)
        for _ in range(2):
            ctypes.PyDLL(None).pthread_mutex_lock(mutex)

    def _start_process(self, context: JobExecutionContext) -> None:
        """Starts processes that would outlive it, one in a session of its own, and waits."""
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        children = [subprocess.Popen(command, start_new_session=alone) for alone in (False, True)]
        pids = [os.getpid(), *(child.pid for child in children)]
        Path(context.params.path).write_text(" ".join(map(str, pids)))
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)

    def _log(self, context: JobExecutionContext) -> None:
        context.log.bind(step=1).info("half way", password="hunter2", odd=object)
        context.progress(1, 2, "half")
        print("printed")  # noqa: T201 - that is what is tested
        try:
            raise RuntimeError("caught")
        except RuntimeError:
            context.log.exception("trouble")

    def _log_and_wait(self, context: JobExecutionContext) -> None:
        context.log.info("started")
        context.progress(3, 10)
        self._wait(context)

    def _flood(self, context: JobExecutionContext) -> None:
        for number in range(context.params.number):
            context.log.info("line", number=number)
            context.progress(number)
            print(number)  # noqa: T201 - that is what is tested
        context.log.error("the end")


class UnrepeatableTemplate(BlockingTemplate):
    """Must not be repeated after an interruption."""

    type = "unrepeatable"
    on_interrupt = "interrupted"


class LoopHoldingTemplate(JobTemplate):
    """Says that it is asynchronous and blocks all the same."""

    type = "loop_holding"
    name = "Loop holding"
    category = "tests"

    class Parameters(TemplateParameters):
        """For how long."""

        seconds: float

    async def execute(self, context: JobExecutionContext) -> JobResult:
        time.sleep(context.params.seconds)  # noqa: ASYNC251 - that is what is tested
        return JobResult.success("held the loop")


class UnimportableTemplate(BlockingTemplate):
    """Cannot be made in a worker."""

    type = "unimportable"

    def __init__(self) -> None:
        if sys.argv[0].endswith("workers/__main__.py"):
            raise RuntimeError("not here")
