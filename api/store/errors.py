"""Driver errors end here: what the store raises instead, and the refusals that only the API's store knows.

StoreError (shared.errors)
├── NoSuchDocument          the id names nothing, or something deleted
├── RevisionMismatch        If-Match names another revision than the stored one
├── IdempotencyKeyReused    the key exists with another request
├── RequestInFlight         the first request with this key has no answer yet
├── DocumentInUse           others refer to it, so it cannot be deleted
└── TooManyDocuments        there is no room for one more
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bson.errors import BSONError
from pymongo.errors import (
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
)

from shared.errors import (
    CommitUnknown,
    DocumentRefused,
    DuplicateDocument,
    StoreError,
    StoreUnavailable,
    TransactionConflict,
)

_TOO_LARGE_CODES = (10334, 17280, 17419)  # BSONObjectTooLarge; key too large; resulting document too large


class NoSuchDocument(StoreError):
    """There is no document of this id."""


class RevisionMismatch(StoreError):
    """The stored revision is another. current: its ETag."""

    def __init__(self, current: str) -> None:
        super().__init__(f"the present revision is {current}")
        self.current = current


class IdempotencyKeyReused(StoreError):
    """This Idempotency-Key came before, with another request."""


class RequestInFlight(StoreError):
    """The first request with this Idempotency-Key has no answer yet."""


class DocumentInUse(StoreError):
    """Others refer to it. users: some of them, in words."""

    def __init__(self, users: Sequence[str]) -> None:
        super().__init__(f"it is used by {', '.join(users)}")


class TooManyDocuments(StoreError):
    """There is no room for one more. The text says how many there are, and the remedy."""


@contextmanager
def translated() -> Iterator[None]:
    """Around every use of the driver; also a decorator: `@translated()`."""
    try:
        yield
    except (BSONError, DocumentTooLarge, OverflowError) as fault:
        raise DocumentRefused(str(fault)) from fault
    except PyMongoError as fault:
        raise _translation(fault) from fault


def _translation(fault: PyMongoError) -> StoreError:
    detail = f"{type(fault).__name__}: {fault}"
    if isinstance(fault, DuplicateKeyError):
        return DuplicateDocument("a document of this identity exists already")
    if fault.has_error_label("UnknownTransactionCommitResult"):
        return CommitUnknown(detail)
    if isinstance(fault, ConnectionFailure | ExecutionTimeout) or fault.timeout:
        return StoreUnavailable(detail)
    if fault.has_error_label("TransientTransactionError"):
        return TransactionConflict(detail)
    if isinstance(fault, OperationFailure) and fault.code in _TOO_LARGE_CODES:
        return DocumentRefused(detail)
    return StoreError(detail)
