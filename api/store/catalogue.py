"""`job_templates`: what the daemons can run, and which of its parameters are secret."""

from collections.abc import Iterable, Mapping
from typing import Any

from api.store.connection import Connection
from api.store.errors import translated
from shared.collections import JOB_TEMPLATES
from shared.errors import InvalidDefinition
from shared.models.catalogue import PublishedTemplate
from shared.secret_params import ParamMask, Schema

MOST_TEMPLATES = 1000


class SecretMasks:
    """Hides the secret parameters of whatever was made from a template: jobs, runs, commands."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        """schemas: of the parameters, by the template's type."""
        self._masks = {template: ParamMask(schema) for template, schema in schemas.items()}
        self._of_unknown = ParamMask(None)

    def hidden(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of a document with `template` and `params` that may be shown. Never fails."""
        shown = dict(document)
        if shown.get("params"):
            template = shown.get("template")
            known = self._masks.get(template) if isinstance(template, str) else None
            shown["params"] = (known or self._of_unknown).masked(shown["params"])
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

    @translated()
    def masks(self, documents: Iterable[Mapping[str, Any]]) -> SecretMasks:
        """For these, by what is published now, also by daemons that are gone. Without parameters nothing is read."""
        types = [document.get("template") for document in documents if document.get("params")]
        wanted = {each for each in types if isinstance(each, str)}
        if not wanted:
            return SecretMasks({})
        named = {"_id": {"$in": list(wanted)}}
        found = self._connection.collection(JOB_TEMPLATES).find(named, {"parametersSchema": 1})
        schemas = {each["_id"]: each.get("parametersSchema") for each in found}
        return SecretMasks({each: schema for each, schema in schemas.items() if isinstance(schema, Mapping)})


def _parsed(document: dict[str, object]) -> PublishedTemplate | None:
    try:
        return PublishedTemplate.from_document(document)
    except InvalidDefinition:
        return None
