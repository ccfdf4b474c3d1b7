"""Secret parameters at rest: AES-256-GCM (NIST SP 800-38D), each bound to its job and its field.

A sealed secret is a BSON binary of subtype 128, which no JSON can write: fingerprint of the key, nonce, ciphertext. It
is copied as it is from a job or a command into runs, and opened where a run starts.
"""

import base64
import binascii
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bson.binary import Binary
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from shared.errors import InvalidDefinition
from shared.secret_params import Path, Schema, with_secrets

SUBTYPE = 128
KEY_BYTES = 32
SETTING = "SECRETS_KEY"
_FINGERPRINT_BYTES = 8
_NONCE_BYTES = 12

Place = tuple[str | None, ...]
"""A path in which every entry of a list is None."""


def read_keys(text: str) -> tuple[bytes, ...]:
    """The keys of the setting, in base64 with commas between; ValueError without a value in it."""
    keys = []
    for part in text.split(","):
        try:
            key = base64.b64decode(part.strip(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise ValueError(
                f"each key is {KEY_BYTES} random bytes in base64, keys have commas between: openssl rand -base64 32"
            )
        keys.append(key)
    return tuple(keys)


def is_sealed(value: Any) -> bool:
    """Whether a stored value is one that a vault has sealed."""
    return isinstance(value, Binary) and value.subtype == SUBTYPE


def fingerprint_of(sealed: bytes) -> str:
    """Of the key that it was sealed with."""
    return sealed[:_FINGERPRINT_BYTES].hex()


class Vault:
    """Seals with the first key, opens with any. Without keys it opens nothing and refuses to seal."""

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        self._ciphers = {_fingerprint(key): AESGCM(key) for key in keys}
        self._first = _fingerprint(keys[0]) if keys else None

    @classmethod
    def of(cls, setting: SecretStr | None) -> "Vault":
        """By the setting SECRETS_KEY, which was checked when it was read."""
        return cls(() if setting is None else read_keys(setting.get_secret_value()))

    @property
    def fingerprint(self) -> str | None:
        """Of the key that seals; None: there is none."""
        return None if self._first is None else self._first.hex()

    def knows(self, fingerprint: str) -> bool:
        """Whether there is such a key."""
        return fingerprint in map(fingerprint_of, self._ciphers)

    def sealed(self, params: Mapping[str, Any], schema: Schema, job_id: str, stored: Any = None) -> dict[str, Any]:
        """`params` with its secrets sealed. One that has not changed since `stored` stays as it is stored.

        InvalidDefinition names the first secret if there is no key.
        """
        before = defaultdict(list)
        for path, value in _sealed_places(stored, ("params",)):
            before[path].append(value)

        def seal(value: Any, path: Path) -> Any:
            if value is None:
                return None
            key = self._first
            if key is None:
                detail = f"a secret is stored encrypted only; give {SETTING} to the API and to the daemon first"
                raise InvalidDefinition(".".join(map(str, path)), detail, "no_secrets_key")
            place = _place(path)
            same = (each for each in before[place] if self._is_same(each, value, place, job_id))
            return next(same, None) or self._seal(key, value, place, job_id)

        written: dict[str, Any] = with_secrets(params, schema, seal)
        return written

    def opened(self, params: Any, job_id: str) -> Any:
        """`params` as they were before sealed(). InvalidDefinition names a secret that no key opens."""

        def open_one(value: Binary, path: Path) -> Any:
            found = self._open(value, _place(path), job_id)
            if found is None:
                raise InvalidDefinition(".".join(map(str, path)), self._why_not(value), "secret_unreadable")
            return json.loads(found)

        return _mapped(params, ("params",), open_one)

    def openable(self, params: Any, job_id: str) -> Any:
        """As opened(), with null for each secret that no key opens: it has to be entered again."""

        def open_one(value: Binary, path: Path) -> Any:
            found = self._open(value, _place(path), job_id)
            return None if found is None else json.loads(found)

        return _mapped(params, ("params",), open_one)

    def _seal(self, key: bytes, value: Any, place: Place, job_id: str) -> Binary:
        """key: its fingerprint."""
        nonce = os.urandom(_NONCE_BYTES)
        text = json.dumps(value, default=str).encode()
        sealed = self._ciphers[key].encrypt(nonce, text, _bound_to(place, job_id))
        return Binary(key + nonce + sealed, SUBTYPE)

    def _open(self, value: bytes, place: Place, job_id: str) -> bytes | None:
        cipher = self._ciphers.get(value[:_FINGERPRINT_BYTES])
        if cipher is None:
            return None
        start = _FINGERPRINT_BYTES + _NONCE_BYTES
        try:
            return cipher.decrypt(value[_FINGERPRINT_BYTES:start], value[start:], _bound_to(place, job_id))
        except (InvalidTag, ValueError):
            return None

    def _is_same(self, sealed: bytes, value: Any, place: Place, job_id: str) -> bool:
        if sealed[:_FINGERPRINT_BYTES] != self._first:
            return False
        found = self._open(sealed, place, job_id)
        return found is not None and json.loads(found) == value

    def _why_not(self, value: bytes) -> str:
        if value[:_FINGERPRINT_BYTES] not in self._ciphers:
            return f"it is encrypted with a key that is not in {SETTING} here; add the key, or enter the secret again"
        return "it is damaged, or was copied from another job or field; enter the secret again"


def _fingerprint(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=_FINGERPRINT_BYTES, person=b"secrets-key").digest()


def _bound_to(place: Place, job_id: str) -> bytes:
    return json.dumps([job_id, *place]).encode()


def _place(path: Path) -> Place:
    """Entries of a list may change places: they share one."""
    return tuple(None if isinstance(part, int) else part for part in path)


def _sealed_places(value: Any, path: Path) -> Iterator[tuple[Place, Binary]]:
    if is_sealed(value):
        yield _place(path), value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _sealed_places(inner, (*path, str(name)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _sealed_places(inner, (*path, index))


def _mapped(value: Any, path: Path, change: Callable[[Binary, Path], Any]) -> Any:
    if is_sealed(value):
        return change(value, path)
    if isinstance(value, Mapping):
        return {name: _mapped(inner, (*path, str(name)), change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_mapped(inner, (*path, index), change) for index, inner in enumerate(value)]
    return value
