"""A real replica set of several mongod processes on this machine, whose members a test may kill and restart."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local.mongod import REPLICA_SET, check_mongod, find_mongod, free_port, mongod_command
from tests.support.mongod_server import start_mongod
from tests.support.waiting import wait_until

ELECTION_TIMEOUT_MS = 2000
_START_SECONDS = 90
_STATE_PRIMARY, _STATE_SECONDARY = 1, 2


class Member:
    """One mongod with a folder and a port that it keeps for life."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._binary = binary
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, or starts it again on the data that it has."""
        self._folder.mkdir(exist_ok=True)
        command = [*mongod_command(self._binary, self._folder, self.port), "--setParameter", "enableTestCommands=1"]
        self._process = start_mongod(command, self._folder)

    def kill9(self) -> None:
        """kill -9, and waits for its end; nothing happens when it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop_following(self) -> None:
        """It takes nothing more from the primary; freezing it would not do, for what is under way still arrives."""
        self.command("configureFailPoint", "stopReplProducer", mode="alwaysOn")

    def follow(self) -> None:
        """It takes from the primary again."""
        self.command("configureFailPoint", "stopReplProducer", mode="off")

    def command(self, name: str, value: Any = 1, **fields: Any) -> dict[str, Any]:
        """The answer of this very member; PyMongoError if it does not answer."""
        with MongoClient[dict[str, Any]](
            f"mongodb://{self.address}/?directConnection=true", serverSelectionTimeoutMS=1000, timeoutMS=2000
        ) as client:
            return client.admin.command(name, value, **fields)


class ReplicaSet:
    """Three members with equal votes; `uri` names all of them."""

    def __init__(self, members: int = 3) -> None:
        binary = find_mongod()
        check_mongod(binary)
        self._folder = Path(tempfile.mkdtemp(prefix="unified-scheduler-set-"))
        self.members = [Member(binary, self._folder / str(number)) for number in range(members)]
        self.uri = f"mongodb://{','.join(each.address for each in self.members)}/?replicaSet={REPLICA_SET}"

    def start(self) -> None:
        """Returns when there is a primary and every other member follows it."""
        for member in self.members:
            member.start()
        wait_until(lambda: _answers(self.members[0]), _START_SECONDS, message="the first mongod answers")
        wait_until(lambda: all(_answers(each) for each in self.members), _START_SECONDS, message="every mongod answers")
        config = {
            "_id": REPLICA_SET,
            "members": [{"_id": number, "host": each.address} for number, each in enumerate(self.members)],
            "settings": {"electionTimeoutMillis": ELECTION_TIMEOUT_MS, "heartbeatIntervalMillis": 500},
        }
        self.members[0].command("replSetInitiate", config)
        self.wait_healthy()

    def stop(self) -> None:
        """Ends every member and removes the data. May be called twice."""
        for member in self.members:
            member.kill9()
        shutil.rmtree(self._folder, ignore_errors=True)

    def primary(self, timeout: float = 60) -> Member:
        """The member that is primary now, or becomes it."""
        return wait_until(self._primary, timeout, message="a primary", every=0.05)

    def wait_healthy(self, timeout: float = _START_SECONDS) -> None:
        """Until one member is primary and the others are secondaries."""
        wait_until(self._is_healthy, timeout, message="a primary, and the others follow", every=0.1)

    def _primary(self) -> Member | None:
        for member in self.members:
            if _hello(member).get("isWritablePrimary"):
                return member
        return None

    def _is_healthy(self) -> bool:
        primary = self._primary()
        if primary is None:
            return False
        try:
            states = [each["state"] for each in primary.command("replSetGetStatus")["members"]]
        except PyMongoError:
            return False
        return sorted(states) == [_STATE_PRIMARY, *[_STATE_SECONDARY] * (len(self.members) - 1)]


def _answers(member: Member) -> bool:
    return bool(_hello(member))


def _hello(member: Member) -> dict[str, Any]:
    try:
        return member.command("hello")
    except PyMongoError:
        return {}
