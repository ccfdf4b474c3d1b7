"""Revisions and their ETags, for stored values of any type: a malformed document can be changed, too."""

_LARGEST = 2**53


def revision_of(stored: object) -> int:
    """The stored revision, 0 if it is not a usable number."""
    if isinstance(stored, bool) or not isinstance(stored, int | float):
        return 0
    return int(stored) if 1 <= stored < _LARGEST and stored == int(stored) else 0


def next_revision(stored: object) -> int:
    """The revision after the stored one."""
    return revision_of(stored) + 1


def etag(stored: object) -> str:
    """The ETag of the stored revision."""
    return f'"{revision_of(stored)}"'


def etag_matches(if_match: str | None, stored: object) -> bool:
    """Whether an If-Match header (None: there is none) allows a change of the stored revision."""
    if if_match is None or if_match.strip() == "*":
        return True
    return etag(stored) in (each.strip().removeprefix("W/") for each in if_match.split(","))
