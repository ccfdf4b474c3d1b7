"""How many jobs and scheduled notifications there are: of the list's filters, and at a bounded cost."""

import pytest

from api.routes import counts
from tests.integration.api.conftest import (
    JOBS,
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    job_body,
    scheduled_body,
    template_body,
)


def test_those_that_fit_the_filters_are_counted(admin: Caller) -> None:
    made = [admin.created(JOBS, job_body(name=f"Sync {number}", labels={"team": "crm"})) for number in range(3)]
    admin.created(JOBS, job_body(name="Other"))
    admin.delete(f"{JOBS}/{made[0]['id']}")
    assert admin.get(f"{JOBS}/count").json == {"count": 3, "more": False}
    assert admin.get(f"{JOBS}/count?q=sync").json["count"] == 2
    assert admin.get(f"{JOBS}/count?label=team%3Dcrm&state=paused").json["count"] == 0
    template = admin.created(TEMPLATES, template_body())["id"]
    wave = admin.created(SCHEDULED, scheduled_body(template))["id"]
    assert admin.get(f"{SCHEDULED}/count?q=wave").json == {"count": 1, "more": False}
    admin.delete(f"{SCHEDULED}/{wave}")
    assert admin.get(f"{SCHEDULED}/count").json["count"] == 0
    assert admin.get(f"{SCHEDULED}/count?state=cancelled").json["count"] == 1


def test_of_very_many_it_says_that_there_are_more(admin: Caller, db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MOST", 100)
    db["dynamic_jobs"].insert_many({"_id": f"j{number}", "name": "A", "deletedAt": None} for number in range(150))
    assert admin.get(f"{JOBS}/count").json == {"count": 100, "more": True}


def test_what_takes_too_long_is_not_counted(admin: Caller, db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.store.definitions.COUNT_SECONDS", 0.0001)
    db["dynamic_jobs"].insert_many({"_id": f"j{number}", "name": "A"} for number in range(100))
    assert admin.get(f"{JOBS}/count").json == {"count": None, "more": False}
