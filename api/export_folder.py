"""Files that the daemon exported, as this process sees them: the same EXPORT_FOLDER, opened anew for each use."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple

from flask import Flask, current_app

from shared.models.exports import FILE_NAME
from shared.settings import Settings

_KEY = "unified_scheduler_exports"


class ExportFolder(NamedTuple):
    """path None: the settings name no folder, so no file is there."""

    path: Path | None
    retention: timedelta

    def has(self, name: str, size: int) -> bool:
        """Whether the file is there, and whole."""
        file = self.open(name, size)
        if file is not None:
            file.close()
        return file is not None

    def open(self, name: str, size: int) -> BinaryIO | None:
        """The file of that name and size in the folder itself; None if there is none. Follows no link."""
        if self.path is None or re.fullmatch(FILE_NAME, name) is None:
            return None
        try:
            with _opened(self.path) as folder:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except OSError:
            return None
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_size == size:
            return os.fdopen(descriptor, "rb")
        os.close(descriptor)
        return None


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def keep(app: Flask, settings: Settings) -> None:
    """Called once, by create_app."""
    app.extensions[_KEY] = ExportFolder(settings.export_folder, settings.export_retention)


def export_folder() -> ExportFolder:
    """That of the present application."""
    found: ExportFolder = current_app.extensions[_KEY]
    return found
