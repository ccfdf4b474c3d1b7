"""`commands`: what people ask the daemon to do."""

from collections.abc import Mapping
from typing import Any

from api.store import journal
from api.store.actor import Actor
from api.store.catalogue import CatalogueStore
from api.store.connection import Connection
from api.store.insertion import insert_once
from shared.clock import Clock
from shared.collections import COMMANDS
from shared.models.commands import Command


class CommandStore:
    """Commands are inserted once and then belong to the daemon."""

    def __init__(self, connection: Connection, clock: Clock, catalogue: CatalogueStore) -> None:
        self._connection = connection
        self._clock = clock
        self._catalogue = catalogue

    def insert(
        self, command: Command, actor: Actor, request_hash: str | None, template: str | None = None
    ) -> dict[str, Any]:
        """The inserted command, or the one that the same request made before.

        template: whose parameters the command has; None: `params` are the command's own and hold no secret.
        """
        stored = command.to_document()
        stored.pop("expireAt")

        def hide(document: Mapping[str, Any]) -> Mapping[str, Any]:
            if template is None or document.get("params") is None:
                return document
            return self._catalogue.masks().hidden({**document, "template": template})

        entry = journal.entry(actor, self._clock.now(), f"command.{command.kind}", COMMANDS, None, stored, hide)
        return insert_once(self._connection, COMMANDS, stored, entry, request_hash)
