"""The history of a job and of a scheduled notification: for whoever may read it, by its index, without secrets."""

from collections.abc import Callable
from typing import Any

from shared.collections import AUDIT_LOG
from shared.indexes import INDEXES
from tests.integration.api.conftest import (
    JOBS,
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    job_body,
    publish,
    scheduled_body,
    template_body,
)


def test_a_viewer_reads_who_changed_a_job_and_how_it_was_before(
    admin: Caller, as_role: Callable[[str], Caller]
) -> None:
    job = admin.created(JOBS, job_body(name="First"))["id"]
    as_role("editor").patch(f"{JOBS}/{job}", {"name": "Second"})
    admin.post(f"{JOBS}/{job}/pause", {"reason": "disks"})
    admin.post(f"{JOBS}/{job}/run")
    admin.created(JOBS, job_body(name="Another"))
    found = as_role("viewer").all_pages(f"{JOBS}/{job}/revisions", 2)
    assert [(each["action"], each["by"], each["revision"]) for each in found] == [
        ("job.pause", "the admin", 3),
        ("job.update", "the editor", 2),
        ("job.create", "the admin", 1),
    ]
    assert (found[1]["before"], found[1]["after"]) == ({"name": "First"}, {"name": "Second"})
    assert found[2]["before"] is None
    assert found[2]["after"]["name"] == "First"
    assert set(found[0]) == {"id", "at", "by", "action", "revision", "before", "after"}
    assert_problem(as_role("runner").get(f"{JOBS}/{job}/revisions"), 403, "forbidden")
    admin.delete(f"{JOBS}/{job}")
    assert_problem(admin.get(f"{JOBS}/{job}/revisions"), 404, "not_found")


def test_a_scheduled_notification_has_its_history(admin: Caller, as_role: Callable[[str], Caller]) -> None:
    template = admin.created(TEMPLATES, template_body())["id"]
    wave = admin.created(SCHEDULED, scheduled_body(template, name="First"))["id"]
    admin.patch(f"{SCHEDULED}/{wave}", {"name": "Second"})
    found = as_role("viewer").get(f"{SCHEDULED}/{wave}/revisions").json["items"]
    assert [each["action"] for each in found] == ["scheduled_notification.update", "scheduled_notification.create"]
    assert (found[0]["before"]["name"], found[0]["after"]["name"]) == ("First", "Second")


def test_what_the_template_calls_secret_now_is_masked_in_older_changes_too(admin: Caller, db: Db) -> None:
    text: dict[str, Any] = {"type": "string"}
    publish(db, "hook", {"type": "object", "properties": {"key": text}})
    job = admin.created(JOBS, job_body(template="hook", params={"key": "hunter2"}))["id"]
    admin.patch(f"{JOBS}/{job}", {"params": {"key": "hunter3"}})
    publish(db, "hook", {"type": "object", "properties": {"key": {**text, "format": "password", "writeOnly": True}}})
    answer = admin.get(f"{JOBS}/{job}/revisions")
    assert "hunter" not in answer.text
    assert answer.json["items"][0]["before"]["params"] == {"key": "***"}


def test_the_history_reads_no_other_documents(admin: Caller, db: Db) -> None:
    job = admin.created(JOBS, job_body())["id"]
    db[AUDIT_LOG].insert_many(
        {"_id": f"e{number}", "documentId": f"d{number}", "collection": "dynamic_jobs"} for number in range(500)
    )
    for spec in INDEXES:
        if spec.collection == AUDIT_LOG:
            db[AUDIT_LOG].create_index(list(spec.keys), name=spec.name)
    wanted = {"$and": [{"documentId": job, "collection": "dynamic_jobs"}]}
    found = db[AUDIT_LOG].find(wanted).sort([("at", -1), ("_id", -1)]).limit(51).explain()
    assert "'indexName': 'history'" in str(found["queryPlanner"]["winningPlan"])
    assert found["executionStats"]["totalDocsExamined"] == 1
