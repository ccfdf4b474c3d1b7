"""`job_templates`: what the daemons can run."""

from api.store.connection import Connection
from api.store.errors import translated
from shared.collections import JOB_TEMPLATES
from shared.errors import InvalidDefinition
from shared.models.catalogue import PublishedTemplate

MOST_TEMPLATES = 1000


class CatalogueStore:
    """The published job templates."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def all(self) -> list[PublishedTemplate]:
        """By type; a malformed entry is left out, as no job can use it."""
        found = self._connection.collection(JOB_TEMPLATES).find({}).sort("_id", 1).limit(MOST_TEMPLATES)
        return [template for document in found if (template := _parsed(document)) is not None]


def _parsed(document: dict[str, object]) -> PublishedTemplate | None:
    try:
        return PublishedTemplate.from_document(document)
    except InvalidDefinition:
        return None
