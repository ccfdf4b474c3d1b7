"""Headers that a person may set on a call: what HTTP can carry, and no secret in plain sight."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from shared.logging import SECRET_WORDS

LONGEST_VALUE = 4_000
MOST_HEADERS = 50
_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$"
_OURS = frozenset(
    {
        "connection", "content-length", "content-type", "expect", "host", "keep-alive", "te", "trailer",
        "transfer-encoding", "upgrade", "webhook-id", "webhook-signature", "webhook-timestamp",
    }
)  # fmt: skip
_SECRET = ("cookie", *SECRET_WORDS)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def _not_ours(name: str) -> str:
    if name.lower() in _OURS:
        raise ValueError("this header is set by the call itself; leave it out")
    return name


def _open(name: str) -> str:
    word = name.lower().replace("-", "_")
    if any(secret in word for secret in _SECRET):
        raise ValueError("this header holds a secret; give it in secretHeaders, where it is masked")
    return name


def _one_line(value: str) -> str:
    if _CONTROL.search(value) or not value.isascii():
        raise ValueError("a header is one line of ASCII without control characters")
    return value


def _secret_line(value: SecretStr) -> SecretStr:
    _one_line(value.get_secret_value())
    return value


SecretHeaderName = Annotated[str, Field(pattern=_NAME), AfterValidator(_not_ours)]
HeaderName = Annotated[SecretHeaderName, AfterValidator(_open)]
HeaderValue = Annotated[str, Field(max_length=LONGEST_VALUE), AfterValidator(_one_line)]
SecretHeaderValue = Annotated[SecretStr, Field(max_length=LONGEST_VALUE), AfterValidator(_secret_line)]


def repeated(names: Iterable[str]) -> str | None:
    """A header that is given twice: names differ by more than their case. None: there is none."""
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            return name
        seen.add(name.lower())
    return None
