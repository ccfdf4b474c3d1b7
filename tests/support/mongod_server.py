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
_MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory
_ROOM_BYTES = 6 * 1024**3
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

    def __init__(self, *, on_disk: bool = True, **parameters: int) -> None:
        """parameters: of mongod; with any, it is a server of its own.

        on_disk False: its files are in memory where there is room. A kill -9 of it loses nothing there either, and what
        tests ask of it takes a fifth less time; measured is on the disk.
        """
        self._on_disk = on_disk
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
        place = None if self._on_disk or not _has_room() else _MEMORY
        self._folder = Path(tempfile.mkdtemp(prefix="unified-scheduler-tests-", dir=place))
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


def _has_room() -> bool:
    return _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
