"""`dynamic_jobs`."""

from collections.abc import Iterable

from api.store.catalogue import CatalogueStore
from api.store.connection import Connection
from api.store.definitions import DefinitionStore
from api.store.errors import translated
from api.store.journal import Hide
from shared.clock import Clock
from shared.collections import DYNAMIC_JOBS


class JobStore(DefinitionStore):
    """Jobs."""

    collection = DYNAMIC_JOBS
    noun = "job"

    def __init__(self, connection: Connection, clock: Clock, catalogue: CatalogueStore) -> None:
        super().__init__(connection, clock)
        self._catalogue = catalogue

    @translated()
    def templates_in_use(self, templates: tuple[str, ...]) -> set[str]:
        """Which of these templates have an enabled job."""
        found = self._connection.collection(self.collection).distinct(
            "template", {"template": {"$in": list(templates)}, "enabled": True, "deletedAt": None}
        )
        return {template for template in found if isinstance(template, str)}

    @translated()
    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """What these jobs are called, deleted ones too; whoever is not found is left out."""
        found = self._connection.collection(self.collection).find({"_id": {"$in": list(set(ids))}}, {"name": 1})
        return {str(job["_id"]): job["name"] for job in found if isinstance(job.get("name"), str)}

    def _hide(self) -> Hide:
        return lambda document: self._catalogue.masks([document]).hidden(document)
