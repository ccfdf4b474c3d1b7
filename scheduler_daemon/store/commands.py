"""`commands`: what people asked for and nobody answered yet."""

from typing import Any

from scheduler_daemon.store.mongo import Database, translated
from shared.collections import COMMANDS


class CommandStore:
    """Reads open commands as raw documents; answers are written by store/passes.py."""

    def __init__(self, database: Database) -> None:
        self._commands = database[COMMANDS]

    async def open(self, limit: int) -> list[dict[str, Any]]:
        """Commands without an answer, oldest first. Index `open`."""
        with translated():
            return await self._commands.find({"handledAt": None}).sort("createdAt", 1).limit(limit).to_list()
