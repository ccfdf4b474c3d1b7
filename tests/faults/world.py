"""One database with its daemons, its jobs and its journals: what a suite of faults plays with."""

import json
import random
import secrets
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from shared.collections import CLIENT_OPTIONS, CODEC_OPTIONS
from tests.faults.checker import Verdict, check
from tests.faults.plan import Plan
from tests.support.daemon_process import DaemonProcess
from tests.support.documents import job_document
from tests.support.http_objects import soon
from tests.support.replica_set import ReplicaSet
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import let_pass, wait_until

SHORTEST_TTL = 3
CALM_TTL = 15
"""Where no successor has to wait for it: so long a lease is not lost on a busy machine."""
_SOON_SECONDS = 6
LIVE_STATES = ["pending", "running", "retry_wait"]


class World:
    """Everything of one scenario. The seed decides what happens when; nothing else is random."""

    def __init__(self, replica_set: ReplicaSet, folder: Path, seed: int, *, talkative: bool = False) -> None:
        self.replica_set = replica_set
        self.folder = folder
        self.random = random.Random(seed)
        self.faults = 0
        self.take_overs: list[float] = []
        self.until = datetime.now(UTC)
        self.journals = folder / "journals"
        self.journals.mkdir(parents=True)
        self._talkative = talkative
        self._database = f"fault_{secrets.token_hex(6)}"
        self._client: MongoClient[dict[str, Any]] = MongoClient(
            replica_set.uri, **{**CLIENT_OPTIONS, "timeoutMS": 60_000}
        )
        self.db = self._client.get_database(self._database, codec_options=CODEC_OPTIONS)
        self.daemons: dict[str, DaemonProcess] = {}
        self._arguments: dict[str, dict[str, Any]] = {}
        self._cleanup = ExitStack()

    def daemon(
        self, name: str, *, host: str = "shared", uri: str | None = None, plan: dict[str, Any] | None = None,
        wait: bool = True, log_folder: Path | None = None, **settings: object,
    ) -> DaemonProcess:  # fmt: skip
        """Starts one. host: daemons of the same host can prove each other's death. plan: fields of a Plan."""
        self._arguments[name] = {"host": host, "uri": uri, "plan": plan, "log_folder": log_folder, **settings}
        runtime = self.folder / f"host-{host}"
        runtime.mkdir(exist_ok=True)
        given = {
            "MONGODB_URI": uri or self.replica_set.uri,
            "MONGODB_DATABASE": self._database,
            "DAEMON_RUNTIME_FOLDER": runtime,
            "DAEMON_LEASE_TTL_SECONDS": SHORTEST_TTL,
            "DAEMON_POLL_SECONDS": 5,
            **Plan(self.journals, **(plan or {})).to_environment(),
            **settings,
        }
        started = DaemonProcess(log_folder or self.folder, module="tests.faults.daemon", **given)
        self.daemons[name] = started
        self._cleanup.callback(started.end)
        if wait:
            started.wait_ready(60)
        return started

    def again(self, name: str, *, wait: bool = False, **changes: Any) -> DaemonProcess:
        """Starts a daemon that has ended with the arguments that it had, or with `changes`."""
        return self.daemon(name, wait=wait, **{**self._arguments[name], **changes})

    def plan_of(self, name: str) -> dict[str, Any]:
        """The plan that a daemon was started with."""
        return self._arguments[name]["plan"] or {}

    def restart_the_dead(self) -> int:
        """What a service manager would do; a failpoint is gone after it struck. How many there were."""
        dead = [name for name, process in self.daemons.items() if not process.is_running]
        for name in dead:
            self.daemons[name].end()
            plan = {key: value for key, value in self.plan_of(name).items() if key not in ("failpoint", "after")}
            self.again(name, plan=plan)
        return len(dead)

    def proxy(self) -> TcpProxy:
        """A proxy in front of whichever member is primary."""
        proxy = TcpProxy(lambda: self.replica_set.primary().port)
        self._cleanup.callback(proxy.close)
        return proxy

    def clock(self, name: str) -> Path:
        """The file that moves the wall clock of a daemon; step() writes it."""
        path = self.folder / f"clock-{name}"
        path.write_bytes(struct.pack("d", 0.0))
        return path

    @staticmethod
    def step(clock: Path, seconds: float) -> None:
        """From now on that wall clock is so many seconds off."""
        with clock.open("r+b") as file:
            file.write(struct.pack("d", seconds))

    def jobs(
        self, count: int, *, lasting: float, seconds: float = 0.0, every: str = "1s", overlap: str = "queue_all",
        prefix: str = "job", template: str = "journal", **params: Any,
    ) -> None:  # fmt: skip
        """Jobs that fall due from now on for `lasting` seconds, spread over the second, each run taking `seconds`."""
        since = soon(0.2)
        policies = {"overlap": overlap, "misfire": {"policy": "all", "max": 1000}}
        documents = []
        for number in range(count):
            anchor = since + timedelta(milliseconds=1000 * number // count)
            end = since + timedelta(seconds=lasting)
            documents.append(
                job_document(
                    f"{prefix}-{number}", since=since, template=template, policies=policies,
                    schedule={"kind": "interval", "every": every, "anchor": anchor, "endAt": end},
                    params={"seconds": seconds, **params}, labels={"checked": "yes"},
                )
            )  # fmt: skip
        self.db.dynamic_jobs.insert_many(documents)
        self.until = max(self.until, since + timedelta(seconds=lasting))

    def leader(self, timeout: float = 60) -> tuple[str, int]:
        """Name and epoch of the daemon that leads, once one of the living does."""
        return wait_until(self._leader, timeout, message="a leader", every=0.05)

    def _leader(self) -> tuple[str, int] | None:
        try:
            lease = self.db.scheduler_state.find_one({"_id": "leader"})
        except PyMongoError:
            return None
        if not lease or lease.get("released") or not lease.get("holder"):
            return None
        for name, process in self.daemons.items():
            if process.is_running and process.pid == lease["holder"]["pid"]:
                return name, lease["epoch"]
        return None

    @contextmanager
    def measured_take_over(self, epoch: int, timeout: float = 60) -> Iterator[None]:
        """Measures from here until a leader of a later epoch is there; the caller strikes inside."""
        began = time.monotonic()
        yield
        self.faults += 1

        def replaced() -> bool:
            if time.monotonic() - began > _SOON_SECONDS:
                self.restart_the_dead()  # the others may have lost their lease on a machine that is too busy
            found = self._leader()
            return found is not None and found[1] > epoch

        wait_until(replaced, timeout, message="another leader", every=0.05)
        self.take_overs.append(time.monotonic() - began)

    def kill_leader(self) -> str:
        """kill -9 of the leader; returns its name when another one leads."""
        name, epoch = self.leader()
        with self.measured_take_over(epoch):
            self.daemons[name].kill9()
        return name

    def pause(self, shortest: float, longest: float) -> None:
        """Lets a random time pass, so that faults meet everything."""
        let_pass(self.random.uniform(shortest, longest))

    def note(self, text: str) -> None:
        """Progress, for whoever waits for the long form."""
        if self._talkative:
            sys.stdout.write(f"  {datetime.now(UTC):%H:%M:%S} {self.folder.parent.name}: {text}\n")
            sys.stdout.flush()

    def progress(self, done: int, total: int, what: str, each: int = 10) -> None:
        if done % each == 0 or done == total:
            self.note(f"{done} of {total} {what}")

    @property
    def time_left(self) -> float:
        """Until the last nominal time."""
        return (self.until - datetime.now(UTC)).total_seconds()

    def finish(self, patience: float = 60, *, restart: bool = True) -> bool:
        """Waits until everything that fell due has ended. False: it did not within `patience` seconds more."""
        deadline = time.monotonic() + max(0.0, self.time_left) + patience

        def all_done() -> bool:
            if restart:
                self.restart_the_dead()
            return self._is_done()

        try:
            wait_until(all_done, deadline - time.monotonic(), every=0.1)
        except AssertionError:
            return False
        return True

    def end_early(self, seconds: float) -> None:
        """The jobs end in so many seconds. By a change of the rule, as a person would make it."""
        self.until = min(self.until, soon(seconds))
        self.db.dynamic_jobs.update_many(
            {"labels.checked": "yes", "schedule.endAt": {"$gt": self.until}},
            {"$set": {"schedule.endAt": self.until}, "$inc": {"revision": 1}, "$unset": {"plannedRevision": ""}},
        )

    def running(self, epoch: int) -> int:
        """Runs that the leader of this epoch executes."""
        return self.db.job_runs.count_documents({"state": "running", "epoch": epoch})

    def wait_running(self, count: int, epoch: int | None = None) -> None:
        """Until so many runs are running."""
        self._wait_count(count, {"state": "running", **({} if epoch is None else {"epoch": epoch})})

    def wait_finished(self, count: int, *, further: bool = False) -> None:
        """Until so many runs have succeeded; further: from now on."""
        before = self.db.job_runs.count_documents({"state": "succeeded"}) if further else 0
        self._wait_count(before + count, {"state": "succeeded"})

    def _wait_count(self, count: int, criteria: dict[str, Any]) -> None:
        wait_until(lambda: self.db.job_runs.count_documents(criteria) >= count, 60, message=f"{count} runs {criteria}")

    def clock_is_doubted(self) -> bool:
        """Whether the leader says that its clock cannot be trusted."""
        leader = self.db.scheduler_state.find_one({"role": "leader", "holder.pid": self.daemons[self.leader()[0]].pid})
        return leader is not None and leader.get("problem") is not None

    def _is_done(self) -> bool:
        if datetime.now(UTC) < self.until:
            return False
        try:
            undecided = self.db.dynamic_jobs.count_documents(
                {"labels.checked": "yes", "deletedAt": None, "enabled": True, "daemon.completed": {"$ne": True}}
            )
            return not undecided and not self.db.job_runs.count_documents(
                {"template": {"$in": ["journal", "journal_once"]}, "state": {"$in": LIVE_STATES}}
            )
        except PyMongoError:
            return False

    def stop_daemons(self) -> None:
        """In order, as an operator would, so that nothing is left half done; those that do not stop are killed."""
        for process in self.daemons.values():
            process.send(signal.SIGCONT)
            process.terminate()
        for process in self.daemons.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill9()

    def verdict(self) -> Verdict:
        """The checker's."""
        return check(self.db, self.journals, min(self.until, datetime.now(UTC)))

    def log_events(self, event: str) -> list[dict[str, Any]]:
        """Of every daemon that ever ran here."""
        found: list[dict[str, Any]] = []
        for path in self.folder.glob("daemon-*.log"):
            found += _events(path, event)
        return found

    def close(self) -> None:
        """Ends what still runs and drops the database."""
        self._cleanup.close()
        try:
            lease = self.db.scheduler_state.find_one({"_id": "leader"}) or {}
            if lease.get("lsids"):
                self._client.admin.command({"killSessions": lease["lsids"]})
            self._client.drop_database(self._database)
        finally:
            self._client.close()


def _events(path: Path, event: str) -> list[dict[str, Any]]:
    found = []
    for line in path.read_text(errors="replace").splitlines():
        if f'"{event}"' in line:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("event") == event:
                found.append(entry)
    return found
