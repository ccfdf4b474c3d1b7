"""A job that the daemon has put aside: what a person may still ask for."""

from datetime import timedelta

import pytest

from shared.collections import COMMANDS, DYNAMIC_JOBS
from tests.integration.api.conftest import Caller, Db, assert_problem, job_body

JOBS = "/api/admin/scheduler/jobs"


@pytest.mark.parametrize("action", ["run", "backfill"])
def test_what_a_quarantined_job_cannot_do_is_refused_with_the_reason(admin: Caller, db: Db, action: str) -> None:
    made = admin.post(JOBS, job_body()).json
    since = db[DYNAMIC_JOBS].find_one({})["createdAt"]
    quarantine = {"reason": "write a duration", "field": "params.duration", "at": since}
    put_aside = {"plannedRevision": 1, "daemon": {"quarantine": quarantine}}
    db[DYNAMIC_JOBS].update_one({"_id": made["id"]}, {"$set": put_aside})
    span = {"from": (since - timedelta(hours=2)).isoformat(), "to": (since - timedelta(hours=1)).isoformat()}
    refused = admin.post(f"{JOBS}/{made['id']}/{action}", span if action == "backfill" else {})
    assert "params.duration: write a duration" in assert_problem(refused, 409, "quarantined")["detail"]
    assert db[COMMANDS].count_documents({}) == 0
    admin.patch(f"{JOBS}/{made['id']}", {"name": "mended"})
    assert admin.post(f"{JOBS}/{made['id']}/run", {}).status_code == 202
