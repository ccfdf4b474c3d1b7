"""Every fault is found by exactly the check that promises it, and a sound database has no finding."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.store.audit import MOST_ROWS, Finding, run_audit
from shared import collections as names
from shared.collections import CODEC_OPTIONS
from shared.models.queue import DeliveryState, QueueState
from shared.models.runs import RunState
from shared.queries.audit import all_checks
from shared.queries.audit import occurrences as coverage
from shared.queries.audit.readable import READABLE
from tests.integration.audit.faults import (
    CALENDARS,
    COMMANDS,
    CONTROLS,
    DELIVERIES,
    FAULTS,
    JOBS,
    LOGS,
    QUEUE,
    RUNS,
    SCHEDULED,
    STATE,
    changed,
    extra,
)
from tests.integration.audit.sound_world import EPOCH, NOW, SINCE, at, command, plant, run

NEEDS_DAEMON = {
    name for name, _, _ in FAULTS if name.endswith(("overdue", "unplanned", "for_nothing", "past_deadline"))
}
ALL_NAMES = {
    *(check.name for check in all_checks(NOW, SINCE, expect_daemon=True)),
    *(each.name for each in READABLE),
    coverage.NAME,
}
# The same few lines for every collection: one planted oversize document of a definition and of a record is enough.
SAME_AS_ANOTHER = {
    "job_run_logs_size", "commands_size", "notification_queue_size", "deliveries_size", "scheduler_state_size",
    "scheduled_notification_quarantined_yet_due",
}  # fmt: skip


def plant_fault(db, collection, fault):
    """The id of the document that is at fault now."""
    if isinstance(fault, dict):
        db[collection].insert_one(fault)
        return fault["_id"]
    criteria, update = fault
    found = db[collection].find_one(criteria)
    if update is None:
        db[collection].delete_one(criteria)
    else:
        db[collection].update_one({"_id": found["_id"]}, update)
    return found["jobId"] if update is None or "span.from" in update.get("$set", {}) else found["_id"]


def test_a_sound_database_of_every_state_has_no_finding(db):
    plant(db)
    assert run_audit(db, NOW) == []
    assert {each["state"] for each in db[RUNS].find()} == set(RunState)
    assert {each["state"] for each in db[QUEUE].find()} == set(QueueState)
    assert {each["state"] for each in db[DELIVERIES].find()} == set(DeliveryState)


def test_an_empty_database_has_no_finding(db):
    assert run_audit(db, NOW) == []


@pytest.mark.parametrize(
    ("check", "collection", "fault"), FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_planted_fault_is_found_by_its_check_and_no_other(db, check, collection, fault):
    plant(db)
    identity = plant_fault(db, collection, fault)
    findings = run_audit(db, NOW)
    assert [(each.check, each.id) for each in findings] == [(check, identity)], findings
    assert findings[0].detail
    if check in NEEDS_DAEMON:
        assert run_audit(db, NOW, expect_daemon=False) == []


def test_every_check_has_a_planted_fault():
    assert {name for name, _, _ in FAULTS} == ALL_NAMES - SAME_AS_ANOTHER
    assert len({check.name for check in all_checks(NOW, SINCE, expect_daemon=True)}) + len(READABLE) + 1 == len(
        ALL_NAMES
    )


def test_a_run_is_no_orphan_once_the_audit_log_knows_its_job(db):
    plant(db)
    db[RUNS].insert_one(run(0, of="nobody"))
    db[names.AUDIT_LOG].insert_one({"_id": "e1", "documentId": "nobody", "at": NOW})
    assert run_audit(db, NOW) == []


def test_nothing_is_held_by_the_dead_while_nobody_leads(db):
    plant(db)
    db[RUNS].insert_one(changed(extra(RunState.RUNNING), epoch=EPOCH - 1, startedAt=at(1)))
    db[STATE].update_one({"_id": "leader"}, {"$set": {"released": True}})
    assert run_audit(db, NOW) == []


def test_a_policy_that_was_changed_says_nothing_about_older_runs(db):
    plant(db)
    db[JOBS].update_one({"_id": "job-5"}, {"$set": {"policies.overlap": "skip", "revision": 2, "plannedRevision": 2}})
    assert run_audit(db, NOW) == []


STARTS_NOTHING = [
    {"active": True, "until": None},
    {"active": True, "until": NOW + timedelta(hours=1)},
    {"active": True, "until": NOW - timedelta(seconds=20)},
    {"active": False, "updatedAt": NOW - timedelta(seconds=20)},
]


@pytest.mark.parametrize("maintenance", STARTS_NOTHING)
def test_under_maintenance_nothing_needs_to_start_but_all_is_planned(db, maintenance):
    plant(db)
    db[CONTROLS].update_one({}, {"$set": maintenance})
    for check, collection, fault in FAULTS:
        if check in NEEDS_DAEMON and check not in ("job_overdue", "job_unplanned"):
            plant_fault(db, collection, {**fault, "_id": uuid4().hex} if isinstance(fault, dict) else fault)
    assert run_audit(db, NOW) == []
    db[JOBS].update_one({"_id": "job-1"}, {"$set": {"plannedRevision": None}})
    assert [each.check for each in run_audit(db, NOW)] == ["job_unplanned"]


def test_what_was_removed_under_a_shorter_setting_is_not_missed(db):
    plant(db)
    db[RUNS].delete_one({"jobId": "job-1", "scheduledFor": at(3)})
    assert [each.check for each in run_audit(db, NOW)] == ["occurrence_lost"]
    db[STATE].update_one({"_id": "retention"}, {"$set": {"gaplessSince": at(3)}})
    assert run_audit(db, NOW) == []
    db[STATE].update_one({"_id": "retention"}, {"$set": {"gaplessSince": None, "settings.success": "10m"}})
    assert run_audit(db, NOW) == []
    db[STATE].update_one({"_id": "retention"}, {"$set": {"settings": "nonsense"}})
    assert [each.check for each in run_audit(db, NOW)] == ["occurrence_lost"]


def test_what_expired_is_not_missed(db):
    plant(db)
    db[JOBS].update_one({"_id": "job-1"}, {"$set": {"scheduleSince": NOW - timedelta(days=2)}})
    db[RUNS].update_many({"expireAt": {"$type": "date"}}, [{"$set": {"expireAt": {"$add": ["$finishedAt", 600_000]}}}])
    assert run_audit(db, NOW) == []


def test_rows_of_a_check_are_capped_and_the_rest_is_counted(db):
    db[COMMANDS].insert_many([changed(command(f"c{number:04}"), outcome=None) for number in range(MOST_ROWS + 7)])
    findings = run_audit(db, NOW)
    assert len(findings) == MOST_ROWS + 1
    assert findings[-1] == Finding("command_half_answered", COMMANDS, "", "and 7 more")


def test_a_finding_explains_itself(db):
    plant(db)
    db[JOBS].update_one({"_id": "job-1"}, {"$set": {"daemon.nextRun": at(20)}})
    (finding,) = run_audit(db, NOW)
    assert finding.detail == (
        "the cursor is before nextRun; here daemon.cursor=2026-11-23T09:00:00.000Z, "
        "daemon.nextRun=2026-11-23T09:00:00.000Z"
    )


def test_nonsense_in_every_field_breaks_no_check(db):
    """Type guards: a check that meets a wrong type finds it or passes it by, and goes on."""
    plant(db)
    for collection in (JOBS, RUNS, LOGS, COMMANDS, SCHEDULED, QUEUE, DELIVERIES, STATE, CONTROLS, CALENDARS):
        sample = db[collection].find_one() or {}
        for number, nonsense in enumerate(["text", 5, [], {}, True, [5], [{"startedAt": 1}], None]):
            wrong = {name: nonsense for name in sample if name not in ("_id", "state", "_class")}
            db[collection].insert_one({**wrong, "_id": f"nonsense-{number}", "state": sample.get("state")})
        db[collection].insert_one({"_id": "bare"})
    assert run_audit(db, NOW)


def test_the_audit_writes_nothing(db, mongodb_client):
    plant(db)
    before = {name: list(db[name].find().sort("_id")) for name in db.list_collection_names()}
    run_audit(mongodb_client.get_database(db.name, codec_options=CODEC_OPTIONS), NOW)
    assert {name: list(db[name].find().sort("_id")) for name in db.list_collection_names()} == before
