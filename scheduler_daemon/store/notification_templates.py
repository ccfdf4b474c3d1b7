"""`notification_templates`: one immutable document per version."""

from typing import Any

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import NOTIFICATION_TEMPLATES


class NotificationTemplateStore:
    """Reads versions; only the API writes them."""

    def __init__(self, database: Database) -> None:
        self._collection = database[NOTIFICATION_TEMPLATES]

    async def version(self, template_id: str, version: int) -> dict[str, Any] | None:
        """The raw document of that version; None if there is none. A deleted template keeps its versions."""
        with translated():
            return await self._collection.find_one({"templateId": template_id, "version": version})

    async def newest(self, template_id: str) -> int | None:
        """The number of the newest version; None if there is no such template, or it was deleted."""
        with translated():
            found = await self._collection.find_one(
                {"templateId": template_id, "latest": True, "deletedAt": None}, {"version": 1}, sort=[("version", -1)]
            )
        return None if found is None else found.get("version")
