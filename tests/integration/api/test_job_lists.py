"""The list of jobs: filters, search, orders, and what each costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson.objectid import ObjectId

from api.store.definition_filter import DefinitionSort
from api.store.job_filter import JobFilter
from shared.indexes import INDEXES
from shared.queries.keyset import Position, after
from tests.integration.api.conftest import JOBS, SCHEDULED, Caller, Db, job_body
from tests.integration.api.test_malformed_documents import NOT_RESUMED, ODD_VALUES
from tests.support.documents import MONDAY, job_document

NOW = datetime.now(UTC)


def names_of(admin: Caller, query: str, limit: int = 2) -> list[str]:
    return [job["name"] for job in admin.all_pages(f"{JOBS}?{query}", limit)]


@pytest.mark.parametrize("limit", [1, 4, 200])
@pytest.mark.parametrize(("sort", "field"), [("name", "name"), ("next", "nextRun")])
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(("path", "collection"), [(JOBS, "dynamic_jobs"), (SCHEDULED, "scheduled_notifications")])
def test_every_order_shows_every_document_once_whatever_stands_there(
    admin: Caller, db: Db, path: str, collection: str, sort: str, field: str, sign: str, limit: int
) -> None:
    values = [value for value in ODD_VALUES if value not in NOT_RESUMED]
    documents: list[dict[str, Any]] = [
        {"_id": f"{twin}{place}", **({"daemon": {field: value}} if sort == "next" else {field: value})}
        for place, value in enumerate(values)
        for twin in "ab"
    ]
    documents += [{"_id": "missing"}, {"_id": ObjectId()}, {"_id": 7}]
    db[collection].insert_many(documents)
    listed = [item["id"] for item in admin.all_pages(f"{path}?sort={sign}{sort}", limit)]
    assert len(listed) == len(set(listed)) == len(documents)


def test_orders_are_what_their_names_say(admin: Caller, db: Db) -> None:
    for name, due in (("b", 3), ("c", 1), ("a", 2)):
        job = admin.created(JOBS, job_body(name=name))
        seen = {"plannedRevision": 1, "daemon.nextRun": NOW + timedelta(hours=due)}
        db.dynamic_jobs.update_one({"_id": job["id"]}, {"$set": seen})
    assert names_of(admin, "sort=name") == ["a", "b", "c"]
    assert names_of(admin, "sort=-name") == ["c", "b", "a"]
    assert names_of(admin, "sort=next") == ["c", "a", "b"]
    assert names_of(admin, "sort=-next") == ["b", "a", "c"]
    assert names_of(admin, "sort=created") == ["b", "c", "a"]
    assert names_of(admin, "") == ["a", "c", "b"]
    assert admin.get(f"{JOBS}?sort=priority").status_code == 422


def test_labels_all_have_to_fit(admin: Caller) -> None:
    admin.created(JOBS, job_body(name="both", labels={"team": "crm", "app.io/tier": "1"}))
    admin.created(JOBS, job_body(name="one", labels={"team": "crm"}))
    admin.created(JOBS, job_body(name="other", labels={"team": "shop=1"}))
    assert names_of(admin, "label=team=crm&sort=name") == ["both", "one"]
    assert names_of(admin, "label=team=crm&label=app.io/tier=1") == ["both"]
    assert names_of(admin, "label=team=shop%3D1") == ["other"]
    assert names_of(admin, "label=team=$ne") == []
    assert admin.get(f"{JOBS}?label=team").status_code == 422
    assert admin.get(f"{JOBS}?label=$where=1").status_code == 422


def test_a_state_lists_those_jobs_that_are_shown_in_it(admin: Caller, db: Db) -> None:
    seen = {"plannedRevision": 1}
    pause = {"reason": "", "by": "x", "at": MONDAY, "until": None}
    db.dynamic_jobs.insert_many(
        [
            job_document("active", **seen),
            job_document("new"),
            job_document("disabled", **seen, enabled=False),
            job_document("paused", **seen, pause=pause),
            job_document("over", **seen, pause={**pause, "until": NOW - timedelta(hours=1)}),
            job_document("until", **seen, pause={**pause, "until": NOW + timedelta(hours=1)}),
            job_document("failing", **seen, daemon={"autoPaused": pause}),
            job_document("completed", **seen, daemon={"completed": True}),
            job_document("changed", revision=2, **seen, daemon={"completed": True}),
            job_document("bad", **seen, daemon={"quarantine": {"at": MONDAY, "field": "params", "reason": "odd"}}),
        ]
    )
    shown = {job["id"]: job["state"] for job in admin.all_pages(JOBS, 200)}
    assert set(shown.values()) == {"active", "paused", "completed", "quarantined"}
    for state in set(shown.values()):
        listed = {job["id"] for job in admin.all_pages(f"{JOBS}?state={state}", 2)}
        assert listed == {job_id for job_id, each in shown.items() if each == state}, state


@pytest.mark.parametrize(
    ("which", "sort", "index", "examined"),
    [
        (JobFilter(), None, "by_creation", 60),
        (JobFilter(), "created", "by_creation", 60),
        (JobFilter(), "name", "by_name", 60),
        (JobFilter(), "-name", "by_name", 60),
        (JobFilter(), "next", "due", 60),
        (JobFilter(), "-next", "due", 60),
        (JobFilter(template="rare"), None, "by_template", 5),
        (JobFilter(labels={"branch": "b1"}), None, "labels", 5),
        (JobFilter(state="quarantined"), None, "quarantined", 5),
        (JobFilter(name="job 7"), None, "by_name", 112),
    ],
)
def test_each_list_walks_its_index_and_reads_no_other_job(
    db: Db, which: JobFilter, sort: DefinitionSort | None, index: str, examined: int
) -> None:
    for spec in INDEXES:
        if spec.collection == "dynamic_jobs":
            options = {"partialFilterExpression": spec.partial} if spec.partial else {}
            db.dynamic_jobs.create_index(list(spec.keys), name=spec.name, **options)
    db.dynamic_jobs.insert_many(
        job_document(
            f"{n}", name=f"job {n}", template="rare" if n < 5 else "noop", labels={"branch": f"b{n // 5}"},
            createdAt=MONDAY + timedelta(seconds=n), plannedRevision=1,
            daemon={"nextRun": MONDAY, **({"quarantine": {"at": MONDAY}} if n >= 995 else {})},
        )
        for n in range(1000)
    )  # fmt: skip
    order = which.order(sort)
    clauses = [{"deletedAt": {"$not": {"$type": "date"}}}, which.conditions(NOW)]
    explained = db.dynamic_jobs.find({"$and": clauses}).sort(order.sort_keys()).limit(51).explain()
    assert f"'indexName': '{index}'" in str(explained["queryPlanner"]["winningPlan"])
    assert explained["executionStats"]["totalDocsExamined"] <= examined
    if not (which.template or which.labels or which.state or which.name):
        far = {"created": MONDAY + timedelta(seconds=500), "name": "job 500", "next": MONDAY}
        key = far[(sort or "created").removeprefix("-")]
        clauses.append(after(order, Position(key, "500")))
        explained = db.dynamic_jobs.find({"$and": clauses}).sort(order.sort_keys()).limit(51).explain()
        assert f"'indexName': '{index}'" in str(explained["queryPlanner"]["winningPlan"])
