"""JWTs of the host application as bearer tokens. Off unless API_HOST_TOKENS is set."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import jwt
import structlog
from jwt import PyJWKClient

from api.problems import RETRY_AFTER_SECONDS, Problem, ProblemCode
from shared.models.access import Role
from shared.models.host_tokens import HostTokens
from shared.settings import Settings

log = structlog.get_logger("api")

LONGEST = 8192
LEEWAY_SECONDS = 30
FETCH_SECONDS = 5
LONGEST_SUBJECT = 190
_REQUIRED = ["exp", "iss", "aud", "sub"]


class HostCaller(NamedTuple):
    """Whom a valid token names. roles: those of ours that it gives, maybe none."""

    subject: str
    roles: tuple[Role, ...]
    expires_at: datetime


class InvalidHostToken(Exception):
    """It is not valid. expired: it was; it is no guess."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__("expired" if expired else "not valid")
        self.expired = expired


class HostTokenReader:
    """Checks signature, issuer, audience and time. The algorithm is that of the settings, whatever a token says."""

    def __init__(self, expected: HostTokens, key: str | None) -> None:
        """key: of HS256; None: the keys are fetched from jwksUrl, and again when an unknown one appears."""
        self._expected = expected
        self._key = key
        self._published = None
        if expected.jwks_url is not None:
            self._published = PyJWKClient(expected.jwks_url, timeout=FETCH_SECONDS)

    @classmethod
    def from_settings(cls, settings: Settings) -> "HostTokenReader | None":
        """None: the settings expect no tokens of a host application."""
        if settings.api_host_tokens is None:
            return None
        key = settings.api_host_tokens_key
        return cls(settings.api_host_tokens, None if key is None else key.get_secret_value())

    def read(self, token: str) -> HostCaller:
        """Whom the token names; InvalidHostToken, or Problem 503 while the keys cannot be fetched."""
        try:
            claims = jwt.decode(
                token,
                self._key_for(token),
                algorithms=["HS256" if self._published is None else self._expected.algorithm],
                issuer=self._expected.issuer,
                audience=self._expected.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
            expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        except jwt.ExpiredSignatureError:
            raise InvalidHostToken(expired=True) from None
        except jwt.PyJWKClientConnectionError as fault:
            log.warning("host_keys_not_fetched", url=self._expected.jwks_url, error=type(fault).__name__)
            raise _keys_unavailable() from None
        except (jwt.PyJWTError, ValueError, OverflowError, OSError, RecursionError):
            raise InvalidHostToken(expired=False) from None
        subject = str(claims["sub"])
        if not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
            raise InvalidHostToken(expired=False)
        return HostCaller(subject, self._roles(claims), expires_at)

    def _key_for(self, token: str) -> Any:
        return self._key if self._published is None else self._published.get_signing_key_from_jwt(token).key

    def _roles(self, claims: Mapping[str, Any]) -> tuple[Role, ...]:
        given = claims.get(self._expected.role_claim)
        values = given if isinstance(given, list) else [given]
        known = self._expected.roles
        return tuple(dict.fromkeys(known[value] for value in values if isinstance(value, str) and value in known))


def looks_like_one(token: str) -> bool:
    """Our own tokens hold no dot."""
    return token.count(".") == 2


def _keys_unavailable() -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ProblemCode.HOST_KEYS_UNAVAILABLE,
        "The keys of the host application cannot be fetched now; try again.",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
