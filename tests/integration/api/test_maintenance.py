"""Maintenance mode: on, off, ended by itself, and never a change to a job."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.store.maintenance import MaintenanceStore
from shared.collections import AUDIT_LOG, CONTROLS, DYNAMIC_JOBS
from shared.models.maintenance import Maintenance
from tests.integration.api.conftest import JOBS, Caller, Db, assert_problem, job_body

MAINTENANCE = "/api/admin/scheduler/maintenance"
STATUS = "/api/admin/scheduler/status"
OFF = {"active": False, "reason": "", "since": None, "until": None, "problem": None}


def stored(db: Db) -> Maintenance:
    document = db[CONTROLS].find_one({})
    assert document is not None
    return Maintenance.from_document(document)


def test_maintenance_is_off_until_somebody_starts_it_and_status_shows_it(admin: Caller, db: Db) -> None:
    before = admin.get(MAINTENANCE)
    assert (before.status_code, before.headers["ETag"]) == (200, '"0"')
    assert OFF.items() <= before.json.items()
    assert admin.get(STATUS).json["maintenance"] is None

    started = admin.put(MAINTENANCE, {"reason": "new disks"})
    assert (started.status_code, started.headers["ETag"]) == (200, '"1"')
    assert (started.json["active"], started.json["reason"], started.json["until"]) == (True, "new disks", None)
    assert started.json["updatedBy"] == "the admin"
    assert admin.get(STATUS).json["maintenance"] == admin.get(MAINTENANCE).json == started.json
    assert (stored(db).active, stored(db).reason, stored(db).revision) == (True, "new disks", 1)

    assert admin.delete(MAINTENANCE).status_code == 204
    assert admin.get(MAINTENANCE).json["active"] is False
    assert admin.get(STATUS).json["maintenance"] is None
    actions = [entry["action"] for entry in db[AUDIT_LOG].find({"collection": CONTROLS}).sort("at", 1)]
    assert actions == ["maintenance.start", "maintenance.end"]


def test_maintenance_touches_no_job(admin: Caller, db: Db) -> None:
    for fields in ({}, {"enabled": False}, {"name": "Paused"}):
        job = admin.created(JOBS, job_body(**fields))
    admin.post(f"{JOBS}/{job['id']}/pause", {"reason": "mine"})
    before = list(db[DYNAMIC_JOBS].find().sort("_id"))
    admin.put(MAINTENANCE, {})
    admin.delete(MAINTENANCE)
    assert list(db[DYNAMIC_JOBS].find().sort("_id")) == before


def test_a_change_of_a_running_maintenance_keeps_its_start(admin: Caller) -> None:
    first = admin.put(MAINTENANCE, {"reason": "a"}).json
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    second = admin.put(MAINTENANCE, {"reason": "b", "until": until}).json
    assert (second["since"], second["reason"], second["revision"]) == (first["since"], "b", 2)
    assert second["until"] is not None


def test_maintenance_ends_by_itself(admin: Caller, db: Db) -> None:
    admin.put(MAINTENANCE, {})
    now = datetime.now(UTC)
    db[CONTROLS].update_one({}, {"$set": {"since": now - timedelta(hours=2), "until": now - timedelta(seconds=1)}})
    assert admin.get(MAINTENANCE).json["active"] is False
    assert admin.get(STATUS).json["maintenance"] is None
    again = admin.put(MAINTENANCE, {}).json
    assert datetime.fromisoformat(again["since"]) > now - timedelta(minutes=1)


def test_ending_what_is_over_changes_nothing(admin: Caller, db: Db) -> None:
    assert admin.delete(MAINTENANCE).status_code == 204
    assert db[CONTROLS].count_documents({}) == 0
    admin.put(MAINTENANCE, {})
    admin.delete(MAINTENANCE)
    assert admin.delete(MAINTENANCE).status_code == 204
    assert stored(db).revision == 2


def test_if_match_refuses_a_change_of_another_revision(admin: Caller, db: Db) -> None:
    assert admin.put(MAINTENANCE, {}, headers={"If-Match": '"0"'}).status_code == 200
    refused = admin.put(MAINTENANCE, {"reason": "late"}, headers={"If-Match": '"0"'})
    assert_problem(refused, 412, "revision_mismatch")
    assert refused.headers["ETag"] == '"1"'
    assert_problem(admin.delete(MAINTENANCE, headers={"If-Match": '"7"'}), 412, "revision_mismatch")
    assert (stored(db).active, stored(db).reason) == (True, "")
    assert admin.delete(MAINTENANCE, headers={"If-Match": '"1"'}).status_code == 204


@pytest.mark.parametrize("existing", [True, False])
def test_a_change_that_lost_a_race_is_made_on_the_newer_document(
    admin: Caller, db: Db, monkeypatch: pytest.MonkeyPatch, existing: bool
) -> None:
    if existing:
        admin.put(MAINTENANCE, {"reason": "first"})
    real, other = MaintenanceStore.find, Maintenance(
        revision=5, active=False, since=datetime.now(UTC), updated_at=datetime.now(UTC), updated_by="other"
    )  # fmt: skip

    def overtaken(self: MaintenanceStore) -> dict[str, Any] | None:
        seen = real(self)
        monkeypatch.setattr(MaintenanceStore, "find", real)
        db[CONTROLS].replace_one({"_id": "maintenance"}, other.to_document(), upsert=True)
        return seen

    monkeypatch.setattr(MaintenanceStore, "find", overtaken)
    answer = admin.put(MAINTENANCE, {"reason": "mine"})
    assert (answer.status_code, answer.json["revision"], answer.json["reason"]) == (200, 6, "mine")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"until": "2020-01-01T00:00:00Z"}, "until"),
        ({"until": "soon"}, "until"),
        ({"reason": 5}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"resaon": "typo"}, "resaon"),
    ],
)
def test_a_bad_maintenance_names_its_field(admin: Caller, db: Db, body: dict[str, Any], field: str) -> None:
    assert_problem(admin.put(MAINTENANCE, body), 422, "invalid_fields", field)
    assert db[CONTROLS].count_documents({}) == 0


def test_an_operator_may_and_a_viewer_may_only_look(as_role: Any) -> None:
    viewer, operator = as_role("viewer"), as_role("operator")
    assert viewer.get(MAINTENANCE).status_code == 200
    assert_problem(viewer.put(MAINTENANCE, {}), 403, "forbidden")
    assert_problem(viewer.delete(MAINTENANCE), 403, "forbidden")
    assert operator.put(MAINTENANCE, {}).status_code == 200
    assert operator.delete(MAINTENANCE).status_code == 204


@pytest.mark.parametrize(
    "nonsense", [{"active": "perhaps"}, {"since": "yesterday"}, {"revision": [5]}, {"until": "soon"}]
)
def test_a_malformed_maintenance_is_off_is_shown_and_can_be_ended(
    admin: Caller, db: Db, nonsense: dict[str, Any]
) -> None:
    admin.put(MAINTENANCE, {})
    db[CONTROLS].update_one({}, {"$set": nonsense})
    answer = admin.get(MAINTENANCE).json
    assert (answer["active"], next(iter(nonsense)) in answer["problem"]) == (False, True)
    status = admin.get(STATUS).json
    assert status["maintenance"] is None
    assert any("maintenance mode cannot be read" in problem for problem in status["problems"])
    assert admin.delete(MAINTENANCE).status_code == 204
    assert stored(db).active is False
    assert admin.get(MAINTENANCE).json["problem"] is None
