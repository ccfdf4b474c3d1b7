"""Removes old files from a folder that the settings allow, and never anything outside of it. Blocks: runs in a thread.

Every step goes through the descriptor of the folder that it is in, and no step follows a symbolic link, so nobody can
lead it elsewhere by exchanging a folder for a link while it works. Links themselves, and other file systems, stay.
"""

import os
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
DEEPEST = 50


@dataclass(slots=True)
class Removed:
    """What was removed; of a dry run: what would be. failed: could not be removed."""

    files: int = 0
    bytes: int = 0
    folders: int = 0
    failed: int = 0

    def add(self, other: "Removed") -> None:
        self.files += other.files
        self.bytes += other.bytes
        self.folders += other.folders
        self.failed += other.failed


@dataclass(frozen=True, slots=True)
class Removal:
    """A pass over one folder. before: seconds since 1970; what was modified later stays.

    chosen: whether a file of this name may be removed.
    recursive: also in the folders within; these go when they are old and empty.
    """

    before: float
    chosen: Callable[[str], bool]
    recursive: bool = True
    dry_run: bool = False

    def run(self, folder: Path, stop: threading.Event) -> Removed:
        """Goes through the folder until `stop` is set. OSError: the folder itself cannot be opened."""
        removed = Removed()
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._within(descriptor, os.fstat(descriptor).st_dev, 0, removed, stop)
        finally:
            os.close(descriptor)
        return removed

    def _within(self, folder: int, device: int, depth: int, removed: Removed, stop: threading.Event) -> bool:
        """Whether the folder is empty now."""
        left = False
        for name in os.listdir(folder):
            if stop.is_set():
                return False
            try:
                gone = self._entry(folder, name, device, depth, removed, stop)
            except FileNotFoundError:
                continue  # somebody else removed it
            except OSError:
                removed.failed += 1
                gone = False
            left = left or not gone
        return not left

    def _entry(self, folder: int, name: str, device: int, depth: int, removed: Removed, stop: threading.Event) -> bool:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISREG(found.st_mode):
            if found.st_mtime >= self.before or not self.chosen(name):
                return False
            if not self.dry_run:
                os.unlink(name, dir_fd=folder)
            removed.files += 1
            removed.bytes += found.st_size
            return True
        if not stat.S_ISDIR(found.st_mode) or not self.recursive or depth >= DEEPEST:
            return False
        inner = os.open(name, _FOLDER, dir_fd=folder)
        try:
            if os.fstat(inner).st_dev != device:
                return False
            empty = self._within(inner, device, depth + 1, removed, stop)
        finally:
            os.close(inner)
        if not empty or found.st_mtime >= self.before:  # as it was before its files went
            return False
        if not self.dry_run:
            os.rmdir(name, dir_fd=folder)
        removed.folders += 1
        return True
