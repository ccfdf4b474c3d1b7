"""The one mongod of a test run: a real one-node replica set on a throw-away folder."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.local.mongod import await_primary, check_mongod, find_mongod, free_port, mongod_command, mongod_uri
from deploy.local.tethered import tethered

EXISTING_SERVER = "TEST_MONGODB_URI"
_STOP_SECONDS = 30
# Every test has a database of its own with dozens of indexes, each a file; dropped ones stay open for ten minutes
# otherwise, and a few hundred tests reach the limit of open files.
_CLOSE_FILES_EARLY = "file_manager=(close_idle_time=5,close_scan_interval=2,close_handle_minimum=0)"


def start_mongod(command: Sequence[str], folder: Path) -> "subprocess.Popen[bytes]":
    """A server that ends with this process, with its log in the folder."""
    with (folder / "mongod.log").open("ab") as log:
        return subprocess.Popen(
            tethered(command, on_parent_death=signal.SIGKILL),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )


class MongodServer:
    """Started when its address is first asked for; TEST_MONGODB_URI names an existing server instead."""

    def __init__(self, **parameters: int) -> None:
        """parameters: of mongod; with any, it is a server of its own."""
        self._parameters = parameters
        self._uri: str | None = None
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """The connection string; the server answers and is primary."""
        if self._uri is None:
            existing = None if self._parameters else os.environ.get(EXISTING_SERVER)
            self._uri = existing or self._start()
        return self._uri

    @property
    def pid(self) -> int | None:
        """Its process; None before the first use and for a server that TEST_MONGODB_URI names."""
        return None if self._process is None else self._process.pid

    def stop(self) -> None:
        """Ends the server and removes its folder. May be called twice."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _start(self) -> str:
        binary = find_mongod()
        check_mongod(binary)
        port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="unified-scheduler-tests-"))
        command = [
            *mongod_command(binary, self._folder, port),
            *("--setParameter", "enableTestCommands=1"),
            *("--wiredTigerEngineConfigString", _CLOSE_FILES_EARLY),
        ]
        for name, value in self._parameters.items():
            command += ["--setParameter", f"{name}={value}"]
        process = self._process = start_mongod(command, self._folder)
        await_primary(port, lambda: process.poll() is None)
        return mongod_uri(port)
