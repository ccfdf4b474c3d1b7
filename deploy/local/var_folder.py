"""The folder that survives restarts: its layout, its lock, and the files that the launcher itself writes."""

import base64
import fcntl
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from deploy.local.errors import LaunchError
from shared.secrets_vault import KEY_BYTES

_LARGEST_LOG_BYTES = 10_000_000


class VarFolder:
    """VAR_DIR, locked while this object is entered: two launchers never share one."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.data = self.path / "mongodb"
        self.logs = self.path / "log"
        self.outbox = self.path / "outbox"
        self.exports = self.path / "exports"
        self.runtime = self.path / "run"
        self.token_file = self.path / "admin-token"
        self._secrets_key_file = self.path / "secrets-key"
        self._port_file = self.path / "mongodb.port"
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            for folder in (self.path, self.data, self.logs, self.outbox, self.exports, self.runtime):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=folder):
                    pass  # proves that it can be written
            self._lock = (self.path / "lock").open("a+")
        except OSError as fault:
            raise LaunchError(
                f"The folder {self.path} cannot be written ({fault.strerror}). "
                "Set VAR_DIR to a folder that you can write."
            ) from fault
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            owner = self._lock.read().strip()
            self._lock.close()
            raise LaunchError(
                f"Another `make run` (process {owner}) uses {self.path}. Stop it, or set VAR_DIR to another folder."
            ) from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.close()

    def log_file(self, part: str) -> Path:
        """Where `part` logs; a file that grew too large since the last start is put aside first."""
        path = self.logs / f"{part}.log"
        if path.exists() and path.stat().st_size > _LARGEST_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    @property
    def mongod_port(self) -> int | None:
        """The port that the embedded mongod had last; None before the first start."""
        try:
            return int(self._port_file.read_text())
        except (OSError, ValueError):
            return None

    def remember_mongod_port(self, port: int) -> None:
        """Keeps the port for the next start, so that a client of yours finds the server again."""
        write_atomically(self._port_file, str(port).encode())

    def secrets_key(self) -> str:
        """The key of the jobs' secrets; made at the first start. Without this file they cannot be read any more."""
        if not self._secrets_key_file.exists():
            write_atomically(self._secrets_key_file, base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        return self._secrets_key_file.read_text().strip()

    def write_token(self, token: str) -> None:
        """Replaces the token file; no moment passes in which others can read it."""
        write_atomically(self.token_file, f"{token}\n".encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file of mode 600 that is there whole or not at all."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)  # mode 600 by contract
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
