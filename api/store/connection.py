"""The one client of this process, and transactions on it. Created at first use, so after gunicorn forks."""

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import pymongo
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database

from api.store.errors import translated
from shared.collections import CLIENT_OPTIONS, CODEC_OPTIONS
from shared.errors import StoreError
from shared.settings import Settings

TIMEOUT_MILLISECONDS = 8000  # of one operation, selecting a server included: a person waits for the answer
PING_SECONDS = 2.0

Document = dict[str, Any]
Result = TypeVar("Result")


class Connection:
    """Gives collections of the settings' database. Safe to share between threads, and across a fork."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._client: MongoClient[Document] | None = None
        self._process_id: int | None = None
        self._collections: dict[str, Collection[Document]] = {}

    @property
    def client(self) -> MongoClient[Document]:
        """The client of this very process: one that was made before a fork is left alone."""
        with self._lock:
            if self._client is None or self._process_id != os.getpid():
                options = {**CLIENT_OPTIONS, "timeoutMS": TIMEOUT_MILLISECONDS}
                with translated():
                    self._client = MongoClient(
                        self._settings.mongodb_uri.get_secret_value(),
                        appname="unified-scheduler-api",
                        tz_aware=True,
                        **options,
                    )
                self._process_id = os.getpid()
            return self._client

    @property
    def database(self) -> Database[Document]:
        return self.client.get_database(self._settings.mongodb_database, codec_options=CODEC_OPTIONS)

    def collection(self, name: str) -> Collection[Document]:
        """Made once for each client: the driver takes as long for it as for a small document."""
        client = self.client
        found = self._collections.get(name)
        if found is None or found.database.client is not client:
            found = self._collections[name] = self.database[name]
        return found

    def transaction(self, work: Callable[[ClientSession], Result]) -> Result:
        """Runs `work`, whole or not at all. It may run again after a conflict, so it must have no other effect."""
        with self.client.start_session() as session:
            return session.with_transaction(work)

    def patience(self, seconds: float) -> AbstractContextManager[None]:
        """Inside it operations may take this long, all together, instead of the usual seconds each."""
        return pymongo.timeout(seconds)

    def ping(self) -> str | None:
        """None if MongoDB answers within two seconds, else why not."""
        try:
            self.require()
        except StoreError as fault:
            return str(fault)
        return None

    @translated()
    def require(self) -> None:
        """StoreUnavailable unless MongoDB answers within two seconds; before work that may be patient."""
        with pymongo.timeout(PING_SECONDS):
            self.client.admin.command("ping")

    def close(self) -> None:
        """Gives the sockets back. May be called twice; the next use connects anew."""
        with self._lock:
            if self._client is not None and self._process_id == os.getpid():
                self._client.close()
            self._client = None
