"""The daemon's client and the translation of driver errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import bson
from bson.errors import BSONError, InvalidDocument
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from shared.collections import CLIENT_OPTIONS, CODEC_OPTIONS
from shared.errors import (
    DocumentRefused,
    DuplicateDocument,
    SettingsError,
    StoreError,
    StoreUnavailable,
    TransactionConflict,
)
from shared.settings import Settings

Database = AsyncDatabase[dict[str, Any]]
Client = AsyncMongoClient[dict[str, Any]]

DUPLICATE_KEY = 11000


def connect(settings: Settings) -> tuple[Client, Database]:
    """A client (no I/O yet) and the daemon's database with the shared codec options. SettingsError: a bad URI."""
    try:
        client: Client = AsyncMongoClient(settings.mongodb_uri.get_secret_value(), **CLIENT_OPTIONS)
    except (ConfigurationError, ValueError):  # the driver's text may quote a part of the password
        raise SettingsError(
            "MONGODB_URI: not a valid connection string; write mongodb://host:port/?replicaSet=name "
            "and percent-encode user name and password"
        ) from None
    return client, client.get_database(settings.mongodb_database, codec_options=CODEC_OPTIONS)


@contextmanager
def translated() -> Iterator[None]:
    """Turns driver errors into shared.errors."""
    try:
        yield
    except BulkWriteError as fault:
        raise translate(fault) from None  # it carries the documents, and with them parameters
    except PyMongoError as fault:
        raise translate(fault) from fault
    except (InvalidDocument, BSONError, OverflowError, UnicodeError, RecursionError) as fault:
        raise DocumentRefused(type(fault).__name__) from None  # its text quotes the document


def bytes_of(document: Mapping[str, Any]) -> int:
    """Its size in BSON; DocumentRefused if it cannot be stored."""
    with translated():
        return len(bson.encode(document))


def translate(fault: PyMongoError) -> StoreError:
    """The error of shared.errors that says what can be done about `fault`."""
    text = str(fault)[:500]
    if fault.has_error_label("TransientTransactionError"):
        return TransactionConflict(text)
    if isinstance(fault, DuplicateKeyError):
        return DuplicateDocument(text)
    if isinstance(fault, BulkWriteError):
        return _translate_bulk(fault)
    if isinstance(fault, DocumentTooLarge):
        return DocumentRefused(text)
    if isinstance(fault, AutoReconnect | ConnectionFailure | NetworkTimeout | ServerSelectionTimeoutError):
        return StoreUnavailable(text)
    if fault.timeout:
        return StoreUnavailable(text)
    if isinstance(fault, OperationFailure) and fault.code == DUPLICATE_KEY:
        return DuplicateDocument(text)
    return StoreError(text)


def _translate_bulk(fault: BulkWriteError) -> StoreError:
    details: dict[str, Any] = dict(fault.details or {})
    errors = details.get("writeErrors", [])
    codes = {error.get("code") for error in errors}
    text = "; ".join(f"{error.get('code')}: {str(error.get('errmsg'))[:200]}" for error in errors[:3])
    if details.get("writeConcernErrors"):
        return StoreUnavailable(text)
    if codes == {DUPLICATE_KEY}:
        return DuplicateDocument(text)
    return DocumentRefused(text)
