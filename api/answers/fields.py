"""Fields of stored documents and of valid models, as answers show them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from shared.clock import rfc3339


def moment(value: Any) -> str | None:
    """A stored moment for a field that shows moments only: anything else is null."""
    return rfc3339(value) if isinstance(value, datetime) else None


def fields_of(document: BaseModel, names: set[str]) -> dict[str, Any]:
    """The JSON form of these fields (snake_case) of a valid model."""
    return document.model_dump(mode="json", by_alias=True, include=names)
