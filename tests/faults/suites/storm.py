"""A storm of edits, disables, deletes and run-nows, through the API's own store, while jobs fall due."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from api.store.actor import Actor
from api.store.catalogue import CatalogueStore
from api.store.commands import CommandStore
from api.store.connection import Connection
from api.store.definitions import Change
from api.store.errors import NoSuchDocument
from api.store.jobs import JobStore
from shared.clock import SystemClock, cut_to_milliseconds
from shared.errors import StoreError
from shared.models.commands import Command
from tests.faults.switches import LINGER_SECONDS
from tests.faults.world import CALM_TTL, World
from tests.support.environment import ExplicitSettings

SHORT = {"actions": 500, "jobs": 12, "threads": 2}
LONG = {"actions": 50_000, "jobs": 60, "threads": 4}
_SOMEBODY = Actor("somebody")
_LASTING = 3600
_TIMES = 10
"""How much longer the control lingers: a change between reading and writing is certain then."""


class Storm:
    """What people do, with the stores that serve their requests."""

    def __init__(self, world: World, jobs: int) -> None:
        settings = ExplicitSettings(mongodb_uri=world.replica_set.uri, mongodb_database=world.db.name)
        self._connection = Connection(settings)
        catalogue = CatalogueStore(self._connection)
        self._jobs = JobStore(self._connection, SystemClock(), catalogue)
        self._commands = CommandStore(self._connection, SystemClock(), catalogue)
        self._world = world
        self._count = jobs

    def act(self, seed: int) -> None:
        """One request. It may find that somebody else was first: that is an answer, too."""
        chance = random.Random(seed)
        number = chance.randrange(self._count)
        try:
            match chance.choices(("edit", "toggle", "delete", "run"), (5, 3, 1, 3))[0]:
                case "edit":
                    self._change(f"edited-{number}", {"params": {"seconds": 0.05, "version": seed % 1000}})
                case "toggle":
                    self.toggle(f"toggled-{number}", enabled=chance.random() < 0.5)
                case "delete":
                    self._jobs.delete(f"deleted-{number}-{chance.randrange(10)}", None, _SOMEBODY)
                case "run":
                    self._run(f"edited-{number}", f"{seed:x}", force=chance.random() < 0.5)
        except (NoSuchDocument, StoreError):
            return

    def toggle(self, job: str, *, enabled: bool) -> None:
        """Off or on; the rule counts from now."""
        self._jobs.change(
            job, None, lambda _seen: Change({"enabled": enabled}, SystemClock().now()), _SOMEBODY, "update"
        )

    def calm(self) -> None:
        """Everything is on again, so that it can be told what must have run since."""
        for number in range(self._count):
            self.toggle(f"toggled-{number}", enabled=True)

    def close(self) -> None:
        self._connection.close()

    def _change(self, job: str, fields: dict[str, object]) -> None:
        self._jobs.change(job, None, lambda _seen: Change(fields), _SOMEBODY, "update")

    def _run(self, job: str, key: str, *, force: bool) -> None:
        now = cut_to_milliseconds(datetime.now(UTC))
        command = Command(
            id=key, kind="run", job_id=job, run_id=f"{job}:m:{key}", force=force, created_at=now, created_by="somebody"
        )
        self._commands.insert(command, _SOMEBODY, request_hash=key)


def run(world: World, *, actions: int, jobs: int, threads: int) -> None:
    """The daemon lingers in each pass, so that many changes meet a plan that is being made."""
    for name in ("a", "b"):
        world.daemon(name, plan={"off": ["quick_pass"]}, DAEMON_LEASE_TTL_SECONDS=CALM_TTL, wait=False)
    world.leader()
    world.jobs(jobs, lasting=_LASTING, seconds=0.05, prefix="edited")
    world.jobs(jobs, lasting=_LASTING, prefix="toggled")
    for number in range(jobs):
        world.jobs(10, lasting=_LASTING, prefix=f"deleted-{number}", every="5s")
    storm = Storm(world, jobs)
    try:
        _rage(world, storm, actions, threads)
        storm.calm()
    finally:
        storm.close()
    world.end_early(2)
    world.finish()


def _rage(world: World, storm: Storm, actions: int, threads: int) -> None:
    seeds = [world.random.getrandbits(60) for _ in range(actions)]
    with ThreadPoolExecutor(threads) as people:
        for done, _ in enumerate(people.map(storm.act, seeds), 1):
            world.faults = done
            world.progress(done, actions, "changes", each=5000)


def control(world: World) -> None:
    """A plan is written although its job was changed meanwhile: one that was enabled again sleeps for ever."""
    world.daemon("a", plan={"off": ["compare_and_set", *["quick_pass"] * _TIMES]}, wait=False)
    world.leader()
    world.jobs(10, lasting=9, prefix="toggled")
    storm = Storm(world, 10)
    until = world.until - timedelta(seconds=3)
    while datetime.now(UTC) < until and not _asleep(world):
        job = f"toggled-{world.random.randrange(10)}"
        storm.toggle(job, enabled=False)
        world.pause(0, _TIMES * LINGER_SECONDS)
        storm.toggle(job, enabled=True)
    storm.close()
    world.finish(patience=1)


def _asleep(world: World) -> list[str]:
    """Jobs that are enabled, and were planned last as they were before, when they rested."""
    overlooked = {"$ne": ["$plannedRevision", "$revision"]}
    wrong = {"enabled": True, "plannedRevision": {"$type": "number"}, "daemon.nextRun": None, "$expr": overlooked}
    return [job["_id"] for job in world.db.dynamic_jobs.find(wrong)]


FINDS = {"lost"}
