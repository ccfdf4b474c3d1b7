"""The lock file that proves, on one host, that a former leader is gone: the kernel frees it when its process dies."""

import fcntl
import hashlib
import os
import tempfile
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class HostLock:
    """An exclusive flock on one file per database in the runtime folder; held until the process ends."""

    def __init__(self, folder: Path | None, database_key: str) -> None:
        """folder None: there is no place for the file, and so never a proof."""
        self._path = None if folder is None else folder / f"leader-{_digest(database_key)}.lock"
        self._descriptor: int | None = None
        self.identity: str | None = None

    def acquire(self) -> bool:
        """Whether this process holds the lock. Asking again is cheap."""
        if self._descriptor is not None:
            return True
        if self._path is None:
            return False
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            log.warning("host_lock_unusable", path=str(self._path), error=str(fault))
            self._path = None
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        self.identity = _identity(descriptor)
        return True


def runtime_folder(configured: Path | None) -> Path | None:
    """The folder for the lock file: the setting, systemd's, /run, or a private one in the temporary folder."""
    private = Path(tempfile.gettempdir()) / f"unified-scheduler-{os.getuid()}"
    given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    for folder in (configured, Path(given) if given else None, Path("/run/unified-scheduler"), private):
        if folder is not None and _is_usable(folder):
            return folder
    return None


def boot_id() -> str:
    """Which boot of the machine this is."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return "unknown"


def _is_usable(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = folder.stat().st_uid
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK) and owner in (0, os.getuid())


def _identity(descriptor: int) -> str:
    """The same for two processes exactly if they lock the same file in the same boot."""
    status = os.fstat(descriptor)
    return f"{boot_id()}:{status.st_dev}:{status.st_ino}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
