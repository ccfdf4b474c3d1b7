"""What every benchmark works with: the server, databases that are dropped, the real daemon as a process."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from shared.collections import CLIENT_OPTIONS, CODEC_OPTIONS
from tests.benchmarks.sizes import Sizes
from tests.support.daemon_process import DaemonProcess
from tests.support.waiting import wait_until

READY_SECONDS = 60
STOP_SECONDS = 30

Documents = Database[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Bench:
    """mongod_pid None: the server is not ours, and what it uses is not known."""

    uri: str
    mongod_pid: int | None
    sizes: Sizes
    prefix: str = "benchmark"

    @contextmanager
    def database(self, name: str) -> Iterator[Documents]:
        """An empty database; dropped before and after."""
        name = f"{self.prefix}_{name}"
        with MongoClient[dict[str, Any]](self.uri, **CLIENT_OPTIONS) as client:
            client.drop_database(name)
            try:
                yield client.get_database(name, codec_options=CODEC_OPTIONS)
            finally:
                client.drop_database(name)

    @contextmanager
    def daemon(self, db: Documents, **settings: object) -> Iterator[DaemonProcess]:
        """The real daemon on `db`, as the leader."""
        with tempfile.TemporaryDirectory() as folder:
            given: dict[str, object] = {
                "MONGODB_URI": self.uri,
                "MONGODB_DATABASE": db.name,
                "DAEMON_RUNTIME_FOLDER": folder,
                "DAEMON_DRAIN_SECONDS": 1,
            }
            daemon = DaemonProcess(Path(folder), **{**given, **settings})
            try:
                daemon.wait_ready(READY_SECONDS)
                wait_until(lambda: daemon.status == "leader", READY_SECONDS, message=daemon.log_text()[-4000:])
                yield daemon
                daemon.stop(STOP_SECONDS)  # the next daemon of this database need not wait for its lease
            finally:
                daemon.end()
                leader = db.scheduler_state.find_one({"_id": "leader"}) or {}
                if leader.get("lsids"):  # an open transaction of a killed process blocks its database
                    db.client.admin.command({"killSessions": leader["lsids"]})


def say(text: str) -> None:
    """Tells the person who waits what happens."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


def insert_all(collection: Any, documents: Iterator[dict[str, Any]], size: int = 5_000) -> int:
    """Stores documents in batches, without holding them all; answers how many."""
    count, batch = 0, []
    for document in documents:
        batch.append(document)
        if len(batch) == size:
            collection.insert_many(batch, ordered=False)
            count, batch = count + len(batch), []
    if batch:
        collection.insert_many(batch, ordered=False)
    return count + len(batch)
