"""`commands`: what people ask the daemon to do."""

from typing import Any

from api.store import journal
from api.store.actor import Actor
from api.store.connection import Connection
from api.store.insertion import insert_once
from shared.clock import Clock
from shared.collections import COMMANDS
from shared.models.commands import Command


class CommandStore:
    """Commands are inserted once and then belong to the daemon."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def insert(self, command: Command, actor: Actor, request_hash: str | None) -> dict[str, Any]:
        """The inserted command, or the one that the same request made before."""
        stored = command.to_document()
        stored.pop("expireAt")
        entry = journal.entry(actor, self._clock.now(), f"command.{command.kind}", COMMANDS, None, stored)
        return insert_once(self._connection, COMMANDS, stored, entry, request_hash)
