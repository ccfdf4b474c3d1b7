"""The last runs of several jobs at once, for small pictures in lists."""

from datetime import datetime, timedelta
from typing import Any

from shared.collections import JOB_RUNS
from shared.indexes import INDEXES
from tests.integration.api.conftest import JOBS, Caller, Db
from tests.support.documents import MONDAY

RECENT = f"{JOBS}/recent-runs"


def run_of(job_id: str, n: int, **fields: Any) -> dict[str, Any]:
    at = MONDAY + timedelta(minutes=n)
    return {
        "_id": f"{job_id}:{n}",
        "jobId": job_id,
        "state": "succeeded",
        "scheduledFor": at,
        "durationMs": n,
        **fields,
    }


def answered(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_each_job_has_its_last_runs_the_oldest_first(admin: Caller, db: Db) -> None:
    db.job_runs.insert_many([run_of("a", n) for n in range(30)] + [run_of("b", 0, state="failed")])
    first, second, none = admin.get(f"{RECENT}?ids=a,b,none").json["items"]
    assert [run["durationMs"] for run in first["runs"]] == list(range(10, 30))
    assert second["runs"] == [{"id": "b:0", "state": "failed", "scheduledFor": answered(MONDAY), "durationMs": 0}]
    assert none == {"jobId": "none", "runs": []}


def test_a_malformed_run_is_among_them(admin: Caller, db: Db) -> None:
    db.job_runs.insert_one({"_id": 7, "jobId": "a", "state": [1], "scheduledFor": "soon", "durationMs": "long"})
    runs = admin.get(f"{RECENT}?ids=a").json["items"][0]["runs"]
    assert runs == [{"id": "7", "state": "quarantined", "scheduledFor": None, "durationMs": None}]


def test_the_ids_are_checked(admin: Caller) -> None:
    for ids in ("", "a,,b", "$where", ",".join(["a"] * 101)):
        assert admin.get(f"{RECENT}?ids={ids}").status_code == 422
    assert admin.get(RECENT).status_code == 422


def test_no_more_runs_are_read_than_are_shown(admin: Caller, db: Db) -> None:
    spec = next(each for each in INDEXES if (each.collection, each.name) == (JOB_RUNS, "by_job"))
    db.job_runs.create_index(list(spec.keys), name=spec.name)
    db.job_runs.insert_many(run_of(job, n) for job in ("a", "b") for n in range(1000))
    db.command("profile", 2)
    admin.get(f"{RECENT}?ids=a,b")
    db.command("profile", 0)
    done = db.system.profile.find_one({"command.aggregate": 1, "command.pipeline.1.$lookup.from": JOB_RUNS})
    assert done is not None
    assert done["docsExamined"] <= 40
