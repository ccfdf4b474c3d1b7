"""Writers that meet: nothing is lost, nothing is made twice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.integration.api.conftest import JOBS, TEMPLATES, Caller, Db, job_body, template_body

AT_ONCE = 6


def together(call: Any) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(call, range(AT_ONCE)))


def test_patches_of_different_fields_at_once_all_stay(admin: Caller, db: Db) -> None:
    path = f"{JOBS}/{admin.created(JOBS, job_body())['id']}"
    changes: list[dict[str, Any]] = [
        {"name": "B"}, {"labels": {"a": "b"}}, {"enabled": False}, {"params": {"count": 3}},
        {"policies": {"priority": 5}}, {"policies": {"timeout": "1m"}},
    ]  # fmt: skip
    answers = together(lambda n: admin.patch(path, changes[n]).status_code)
    assert set(answers) <= {200, 409}
    if set(answers) == {200}:
        job = admin.get(path).json
        assert (job["name"], job["labels"], job["enabled"], job["params"]) == ("B", {"a": "b"}, False, {"count": 3})
        assert (job["policies"]["priority"], job["policies"]["timeout"]) == (5, "1m")
    assert admin.get(path).json["revision"] == 1 + answers.count(200)
    assert db["audit_log"].count_documents({"action": "job.update"}) == answers.count(200)


def test_of_writers_with_the_same_revision_one_wins(admin: Caller) -> None:
    path = f"{JOBS}/{admin.created(JOBS, job_body())['id']}"
    answers = together(lambda n: admin.patch(path, {"name": f"{n}"}, headers={"If-Match": '"1"'}).status_code)
    assert sorted(answers) == [200] + [412] * (AT_ONCE - 1)


def test_the_same_request_many_times_at_once_makes_one_job(admin: Caller, db: Db) -> None:
    key = {"headers": {"Idempotency-Key": "k"}}
    answers = together(lambda _: admin.post(JOBS, job_body(), **key))
    made = [answer for answer in answers if answer.status_code == 201]
    assert made
    assert len({answer.json["id"] for answer in made}) == 1
    assert {answer.json["code"] for answer in answers if answer not in made} <= {"request_in_flight"}
    assert db["dynamic_jobs"].count_documents({}) == 1
    assert db["audit_log"].count_documents({}) == 1


def test_saves_of_a_template_at_once_are_versions_in_a_row(admin: Caller, db: Db) -> None:
    path = f"{TEMPLATES}/{admin.created(TEMPLATES, template_body())['id']}"
    answers = together(lambda n: admin.put(path, template_body(name=f"{n}")).status_code)
    assert set(answers) <= {200, 409}
    versions = [each["version"] for each in db["notification_templates"].find().sort("version")]
    assert versions == list(range(1, 2 + answers.count(200)))
    assert db["notification_templates"].count_documents({"latest": True}) == 1
