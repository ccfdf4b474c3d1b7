"""Who makes a change."""

from typing import NamedTuple


class Actor(NamedTuple):
    """A token's name, the request and the token's id (None: the command line)."""

    name: str
    request_id: str | None = None
    id: str | None = None
