"""Errors as problem details (RFC 9457) with stable codes. Every answer that is not a success is made here."""

import traceback
from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple

import structlog
from flask import Flask, Response, g, json, request
from werkzeug.exceptions import HTTPException

from api.store.errors import (
    DocumentInUse,
    IdempotencyKeyReused,
    NoSuchDocument,
    RequestInFlight,
    RevisionMismatch,
    TooManyDocuments,
)
from api.store.managed import ManagedByFiles
from shared.errors import (
    CommitUnknown,
    DocumentRefused,
    DuplicateDocument,
    InvalidDefinition,
    SchedulerError,
    StoreError,
    StoreUnavailable,
    TransactionConflict,
)

log = structlog.get_logger("api")

RETRY_AFTER_SECONDS = 5
MEDIA_TYPE = "application/problem+json"


class ProblemCode(StrEnum):
    """What went wrong, for programs. Codes are never renamed; docs/api.md lists them."""

    INVALID_JSON = "invalid_json"  # the body is not JSON, or not an object
    BODY_REQUIRED = "body_required"  # there is no body
    BODY_TOO_DEEP = "body_too_deep"  # nested deeper than allowed
    BODY_TOO_LARGE = "body_too_large"  # larger than API_MAX_BODY_BYTES
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"  # the body is not declared as JSON
    INVALID_REQUEST = "invalid_request"  # HTTP itself was misused
    INVALID_FIELDS = "invalid_fields"  # `errors` names each wrong field
    INVALID_CURSOR = "invalid_cursor"  # the cursor was not made by this list
    INVALID_IDEMPOTENCY_KEY = "invalid_idempotency_key"  # empty, too long or not printable
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"  # the same key came with another body
    REQUEST_IN_FLIGHT = "request_in_flight"  # the first request with this key has no answer yet
    SHOWN_ONCE = "shown_once"  # the first answer held a secret, which is stored nowhere
    UNAUTHENTICATED = "unauthenticated"  # no token, or one that is not valid
    FORBIDDEN = "forbidden"  # the token's role does not allow it
    TOO_MANY_FAILED_LOGINS = "too_many_failed_logins"  # too many tokens that are not valid; wait
    RATE_LIMITED = "rate_limited"  # too many requests with this token; wait
    NOT_FOUND = "not_found"  # no such document or path
    METHOD_NOT_ALLOWED = "method_not_allowed"  # the path exists, the method does not
    PRECONDITION_REQUIRED = "precondition_required"  # a change without If-Match
    REVISION_MISMATCH = "revision_mismatch"  # If-Match names another revision than the present one
    CONFLICT = "conflict"  # another writer was first, or the state does not allow it
    MANAGED_BY_FILES = "managed_by_files"  # the definition is kept in files: change it there, or force it
    IN_USE = "in_use"  # others refer to the document, so it cannot be deleted
    TOO_MANY = "too_many"  # there is no room for one more
    RUN_FINISHED = "run_finished"  # a finished run cannot be cancelled
    RUN_NOT_RETRYABLE = "run_not_retryable"  # only failed, timed out, interrupted or cancelled runs are retried
    UNRENDERABLE = "unrenderable"  # no message can be made of what is stored; `errors` names the text or the variable
    QUARANTINED = "quarantined"  # the document is malformed; mend it first
    EXPORT_GONE = "export_gone"  # the file of an export is not in the folder that this API reads
    DOCUMENT_REFUSED = "document_refused"  # MongoDB can never store it
    HOST_KEYS_UNAVAILABLE = "host_keys_unavailable"  # the keys of the host application cannot be fetched
    DATABASE_UNAVAILABLE = "database_unavailable"  # MongoDB does not answer; try again
    INTERNAL = "internal"  # a fault of this program; the log has the request id


class FieldFault(NamedTuple):
    """One wrong field: its dotted camelCase path, a stable word, the remedy. Never the value."""

    field: str
    code: str
    detail: str


class Problem(Exception):
    """An answer that is not a success, raised from anywhere in a request."""

    def __init__(
        self,
        status: HTTPStatus,
        code: ProblemCode,
        detail: str,
        errors: Sequence[FieldFault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def invalid_fields(errors: Sequence[FieldFault]) -> Problem:
    """422 that names each wrong field."""
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    detail = f"{first.field}: {first.detail}{more}" if first.field else f"{first.detail}{more}"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.INVALID_FIELDS, detail, errors)


def not_found(what: str) -> Problem:
    """404 for a document. what: `job`, `run` ..."""
    return Problem(HTTPStatus.NOT_FOUND, ProblemCode.NOT_FOUND, f"There is no such {what}.")


def conflict(code: ProblemCode, detail: str) -> Problem:
    """409 with its code."""
    return Problem(HTTPStatus.CONFLICT, code, detail)


def problem_of(fault: SchedulerError) -> Problem:
    """What a fault of the common error tree means to the client."""
    match fault:
        case InvalidDefinition():
            return invalid_fields([FieldFault(fault.field, fault.code, fault.detail)])
        case NoSuchDocument():
            return not_found("document")
        case RevisionMismatch():
            return Problem(
                HTTPStatus.PRECONDITION_FAILED,
                ProblemCode.REVISION_MISMATCH,
                "The document has changed since it was read: read it again.",
                headers={"ETag": fault.current},
            )
        case IdempotencyKeyReused():
            return Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                ProblemCode.IDEMPOTENCY_KEY_REUSED,
                "This Idempotency-Key was used before, with another request; send a new one.",
            )
        case RequestInFlight():
            return Problem(
                HTTPStatus.CONFLICT,
                ProblemCode.REQUEST_IN_FLIGHT,
                "The first request with this Idempotency-Key is still at work; ask again for its answer.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        case ManagedByFiles():
            return conflict(
                ProblemCode.MANAGED_BY_FILES,
                "It is kept in files: change it there and apply them, or repeat the request with ?force=true.",
            )
        case DocumentInUse():
            return conflict(ProblemCode.IN_USE, f"It cannot be deleted: {fault}. Take it out there first.")
        case TooManyDocuments():
            return conflict(ProblemCode.TOO_MANY, f"No more can be created: {fault}.")
        case DuplicateDocument():
            return conflict(ProblemCode.CONFLICT, "A document of this identity exists already.")
        case DocumentRefused():
            return Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                ProblemCode.DOCUMENT_REFUSED,
                "MongoDB cannot store this document: it is too large or holds a value that has no BSON form.",
            )
        case TransactionConflict():
            return conflict(ProblemCode.CONFLICT, "The document was changed at the same time; try again.")
        case CommitUnknown() | StoreUnavailable():
            return _unavailable("MongoDB does not answer now; try again.")
        case StoreError():
            return _unavailable("MongoDB refused; the log of the API says why.")
        case _:
            return _internal()


def _unavailable(detail: str) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ProblemCode.DATABASE_UNAVAILABLE,
        detail,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def _internal() -> Problem:
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, ProblemCode.INTERNAL, "An unexpected fault; the log has it by requestId."
    )


def answer(problem: Problem) -> Response:
    """The HTTP answer of a problem."""
    request_id = g.get("request_id", "")
    body = {
        "type": f"urn:unified-scheduler:problem:{problem.code}",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
        "instance": f"urn:request:{request_id}",
        "code": problem.code.value,
        "requestId": request_id,
        "errors": [fault._asdict() for fault in problem.errors],
    }
    response = Response(json.dumps(body), status=problem.status.value, mimetype=MEDIA_TYPE)
    response.headers.update(problem.headers)
    return response


_HTTP_CODES = {
    HTTPStatus.NOT_FOUND: ProblemCode.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ProblemCode.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ProblemCode.BODY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ProblemCode.UNSUPPORTED_MEDIA_TYPE,
}


def _of_http(fault: HTTPException) -> Response:
    if fault.response is not None:
        return answer(_internal()) if not isinstance(fault.response, Response) else fault.response
    status = HTTPStatus(fault.code or 500)
    code = _HTTP_CODES.get(status, ProblemCode.INVALID_REQUEST if status < 500 else ProblemCode.INTERNAL)
    problem = Problem(status, code, fault.description or status.phrase)
    problem.headers.update({name: value for name, value in fault.get_headers() if name in ("Allow", "Content-Range")})
    return answer(problem)


def _of_scheduler_error(fault: SchedulerError) -> Response:
    problem = problem_of(fault)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("store_failed", error=type(fault).__name__, detail=str(fault))
    return answer(problem)


def _of_anything(fault: Exception) -> Response:
    # The rule, not the path, and the traceback as text, without the frames' variables: they may hold a token or a body.
    rule = request.url_rule.rule if request.url_rule is not None else None
    log.error("request_crashed", rule=rule, traceback="".join(traceback.format_exception(fault)))
    return answer(_internal())


def install(app: Flask) -> None:
    """Makes every error of the application a problem document."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(SchedulerError, _of_scheduler_error)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_anything)
