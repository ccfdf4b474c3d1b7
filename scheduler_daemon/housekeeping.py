"""What of this system's own is of no use any more: expired documents, dead tokens, old exports, temporary files."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from scheduler_daemon.exports.service import Exports, remove_files
from scheduler_daemon.old_files import Removal, Removed
from scheduler_daemon.store.expired import EXPIRING, ExpiredStore
from shared.errors import InvalidDefinition

BATCH = 500


class OwnHousekeeping:
    """Each method may be repeated, and with dry_run only counts."""

    def __init__(self, store: ExpiredStore, exports: Exports, temporary_folders: Sequence[Path]) -> None:
        """temporary_folders: nothing outside of them is ever removed."""
        self._store = store
        self._exports = exports
        self._folders = tuple(temporary_folders)

    async def remove_expired(self, now: datetime, pause: timedelta, *, dry_run: bool) -> dict[str, int]:
        """Documents whose time is over, by collection."""
        counts: dict[str, int] = {}
        for collection in EXPIRING:
            if dry_run:
                counts[collection] = await self._store.count(collection, now)
                continue
            counts[collection] = 0
            while deleted := await self._store.delete(collection, now, BATCH):
                counts[collection] += deleted
                if deleted < BATCH:
                    break
                await asyncio.sleep(pause.total_seconds())
        return counts

    async def remove_tokens(self, until: datetime, *, dry_run: bool) -> int:
        """API tokens that expired or were revoked before `until`."""
        ids = await self._store.useless_tokens(until)
        return len(ids) if dry_run or not ids else await self._store.delete_tokens(ids, until)

    async def remove_exports(self, now: datetime, *, dry_run: bool) -> tuple[Removed, int]:
        """Exported files that have been kept long enough, and how many records."""
        return await self._exports.remove_old(now, dry_run=dry_run)

    def folders(self, chosen: Sequence[str]) -> list[Path]:
        """The temporary folders that were chosen, or all; InvalidDefinition for one that the settings do not list."""
        for folder in chosen:
            if Path(folder) not in self._folders:
                raise InvalidDefinition("folders", f"the setting TEMPORARY_FOLDERS does not list {folder!r}")
        return [Path(folder) for folder in chosen] or list(self._folders)

    async def remove_temporary(self, folder: Path, until: datetime, *, dry_run: bool) -> Removed:
        """Files in an allowed folder, and in those within, that were not modified since `until`."""
        if folder not in self._folders:
            raise InvalidDefinition("folders", f"the setting TEMPORARY_FOLDERS does not list {str(folder)!r}")
        return await remove_files(Removal(until.timestamp(), lambda _name: True, dry_run=dry_run), folder)
