"""Calendars and maintenance mode from the database, whatever stands there."""

from collections.abc import Callable

import pytest
from bson.objectid import ObjectId

from scheduler_daemon.scheduling.standing_rules import StandingRules
from scheduler_daemon.store import calendars as calendar_store
from scheduler_daemon.store.calendars import CalendarStore
from shared.errors import InvalidDefinition
from shared.models.schedule import IntervalSchedule, Schedule
from shared.queries import calendars as queries
from tests.support.documents import MONDAY, calendar_document, job_document, maintenance_document
from tests.support.workbench import Workbench

ASIDE = {"quarantine": {"field": queries.FIELD, "reason": "there is no calendar", "at": MONDAY}, "cursor": MONDAY}


def closed_on(*calendars: str) -> Schedule:
    return IntervalSchedule.model_validate({"kind": "interval", "every": "1m", "excludeCalendars": list(calendars)})


@pytest.fixture
def open_rules(bench: Workbench) -> Callable[[], StandingRules]:
    return lambda: StandingRules(CalendarStore(bench.db), bench.clock, longest_seconds=600)


async def test_stored_calendars_and_maintenance_are_read_and_odd_ones_are_left_alone(bench: Workbench, open_rules):
    await bench.db.calendars.insert_many(
        [
            calendar_document(),
            calendar_document("odd", entries=[{"first": MONDAY}]),
            {"_id": ObjectId()},
            {"_id": {"a": 1}, "entries": {}},
            {"_id": 5, "timezone": "x" * 1000},
        ]
    )
    await bench.db.controls.insert_one(maintenance_document(reason="new disks"))
    rules = open_rules()
    await rules.refresh()
    assert rules.exclusions_of(closed_on("holidays"))
    with pytest.raises(InvalidDefinition, match="'odd' is malformed"):
        rules.exclusions_of(closed_on("odd"))
    found = rules.maintenance_at(bench.clock.now())
    assert found is not None
    assert found.reason == "new disks"


async def test_no_more_calendars_are_read_than_the_bound(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calendar_store, "MOST_READ", 3)
    await bench.db.calendars.insert_many([{"_id": n} for n in range(5)])
    assert len(await CalendarStore(bench.db).all()) == 3


async def test_only_what_waits_for_one_of_the_calendars_is_planned_again(bench: Workbench):
    def waiting(*calendars: str) -> dict[str, object]:
        schedule = {"kind": "interval", "every": "1m", "excludeCalendars": list(calendars)}
        return {"schedule": schedule, "plannedRevision": 1, "daemon": ASIDE}

    other = {"quarantine": {**ASIDE["quarantine"], "field": "template"}}  # type: ignore[dict-item]
    await bench.db.dynamic_jobs.insert_many(
        [
            job_document("waits", **waiting("holidays", "freeze")),
            job_document("for-another", **waiting("freeze")),
            job_document("other-reason", **{**waiting("holidays"), "daemon": other}),
            job_document("sound", **{**waiting("holidays"), "daemon": {}}),
        ]
    )
    await bench.db.scheduled_notifications.insert_one({"_id": "waits", **waiting("holidays")})
    assert await CalendarStore(bench.db).look_again_at_users(["holidays"]) == 2
    jobs = await bench.db.dynamic_jobs.find({"plannedRevision": None}).to_list()
    assert [job["_id"] for job in jobs] == ["waits"]
    assert await bench.db.scheduled_notifications.count_documents({"plannedRevision": None}) == 1


@pytest.mark.parametrize("collection", ["dynamic_jobs", "scheduled_notifications"])
async def test_users_of_a_calendar_are_found_by_their_index_and_the_many_without_one_are_not_in_it(
    bench: Workbench, collection: str
):
    def user(identity: str, *calendars: str) -> dict[str, object]:
        return {"_id": identity, "schedule": {"excludeCalendars": list(calendars)}}

    users = bench.db[collection]
    await users.insert_many([user(f"idle-{n}") for n in range(300)] + [user(f"other-{n}", "freeze") for n in range(50)])
    await users.insert_many([user(f"user-{n}", "freeze", "holidays") for n in range(3)])
    explained = await users.find(queries.users_of("holidays")).explain()
    plan = str(explained["queryPlanner"]["winningPlan"])
    assert "'indexName': 'by_calendar'" in plan
    assert "COLLSCAN" not in plan
    assert explained["executionStats"]["nReturned"] == 3
    assert explained["executionStats"]["totalKeysExamined"] <= 4
    entries = await users.find(queries.NAMES_ANY).hint("by_calendar").explain()
    assert entries["executionStats"]["totalKeysExamined"] <= 60
