"""The real daemon, as a process of its own, draining jobs that are all due at the same second."""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from shared.collections import CLIENT_OPTIONS
from tests.benchmarks.documents import due_job
from tests.support.daemon_process import DaemonProcess
from tests.support.waiting import wait_until

LEAD_SECONDS = 8
LIMIT_SECONDS = 120


def drain(uri: str, database: str, count: int) -> float:
    """Runs a second, from the due moment until the last outcome is durable; the database is dropped before and after.

    AssertionError unless every job ran exactly once.
    """
    with MongoClient[dict[str, Any]](uri, **CLIENT_OPTIONS) as client, tempfile.TemporaryDirectory() as folder:
        client.drop_database(database)
        db = client[database]
        settings = {"MONGODB_URI": uri, "MONGODB_DATABASE": database, "DAEMON_RUNTIME_FOLDER": folder}
        daemon = DaemonProcess(Path(folder), **settings)
        try:
            daemon.wait_ready()
            daemon.wait_event("leadership_taken")
            due = (datetime.now(UTC) + timedelta(seconds=LEAD_SECONDS)).replace(microsecond=0)
            db.dynamic_jobs.insert_many([due_job(f"job-{n}", due) for n in range(count)])
            assert datetime.now(UTC) < due, "the jobs were stored too late; the machine is too busy to measure"
            time.sleep((due - datetime.now(UTC)).total_seconds())
            done = {"state": "succeeded"}
            wait_until(lambda: db.job_runs.count_documents(done) >= count, LIMIT_SECONDS, every=0.05)
            seconds = (datetime.now(UTC) - due).total_seconds()
            assert db.job_runs.count_documents({}) == count
            return count / seconds
        finally:
            daemon.end()
            leader = db.scheduler_state.find_one({"_id": "leader"}) or {}
            if leader.get("lsids"):
                client.admin.command({"killSessions": leader["lsids"]})
            client.drop_database(database)
