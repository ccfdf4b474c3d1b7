"""The list of scheduled notifications: states and orders, and what each costs. Searches: test_searches.py."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.store.definition_filter import DefinitionSort
from api.store.definitions import NOT_DELETED
from api.store.scheduled_notification_filter import ScheduledNotificationFilter
from shared.collections import SCHEDULED_NOTIFICATIONS
from shared.indexes import INDEXES
from shared.queries.keyset import Position, after
from tests.integration.api.conftest import SCHEDULED, TEMPLATES, Caller, Db, scheduled_body, template_body
from tests.support.documents import MONDAY, once

NOW = datetime.now(UTC)
STATES = {"active", "paused", "awaiting_approval", "completed", "quarantined", "cancelled"}


def stored(identity: str, **changes: Any) -> dict[str, Any]:
    """A scheduled notification that the daemon has seen; `changes` replaces top-level fields."""
    record = dict.fromkeys(("scheduleSince", "createdAt", "updatedAt"), MONDAY)
    who = dict.fromkeys(("createdBy", "updatedBy"), "test")
    return {
        "_id": identity, "name": identity, "templateId": "welcome", "templateVersion": 1, "channels": ["email"],
        "recipients": {"addresses": [{"email": "ada@example.com"}]}, "variables": {}, "schedule": once(MONDAY),
        "revision": 1, "plannedRevision": 1, **record, **who, **changes,
    }  # fmt: skip


def test_a_state_lists_those_that_are_shown_in_it(admin: Caller, db: Db) -> None:
    pause = {"reason": "", "by": "x", "at": MONDAY, "until": None}
    asked = {"requestedBy": "x", "recipients": 9, "by": None, "at": None}
    ended, gone = {"completed": True}, NOW - timedelta(hours=1)
    db[SCHEDULED_NOTIFICATIONS].insert_many(
        [
            stored("active"),
            stored("new", revision=2),
            stored("paused", pause=pause),
            stored("over", pause={**pause, "until": NOW - timedelta(hours=1)}),
            stored("until", pause={**pause, "until": NOW + timedelta(hours=1)}),
            stored("asked", approval=asked),
            stored("asked-and-paused", approval=asked, pause=pause),
            stored("approved", approval={**asked, "by": "y", "at": MONDAY}),
            stored("grown", daemon={"needsApproval": 9}),
            stored("grown-before", revision=2, daemon={"needsApproval": 9}),
            stored("grown-and-ended", daemon={"needsApproval": 9, **ended}),
            stored("completed", daemon=ended),
            stored("changed", revision=2, daemon=ended),
            stored("bad", daemon={"quarantine": {"at": MONDAY, "field": "recipients", "reason": "odd"}}),
            stored("deleted", deletedAt=gone),
            stored("deleted-and-ended", deletedAt=gone, daemon=ended),
            stored("deleted-and-damaged", deletedAt=gone, schedule=5),
            stored("a-test", purpose="test"),
            stored("a-deleted-test", purpose="test", deletedAt=gone),
        ]
    )
    shown = {each["id"]: each["state"] for each in admin.all_pages(SCHEDULED, 200)}
    assert "cancelled" not in shown.values()
    shown |= dict.fromkeys(("deleted", "deleted-and-ended", "deleted-and-damaged"), "cancelled")
    assert set(shown.values()) == STATES
    for state in STATES:
        listed = {each["id"]: each["state"] for each in admin.all_pages(f"{SCHEDULED}?state={state}", 2)}
        assert listed == {identity: each for identity, each in shown.items() if each == state}
    assert admin.get(f"{SCHEDULED}?state=odd").status_code == 422


def test_a_deleted_one_says_who_deleted_it_and_what_was_sent(admin: Caller, db: Db) -> None:
    template = admin.created(TEMPLATES, template_body())
    made = admin.created(SCHEDULED, scheduled_body(template["id"]))
    db.notification_queue.insert_one({"_id": "m", "scheduledNotificationId": made["id"], "state": "sent"})
    assert admin.delete(f"{SCHEDULED}/{made['id']}").status_code == 204
    [shown] = admin.get(f"{SCHEDULED}?state=cancelled&q=wave&templateId={template['id']}").json["items"]
    assert (shown["id"], shown["updatedBy"], shown["nextRun"]) == (made["id"], "the admin", None)
    assert shown["statistics"]["sent"] == 1
    assert admin.get(f"{SCHEDULED}/{made['id']}").status_code == 404


def test_orders_are_what_their_names_say(admin: Caller, db: Db) -> None:
    db[SCHEDULED_NOTIFICATIONS].insert_many(
        stored(name, createdAt=MONDAY + timedelta(seconds=place), daemon={"nextRun": NOW + timedelta(hours=due)})
        for place, (name, due) in enumerate((("b", 3), ("c", 1), ("a", 2)))
    )
    for sort, order in (
        ("name", "abc"), ("-name", "cba"), ("next", "cab"), ("-next", "bac"), ("created", "bca"), ("-created", "acb"),
    ):  # fmt: skip
        assert "".join(each["name"] for each in admin.all_pages(f"{SCHEDULED}?sort={sort}", 2)) == order, sort
    assert [each["name"] for each in admin.get(SCHEDULED).json["items"]] == ["a", "c", "b"]
    assert admin.get(f"{SCHEDULED}?sort=state").status_code == 422


@pytest.mark.parametrize(
    ("which", "sort", "index", "examined"),
    [
        (ScheduledNotificationFilter(), None, "by_creation", 60),
        (ScheduledNotificationFilter(), "created", "by_creation", 60),
        (ScheduledNotificationFilter(), "name", "by_name", 60),
        (ScheduledNotificationFilter(), "-name", "by_name", 60),
        (ScheduledNotificationFilter(), "next", "due", 60),
        (ScheduledNotificationFilter(), "-next", "due", 60),
        (ScheduledNotificationFilter(template_id="rare"), None, "by_template", 5),
        (ScheduledNotificationFilter(state="quarantined"), None, "quarantined", 5),
        (ScheduledNotificationFilter(name="wave 7"), None, "by_name", 112),
    ],
)
def test_each_list_walks_its_index_and_reads_no_other_document(
    db: Db, which: ScheduledNotificationFilter, sort: DefinitionSort | None, index: str, examined: int
) -> None:
    collection = db[SCHEDULED_NOTIFICATIONS]
    for spec in INDEXES:
        if spec.collection == SCHEDULED_NOTIFICATIONS:
            options = {"partialFilterExpression": spec.partial} if spec.partial else {}
            collection.create_index(list(spec.keys), name=spec.name, **options)
    collection.insert_many(
        stored(
            f"{n}", name=f"wave {n}", templateId="rare" if n < 5 else "welcome",
            createdAt=MONDAY + timedelta(seconds=n),
            daemon={"nextRun": MONDAY, **({"quarantine": {"at": MONDAY}} if n >= 995 else {})},
        )
        for n in range(1000)
    )  # fmt: skip
    order = which.order(sort)
    clauses = [NOT_DELETED, which.conditions(NOW)]
    explained = collection.find({"$and": clauses}).sort(order.sort_keys()).limit(51).explain()
    assert f"'indexName': '{index}'" in str(explained["queryPlanner"]["winningPlan"])
    assert explained["executionStats"]["totalDocsExamined"] <= examined
    if which == ScheduledNotificationFilter():
        far = {"created": MONDAY + timedelta(seconds=500), "name": "wave 500", "next": MONDAY}
        clauses.append(after(order, Position(far[(sort or "created").removeprefix("-")], "500")))
        explained = collection.find({"$and": clauses}).sort(order.sort_keys()).limit(51).explain()
        assert f"'indexName': '{index}'" in str(explained["queryPlanner"]["winningPlan"])
