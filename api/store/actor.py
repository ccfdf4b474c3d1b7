"""Who makes a change."""

from typing import NamedTuple


class Actor(NamedTuple):
    """A token's name and the request (None: the command line)."""

    name: str
    request_id: str | None = None
