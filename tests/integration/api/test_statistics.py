"""What an overview shows: runs by the hour, what comes next, the latest runs of jobs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.models.run_statistics import KEPT, hour_id, hour_of
from tests.integration.api.conftest import (
    JOBS,
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    job_body,
    scheduled_body,
    template_body,
)
from tests.support.documents import MONDAY

SCHEDULER = "/api/admin/scheduler"
HOUR = timedelta(hours=1)


def asked(start: datetime, end: datetime) -> dict[str, str]:
    return {"from": start.isoformat().replace("+00:00", "Z"), "to": end.isoformat().replace("+00:00", "Z")}


def test_hours_are_told_from_the_first_to_before_the_last(admin: Caller, db: Db) -> None:
    for number in range(4):
        hour = MONDAY + number * HOUR
        counts = {"succeeded": number + 1, "failed": 1, "unheard_of": 5}
        db.run_statistics.insert_one({"_id": hour_id(hour), "at": hour, "counts": counts, "expireAt": hour + KEPT})
    db.run_statistics.insert_one({"_id": hour_id(MONDAY + 2.5 * HOUR), "counts": 5})
    shown = admin.get(f"{SCHEDULER}/statistics", query_string=asked(MONDAY + HOUR * 1.5, MONDAY + 3 * HOUR))
    assert shown.status_code == 200, shown.text
    assert [(hour["at"], hour.get("succeeded")) for hour in shown.json["hours"]] == [
        (hour_id(MONDAY + HOUR), 2), (hour_id(MONDAY + 2 * HOUR), 3), (None, None),
    ]  # fmt: skip
    assert "unheard_of" not in shown.json["hours"][0]


@pytest.mark.parametrize("end", [MONDAY, MONDAY - HOUR, MONDAY + timedelta(days=36)])
def test_a_time_that_is_empty_or_too_long_is_refused(admin: Caller, end: datetime) -> None:
    assert_problem(admin.get(f"{SCHEDULER}/statistics", query_string=asked(MONDAY, end)), 422, "invalid_fields")


def test_what_comes_next_is_told_in_order(admin: Caller, db: Db) -> None:
    now = datetime.now(UTC)
    for name, hours in (("late", 30), ("second", 2), ("first", 1)):
        made = admin.created(
            JOBS, job_body(name=name, schedule={"kind": "cron", "expression": "0 0 1 1 *", "timezone": "UTC"})
        )
        planned = {"plannedRevision": 1, "daemon.nextRun": now + timedelta(hours=hours)}
        db.dynamic_jobs.update_one({"_id": made["id"]}, {"$set": planned})
    template = admin.created(TEMPLATES, template_body())
    once = {"kind": "once", "at": (now + 1.5 * HOUR).replace(tzinfo=None, microsecond=0).isoformat(), "timezone": "UTC"}
    sent = admin.created(SCHEDULED, scheduled_body(template["id"], name="mail", schedule=once))
    db.scheduled_notifications.update_one(
        {"_id": sent["id"]}, {"$set": {"plannedRevision": 1, "daemon.nextRun": now + 1.5 * HOUR}}
    )
    shown = admin.get(f"{SCHEDULER}/upcoming").json
    assert [(item["name"], item["jobId"] is None) for item in shown["items"]] == [
        ("first", False), ("mail", True), ("second", False),
    ]  # fmt: skip
    assert shown["more"] is False
    assert [item["name"] for item in admin.get(f"{SCHEDULER}/upcoming?hours=48").json["items"]][-1] == "late"
    assert admin.get(f"{SCHEDULER}/upcoming?hours=0").status_code == 422


def test_the_latest_runs_of_several_jobs(admin: Caller, db: Db) -> None:
    runs: list[dict[str, Any]] = [
        {"_id": f"{job}:{n}", "jobId": job, "state": "succeeded", "scheduledFor": MONDAY + n * HOUR, "durationMs": n}
        for job in ("a", "b")
        for n in range(25)
    ]
    db.job_runs.insert_many([*runs, {"_id": "odd", "jobId": "b", "state": 5, "scheduledFor": "soon"}])
    shown = admin.get(f"{SCHEDULER}/jobs/recent-runs?ids=b,a,none").json["items"]
    assert [(each["jobId"], len(each["runs"])) for each in shown] == [("b", 20), ("a", 20), ("none", 0)]
    assert [run["durationMs"] for run in shown[1]["runs"]] == list(range(24, 4, -1))
    assert_problem(admin.get(f"{SCHEDULER}/jobs/recent-runs?ids={','.join('abc' * 40)}"), 422, "invalid_fields")


def test_an_hour_begins_with_its_first_minute() -> None:
    assert hour_of(datetime(2026, 11, 24, 3, 59, 59, 999000, tzinfo=UTC)) == datetime(2026, 11, 24, 3, tzinfo=UTC)
