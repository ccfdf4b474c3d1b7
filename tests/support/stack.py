"""A database with the programs on it, for all tests of a module: starting them costs more than most tests."""

import secrets
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from shared.collections import CODEC_OPTIONS
from tests.support.api_process import ApiProcess
from tests.support.daemon_process import DaemonProcess
from tests.support.environment import SECRETS_KEY
from tests.support.program import Program


class Stack:
    """Starts an API and daemons on one new database until `end()`."""

    def __init__(self, client: MongoClient[dict[str, Any]], uri: str, folder: Path) -> None:
        self._client = client
        self._programs: list[Program] = []
        self.folder = folder
        self.database_name = f"test_{secrets.token_hex(8)}"
        self.settings = {"MONGODB_URI": uri, "MONGODB_DATABASE": self.database_name, "SECRETS_KEY": SECRETS_KEY}

    @property
    def database(self) -> Database[dict[str, Any]]:
        """Read with the project's codec options."""
        return self._client.get_database(self.database_name, codec_options=CODEC_OPTIONS)

    def start_api(self, *, port: int = 0, **settings: object) -> ApiProcess:
        """Ready, and logged in as an admin. port: which it had before."""
        api = ApiProcess(self.folder, port=port, **{**self.settings, **settings})
        self._programs.append(api)
        api.wait_ready()
        api.log_in()
        return api

    def start_daemon(self, **settings: object) -> DaemonProcess:
        """Ready."""
        daemon = DaemonProcess(self.folder, **{**self.settings, "DAEMON_RUNTIME_FOLDER": self.folder, **settings})
        self._programs.append(daemon)
        daemon.wait_ready()
        return daemon

    def end_programs(self) -> None:
        """kill -9 of all that was started; what they stored stays."""
        for program in self._programs:
            program.end()

    def end(self) -> None:
        """Ends what goes on and drops the database."""
        self.end_programs()
        drop_database(self._client, self.database_name)


def drop_database(client: MongoClient[dict[str, Any]], name: str) -> None:
    """Drops it after killed daemons, too: their open transactions would block it for a minute."""
    leader = client[name].scheduler_state.find_one({"_id": "leader"})
    if leader is not None and leader.get("lsids"):
        client.admin.command({"killSessions": leader["lsids"]})  # what a successor would do
    client.drop_database(name)
