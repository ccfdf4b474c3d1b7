"""`job_templates`: what the daemons can run, and which of its parameters are secret."""

from collections.abc import Mapping
from typing import Any

from api.store.connection import Connection
from api.store.errors import translated
from shared.collections import JOB_TEMPLATES
from shared.errors import InvalidDefinition
from shared.models.catalogue import PublishedTemplate
from shared.secret_params import Schema, masked

MOST_TEMPLATES = 1000


class SecretMasks:
    """Hides the secret parameters of whatever was made from a template: jobs, runs, commands."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        """schemas: of the parameters, by the template's type."""
        self._schemas = schemas

    def hidden(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of a document with `template` and `params` that may be shown. Never fails."""
        shown = dict(document)
        if shown.get("params") is not None:
            template = shown.get("template")
            schema = self._schemas.get(template) if isinstance(template, str) else None
            shown["params"] = masked(shown["params"], schema)
        return shown


class CatalogueStore:
    """The published job templates."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def all(self) -> list[PublishedTemplate]:
        """By type; a malformed entry is left out, as no job can use it."""
        found = self._connection.collection(JOB_TEMPLATES).find({}).sort("_id", 1).limit(MOST_TEMPLATES)
        return [template for document in found if (template := _parsed(document)) is not None]

    def masks(self) -> SecretMasks:
        """By what is published now, also by daemons that are gone."""
        return SecretMasks({template.type: template.parameters_schema for template in self.all()})


def _parsed(document: dict[str, object]) -> PublishedTemplate | None:
    try:
        return PublishedTemplate.from_document(document)
    except InvalidDefinition:
        return None
