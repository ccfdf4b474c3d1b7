"""Documents that are kept in files: who may change them otherwise, and what is noted of them."""

from collections.abc import Mapping
from typing import Any

from api.store.actor import Actor
from shared.errors import StoreError

FILES = "files"


class ManagedByFiles(StoreError):
    """The definition comes from files, and the request does not."""


def refuse_foreign_change(seen: Mapping[str, Any], actor: Actor) -> None:
    """ManagedByFiles unless the change comes from files itself, or is forced."""
    if seen.get("managedBy") == FILES and actor.mark is None and not actor.forced:
        raise ManagedByFiles(str(seen["_id"]))


def mark_fields(actor: Actor, seen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What is stored with a definition. A forced change leaves the mark, but it is no longer what the file says."""
    if actor.mark is not None:
        return {"managedBy": FILES, "managedLabel": actor.mark[0], "managedDigest": actor.mark[1]}
    if seen is not None and seen.get("managedBy") == FILES:
        return {"managedBy": FILES, "managedLabel": seen.get("managedLabel"), "managedDigest": None}
    return {}
