"""What templates use to export: the folder, the records, and the removal of what has been kept long enough."""

import re
import threading
from datetime import datetime, timedelta
from pathlib import Path

from scheduler_daemon.exports.export_file import CHECKSUM_SUFFIX, PART_NAME
from scheduler_daemon.exports.upload import Uploader
from scheduler_daemon.old_files import Removal, Removed
from scheduler_daemon.store.exports import ExportStore
from scheduler_daemon.uninterrupted import in_thread
from shared.models.exports import FILE_NAME, ExportRecord

PARTS_KEPT = timedelta(days=1)
"""Longer than any export takes: what is older was left by a process that was killed."""


def is_export(name: str) -> bool:
    """Whether data_export made a file of this name, or its checksum."""
    return re.fullmatch(FILE_NAME, name.removesuffix(CHECKSUM_SUFFIX)) is not None


def is_part(name: str) -> bool:
    """Whether it is a file in the making, or what is left of one."""
    return re.fullmatch(PART_NAME, name) is not None


class Exports:
    """folder None: the settings name none, and nothing is exported."""

    def __init__(
        self, store: ExportStore, folder: Path | None, retention: timedelta, uploader: Uploader | None = None
    ) -> None:
        """uploader None: the settings name no bucket."""
        self.folder = folder
        self.uploader = uploader
        self._store = store
        self._retention = retention

    async def save(self, record: ExportRecord) -> None:
        """Lists a file that is in its place. May be repeated."""
        await self._store.save(record)

    async def remove_old(self, now: datetime, *, dry_run: bool = False) -> tuple[Removed, int]:
        """Removes files and records that have been kept long enough. The files, and how many records."""
        until = now - self._retention
        removed = Removed()
        if self.folder is not None:
            for chosen, before in ((is_export, until), (is_part, now - PARTS_KEPT)):
                removal = Removal(before.timestamp(), chosen, recursive=False, dry_run=dry_run)
                removed.add(await remove_files(removal, self.folder))
        records = await (self._store.count_older(until) if dry_run else self._store.forget_older(until))
        return removed, records


async def remove_files(removal: Removal, folder: Path) -> Removed:
    """Runs a removal in a thread. A cancelled caller is cancelled when it has stopped, which is at once."""
    stop = threading.Event()
    try:
        return await in_thread(lambda: removal.run(folder, stop), on_cancel=stop.set)
    except FileNotFoundError:
        return Removed()
