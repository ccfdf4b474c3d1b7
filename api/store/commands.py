"""`commands`: what people ask the daemon to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.client_session import ClientSession

from api.store import journal
from api.store.actor import Actor
from api.store.catalogue import CatalogueStore
from api.store.connection import Connection
from api.store.errors import translated
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
            named = {**document, "template": template}
            return self._catalogue.masks([named]).hidden(named)

        entry = journal.entry(actor, self._clock.now(), f"command.{command.kind}", COMMANDS, None, stored, hide)
        return insert_once(self._connection, COMMANDS, stored, entry, request_hash)

    @translated()
    def insert_all(self, commands: Sequence[Command], actor: Actor, action: str, about: str) -> int:
        """Inserts those whose id is new, with one entry in the audit log; how many. about: what they are about."""
        collection = self._connection.collection(COMMANDS)

        def work(session: ClientSession) -> int:
            ids = [command.id for command in commands]
            known = {each["_id"] for each in collection.find({"_id": {"$in": ids}}, {"_id": 1}, session=session)}
            documents = [command.to_document() for command in commands if command.id not in known]
            if not documents:
                return 0
            for document in documents:
                document.pop("expireAt")
            collection.insert_many(documents, session=session)
            made = {"_id": about, "commands": [document["_id"] for document in documents]}
            entry = journal.entry(actor, self._clock.now(), f"command.{action}", COMMANDS, None, made)
            journal.write(self._connection, session, entry)
            return len(documents)

        return self._connection.transaction(work)
