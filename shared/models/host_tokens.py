"""JWTs of the host application: who issues them, for whom, and which of our roles their bearers have."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from shared.models.access import Role
from shared.models.base import Value

_LOCAL = ("127.0.0.1", "localhost", "::1")


def _is_safe_address(text: str) -> str:
    parts = urlsplit(text)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    if not safe or not parts.hostname or "@" in parts.netloc:
        raise ValueError("write an address such as https://login.example.com/jwks.json; http only for this host")
    return text


class HostTokens(Value):
    """The setting API_HOST_TOKENS. Without jwksUrl the tokens are signed with API_HOST_TOKENS_KEY.

    roles: from a value of the claim to a role of ours; whoever has none of these values may do nothing.
    """

    issuer: Annotated[str, Field(min_length=1)]
    audience: Annotated[str, Field(min_length=1)]
    roles: Annotated[dict[str, Role], Field(min_length=1)]
    role_claim: Annotated[str, Field(min_length=1)] = "role"
    jwks_url: Annotated[str, AfterValidator(_is_safe_address)] | None = None
    algorithm: Literal["RS256", "PS256", "ES256", "EdDSA"] = "RS256"
    """Of the keys behind jwksUrl; no token chooses its own."""
