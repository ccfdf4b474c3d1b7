"""Who makes a change."""

from typing import NamedTuple


class Actor(NamedTuple):
    """A token's name, the request and the token's id (None: the command line)."""

    name: str
    request_id: str | None = None
    id: str | None = None
    mark: tuple[str, str] | None = None
    """The change comes from files: the label of their set, and the digest of the document there."""
    forced: bool = False
    """The change is made although the document is kept in files."""
