"""A file that others see only when it is whole: written beside its place, synced, renamed, its checksum with it.

Everything here blocks; it runs in a thread.
"""

import gzip
import hashlib
import io
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

PART_NAME = r"^\..{1,200}\.part$"
"""A file in the making, or what a killed process left of one."""
CHECKSUM_SUFFIX = ".sha256"
FILE_MODE = 0o640
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_COMPRESSION_LEVEL = 4


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a file."""

    name: str
    bytes: int
    sha256: str


class _HashingFile(io.RawIOBase):
    """Counts and hashes what goes through."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self.hash = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.hash.update(data)
        self._file.write(data)
        length = memoryview(data).nbytes
        self.size += length
        return length

    def flush(self) -> None:
        if not self._file.closed:
            self._file.flush()


class ExportFile:
    """Write to `stream`, then commit() or discard()."""

    def __init__(self, folder: Path, name: str, *, compress: bool) -> None:
        """OSError: the folder cannot be written. compress: by gzip; without a time stamp, so equal data is equal.

        What a killed process left of the same file is removed: of one file there is one writer at a time.
        """
        self.name = name
        self._temporary = f".{name}.{secrets.token_hex(4)}.part"
        self._parts: set[str] = set()
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._remove_parts()
            self._file = self._create(self._temporary)
        except OSError:
            os.close(self._folder)
            raise
        self._ended = False
        self._hashing = _HashingFile(self._file)
        self._gzip = (
            gzip.GzipFile("", "wb", _COMPRESSION_LEVEL, cast(BinaryIO, self._hashing), mtime=0) if compress else None
        )

    @property
    def stream(self) -> BinaryIO:
        return cast(BinaryIO, self._gzip or self._hashing)

    def commit(self) -> Written:
        """Gives the file its name, over one of an earlier attempt. The checksum has its place first."""
        if self._gzip is not None:
            self._gzip.close()
        _synced(self._file)
        written = Written(self.name, self._hashing.size, self._hashing.hash.hexdigest())
        checksum = f".{self.name}.{secrets.token_hex(4)}{CHECKSUM_SUFFIX}.part"
        with self._create(checksum) as file:
            file.write(f"{written.sha256}  {self.name}\n".encode())
            _synced(file)
        self._rename(checksum, self.name + CHECKSUM_SUFFIX)
        self._rename(self._temporary, self.name)
        os.fsync(self._folder)
        os.close(self._folder)
        self._ended = True
        return written

    def discard(self) -> None:
        """Removes what was written so far. A file that has its place stays."""
        if self._ended:
            return
        self._ended = True
        for each in (self._gzip, self._file):
            with suppress(OSError, ValueError):  # a full disk: what is held back cannot be written, either
                if each is not None:
                    each.close()
        for part in self._parts:
            with suppress(FileNotFoundError):
                os.unlink(part, dir_fd=self._folder)
        os.close(self._folder)

    def _remove_parts(self) -> None:
        for name in os.listdir(self._folder):
            if name.startswith(f".{self.name}.") and name.endswith(".part"):
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=self._folder)

    def _create(self, name: str) -> BinaryIO:
        file = os.fdopen(os.open(name, _NEW, FILE_MODE, dir_fd=self._folder), "wb", buffering=1024 * 1024)
        self._parts.add(name)
        return file

    def _rename(self, old: str, new: str) -> None:
        os.rename(old, new, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._parts.discard(old)


def _synced(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
