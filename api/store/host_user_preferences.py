"""`host_user_preferences`: what users of the host application do not want."""

from collections.abc import Mapping
from typing import Any

from api.store.actor import Actor
from api.store.errors import NoSuchDocument
from api.store.owned import OwnedStore
from shared.collections import HOST_USER_PREFERENCES


class HostUserPreferencesStore(OwnedStore):
    """One document for each user who has said something."""

    collection = HOST_USER_PREFERENCES
    noun = "host_user_preferences"

    def put(self, user_id: str, if_match: str | None, fields: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
        """The document, changed or new. With If-Match it must be there."""
        try:
            return self.replace(user_id, if_match, fields, actor)
        except NoSuchDocument:
            if if_match is not None:
                raise
        return self.insert(user_id, fields, actor)
