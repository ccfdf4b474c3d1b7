"""The address of a call, as parameters and settings hold it."""

from typing import Annotated

from pydantic import AfterValidator, Field
from yarl import URL

LONGEST = 2_000
_REMEDY = "write an address such as https://example.com/path"


def _checked(text: str) -> str:
    """Read by the parser of the client itself: no address means one thing here and another there."""
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("no spaces and control characters in an address; write them as %20")
    try:
        url = URL(text)
        usable = url.scheme in ("http", "https") and bool(url.host) and url.port is not None
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(_REMEDY)
    if url.raw_user is not None or url.raw_password is not None:
        raise ValueError("no user name and password in an address; give them as a secret header `Authorization`")
    return text


WebAddress = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST, json_schema_extra={"format": "uri"}),
    AfterValidator(_checked),
]
"""An http or https address. It is shown and logged: secrets belong into headers."""


def origin_of(address: str) -> str:
    """What errors and logs say of an address: scheme, host and port, without the path and the query."""
    return str(URL(address).origin())
