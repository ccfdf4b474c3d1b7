"""The coming sends of scheduled notifications, for a calendar."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.clock import rfc3339
from shared.collections import SCHEDULED_NOTIFICATIONS
from shared.models.schedule import CronSchedule
from shared.schedule.occurrences import next_occurrence
from tests.integration.api.conftest import (
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    scheduled_body,
    template_body,
)

COMING = f"{SCHEDULED}/coming"
EVERY_MORNING = {"kind": "cron", "expression": "0 9 * * *", "timezone": "UTC"}
EVERY_MINUTE = {"kind": "interval", "every": "1m"}


def days(count: float) -> str:
    return (datetime.now(UTC) + timedelta(days=count)).isoformat()


@pytest.fixture
def scheduled(admin: Caller, db: Db) -> Any:
    """Schedules a notification, and plans it as the daemon would."""
    template = admin.created(TEMPLATES, template_body())

    def make(name: str, rule: dict[str, Any], sending: Any = None, **fields: Any) -> dict[str, Any]:
        body = scheduled_body(template["id"], name=name, schedule=rule, **(sending or {}))
        made = admin.created(SCHEDULED, body)
        planned = datetime.now(UTC) + timedelta(seconds=1)
        changes = {"plannedRevision": made["revision"], "daemon.nextRun": planned, **fields}
        db[SCHEDULED_NOTIFICATIONS].update_one({"_id": made["id"]}, {"$set": changes})
        return made

    return make


def coming(admin: Caller, start: str, end: str) -> dict[str, Any]:
    found = admin.get(COMING, query_string={"from": start, "to": end})
    assert found.status_code == 200, found.text
    return found.json


def test_each_moment_of_the_time_is_listed_and_nothing_that_has_passed(admin: Caller, scheduled: Any) -> None:
    made = scheduled("Morning mail", EVERY_MORNING)
    answer = coming(admin, days(-20), days(10))
    [item] = answer["items"]
    first = next_occurrence(CronSchedule(**EVERY_MORNING), datetime.now(UTC), datetime.now(UTC))
    assert first is not None
    assert (item["id"], len(item["moments"]), item["more"], answer["more"]) == (made["id"], 10, False, False)
    assert datetime.fromisoformat(item["moments"][0]) == first.at


def test_the_moments_are_those_at_which_messages_leave(admin: Caller, scheduled: Any) -> None:
    night = {"quietHours": {"from": "22:00", "to": "08:00", "timezone": "UTC"}}
    late = {"kind": "cron", "expression": "30 23 * * *", "timezone": "UTC"}
    often = {"kind": "cron", "expression": "*/10 * * * *", "timezone": "UTC"}
    scheduled("Late mail", late, night)
    scheduled("Frequent mail", often, {**night, "allowedDays": ["MON"]})
    start = (datetime.now(UTC) + timedelta(days=10)).replace(hour=7, minute=0, second=0, microsecond=0)
    found = coming(admin, start.isoformat(), (start + timedelta(hours=2)).isoformat())["items"]
    moments = {each["name"]: each["moments"] for each in found}
    assert moments["Late mail"] == [rfc3339(start.replace(hour=8))]
    monday = start + timedelta(days=-start.weekday() % 7)
    [item] = [
        each
        for each in coming(admin, monday.isoformat(), (monday + timedelta(hours=2)).isoformat())["items"]
        if each["name"] == "Frequent mail"
    ]
    assert set(item["moments"]) == {rfc3339(monday.replace(hour=8))}
    assert (len(item["moments"]), item["more"]) == (100, True)


def test_a_frequent_one_is_cut_and_says_so(admin: Caller, scheduled: Any) -> None:
    scheduled("Every minute", EVERY_MINUTE)
    [item] = coming(admin, days(0), days(31))["items"]
    assert (len(item["moments"]), item["more"]) == (100, True)


def test_what_rests_or_cannot_be_read_is_left_out(admin: Caller, scheduled: Any) -> None:
    scheduled("Paused", EVERY_MORNING, pause={"reason": "", "by": "tests", "at": datetime.now(UTC), "until": None})
    scheduled("Damaged", EVERY_MORNING, schedule={"kind": "cron", "expression": "never"})
    scheduled("Deleted", EVERY_MORNING, deletedAt=datetime.now(UTC))
    assert coming(admin, days(0), days(31)) == {"items": [], "more": False}


@pytest.mark.parametrize(("start", "end"), [(0, 63), (1, 0), (0, 0)])
def test_a_time_that_is_too_long_or_empty_is_refused(admin: Caller, start: int, end: int) -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    query = {"from": (now + timedelta(days=start)).isoformat(), "to": (now + timedelta(days=end)).isoformat()}
    problem = assert_problem(admin.get(COMING, query_string=query), 422, "invalid_fields")
    assert "62 days" in problem["detail"]


def test_they_are_found_by_the_index_of_the_next_run(admin: Caller, db: Db) -> None:
    collection = db[SCHEDULED_NOTIFICATIONS]
    collection.create_index([("daemon.nextRun", 1)], name="due")
    now = datetime.now(UTC)
    collection.insert_many({"_id": f"idle-{n}"} for n in range(300))
    collection.insert_many({"_id": f"due-{n}", "daemon": {"nextRun": now}} for n in range(3))
    explained = (
        collection.find({"daemon.nextRun": {"$type": "date", "$lt": now + timedelta(days=1)}})
        .sort("daemon.nextRun", 1)
        .explain()
    )
    assert explained["executionStats"]["totalKeysExamined"] <= 4
