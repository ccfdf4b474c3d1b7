"""`exports`: what was exported. The files are elsewhere; a record without its file is shown as gone."""

from datetime import datetime

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import EXPORTS
from shared.models.exports import ExportRecord


class ExportStore:
    """Writes records, and forgets old ones."""

    def __init__(self, database: Database) -> None:
        self._exports = database[EXPORTS]

    async def save(self, record: ExportRecord) -> None:
        """Inserts it, or replaces that of an earlier attempt of the same run."""
        document = record.to_document()
        with translated():
            await self._exports.replace_one({"_id": record.id}, document, upsert=True)

    async def count_older(self, moment: datetime) -> int:
        with translated():
            return await self._exports.count_documents({"createdAt": {"$lt": moment}})

    async def forget_older(self, moment: datetime) -> int:
        """Deletes the records from before `moment`. How many."""
        with translated():
            result = await self._exports.delete_many({"createdAt": {"$lt": moment}})
        return result.deleted_count
