"""What a view needs of its application: the store, the clock, the settings, who acts and under which identity."""

import hashlib
import json
import re
import uuid
from contextlib import suppress
from http import HTTPStatus
from typing import NamedTuple

from flask import Flask, current_app, g, request

from api.problems import FieldFault, Problem, ProblemCode, invalid_fields
from api.store import Actor, Store
from shared.clock import Clock
from shared.secrets_vault import Vault
from shared.settings import Settings

IDEMPOTENCY_KEY = "Idempotency-Key"
LONGEST_KEY = 200
FILES_HEADER = "X-Managed-By"
FILE_MARK = re.compile(r"files; label=([A-Za-z0-9_.-]{1,63}); digest=([0-9a-f]{64})")
_STORE, _CLOCK, _SETTINGS = "unified_scheduler_store", "unified_scheduler_clock", "unified_scheduler_settings"
_VAULT = "unified_scheduler_vault"


def keep(app: Flask, a_store: Store, a_clock: Clock, the_settings: Settings) -> None:
    """Called once, by create_app."""
    app.extensions[_STORE] = a_store
    app.extensions[_CLOCK] = a_clock
    app.extensions[_SETTINGS] = the_settings
    app.extensions[_VAULT] = Vault.of(the_settings.secrets_key)


def store_of(app: Flask) -> Store:
    """The store of an application, outside of a request."""
    found: Store = app.extensions[_STORE]
    return found


def store() -> Store:
    return store_of(current_app)


def clock() -> Clock:
    found: Clock = current_app.extensions[_CLOCK]
    return found


def settings() -> Settings:
    found: Settings = current_app.extensions[_SETTINGS]
    return found


def vault() -> Vault:
    """What seals and opens secret parameters."""
    found: Vault = current_app.extensions[_VAULT]
    return found


def actor() -> Actor:
    """Who makes this request, for createdBy and the audit log, and whether it comes from files."""
    return Actor(g.principal.name, g.request_id, g.principal.token_id, _file_mark(), _forced())


def _file_mark() -> tuple[str, str] | None:
    given = request.headers.get(FILES_HEADER)
    if given is None:
        return None
    mark = FILE_MARK.fullmatch(given)
    if mark is None:
        detail = "write `files; label=NAME; digest=SHA-256 in hexadecimal`"
        raise invalid_fields([FieldFault(FILES_HEADER, "invalid_mark", detail)])
    return mark[1], mark[2]


def _forced() -> bool:
    given = request.args.get("force", "false")
    if given not in ("true", "false"):
        raise invalid_fields([FieldFault("force", "invalid_choice", "write `true` or `false`")])
    return given == "true"


class Identity(NamedTuple):
    """The id of what a POST makes. request_hash None: no Idempotency-Key came, so nothing can be repeated."""

    id: str
    request_hash: str | None


def identity() -> Identity:
    """The same Idempotency-Key from the same token on the same path is the same id."""
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return Identity(uuid.uuid4().hex, None)
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        detail = f"1 to {LONGEST_KEY} printable characters"
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            ProblemCode.INVALID_IDEMPOTENCY_KEY,
            f"{IDEMPOTENCY_KEY}: {detail}",
            [FieldFault(IDEMPOTENCY_KEY, ProblemCode.INVALID_IDEMPOTENCY_KEY, detail)],
        )
    source = "\x00".join((g.principal.token_id, request.method, request.path, key))
    return Identity(hashlib.blake2b(source.encode(), digest_size=16).hexdigest(), _request_hash())


def _request_hash() -> str:
    """The same for requests that mean the same: spaces and the order of fields in JSON do not count."""
    body = request.get_data()
    with suppress(ValueError, RecursionError):  # not JSON: the bytes themselves
        body = json.dumps(json.loads(body or b"{}"), sort_keys=True).encode()
    return hashlib.sha256(request.query_string + b"\x00" + body).hexdigest()


def if_match() -> str:
    """The If-Match header as it came; 428 if there is none. `*` changes whichever revision there is."""
    given = request.headers.get("If-Match")
    if given is None:
        raise Problem(
            HTTPStatus.PRECONDITION_REQUIRED,
            ProblemCode.PRECONDITION_REQUIRED,
            "Send If-Match with the ETag of the document that you have read; `*` changes it whatever it is now.",
            [FieldFault("If-Match", ProblemCode.PRECONDITION_REQUIRED, "this header is required")],
        )
    return given


def exact_if_match() -> str:
    """The If-Match header of a request that is about what its sender has seen; 428 if it names no revision."""
    given = if_match()
    if given.strip() == "*":
        raise Problem(
            HTTPStatus.PRECONDITION_REQUIRED,
            ProblemCode.PRECONDITION_REQUIRED,
            "Send If-Match with the ETag of the document that you have read.",
            [FieldFault("If-Match", ProblemCode.PRECONDITION_REQUIRED, "`*` names no revision")],
        )
    return given
