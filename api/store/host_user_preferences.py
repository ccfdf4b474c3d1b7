"""`host_user_preferences`: what users of the host application do not want."""

from collections.abc import Mapping
from typing import Any

from api.store.actor import Actor
from api.store.owned import OwnedStore
from shared.collections import HOST_USER_PREFERENCES
from shared.errors import DuplicateDocument


class HostUserPreferencesStore(OwnedStore):
    """One document for each user who has said something."""

    collection = HOST_USER_PREFERENCES
    noun = "host_user_preferences"

    def add(self, user_id: str, fields: Mapping[str, Any], actor: Actor) -> dict[str, Any] | None:
        """The new document; None if the user has one."""
        try:
            return self.insert(user_id, fields, actor)
        except DuplicateDocument:
            return None
