"""Every route with every role and with every credential that is none: who may call what."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from api import create_app
from api.auth import check_declared, needed_permission
from api.context import store_of
from shared.collections import COMMANDS, JOB_RUNS
from shared.models.access import PERMISSIONS, Permission, Role
from shared.settings import Settings
from tests.integration.api.conftest import (
    JOBS,
    RUNS,
    SCHEDULED,
    TEMPLATES,
    Caller,
    Db,
    assert_problem,
    insert_token,
    job_body,
    scheduled_body,
    template_body,
)

SCHEDULER = "/api/admin/scheduler"
NOTIFICATIONS = "/api/notifications"
ADMINISTER = Permission.ADMINISTER
READ, OWN, SWITCH = Permission.READ, Permission.READ_OWN_RUNS, Permission.SWITCH
RUN, OPERATE, EDIT, EXPORTS = Permission.RUN, Permission.OPERATE, Permission.EDIT, Permission.READ_EXPORTS

NEEDED: dict[str, dict[str, Permission]] = {
    f"{SCHEDULER}/templates": {"GET": READ},
    f"{SCHEDULER}/jobs": {"GET": READ, "POST": EDIT},
    f"{SCHEDULER}/statistics": {"GET": READ},
    f"{SCHEDULER}/upcoming": {"GET": READ},
    f"{SCHEDULER}/jobs/count": {"GET": READ},
    f"{SCHEDULER}/jobs/bulk": {"POST": OPERATE},
    f"{SCHEDULER}/jobs/recent-runs": {"GET": READ},
    f"{SCHEDULER}/jobs/<id>": {"GET": READ, "PUT": EDIT, "PATCH": EDIT, "DELETE": EDIT},
    f"{SCHEDULER}/jobs/<id>/run": {"POST": RUN},
    f"{SCHEDULER}/jobs/<id>/pause": {"POST": SWITCH},
    f"{SCHEDULER}/jobs/<id>/resume": {"POST": SWITCH},
    f"{SCHEDULER}/jobs/<id>/backfill": {"POST": OPERATE},
    f"{SCHEDULER}/jobs/<id>/runs": {"GET": READ},
    f"{SCHEDULER}/jobs/<id>/revisions": {"GET": READ},
    f"{SCHEDULER}/runs": {"GET": READ},
    f"{SCHEDULER}/runs/<id>": {"GET": OWN},
    f"{SCHEDULER}/runs/<id>/logs": {"GET": OWN},
    f"{SCHEDULER}/runs/<id>/cancel": {"POST": OPERATE},
    f"{SCHEDULER}/runs/<id>/retry": {"POST": OPERATE},
    f"{SCHEDULER}/schedules/preview": {"POST": READ},
    f"{SCHEDULER}/calendars": {"GET": READ, "POST": EDIT},
    f"{SCHEDULER}/calendars/<id>": {"GET": READ, "PUT": EDIT, "DELETE": EDIT},
    f"{SCHEDULER}/status": {"GET": READ},
    "/metrics": {"GET": READ},
    f"{SCHEDULER}/maintenance": {"GET": READ, "PUT": OPERATE, "DELETE": OPERATE},
    f"{NOTIFICATIONS}/templates": {"GET": READ, "POST": EDIT},
    f"{NOTIFICATIONS}/templates/preview": {"POST": READ},
    f"{NOTIFICATIONS}/templates/categories": {"GET": READ},
    f"{NOTIFICATIONS}/templates/<id>/versions": {"GET": READ},
    f"{NOTIFICATIONS}/templates/<id>/versions/<version>": {"GET": READ},
    f"{NOTIFICATIONS}/scheduled/preview": {"POST": READ},
    f"{NOTIFICATIONS}/templates/<id>": {"GET": READ, "PUT": EDIT, "DELETE": EDIT},
    f"{NOTIFICATIONS}/templates/<id>/preview": {"POST": READ},
    f"{NOTIFICATIONS}/templates/<id>/test": {"POST": EDIT},
    f"{NOTIFICATIONS}/templates/<id>/statistics": {"GET": READ},
    f"{NOTIFICATIONS}/scheduled": {"GET": READ, "POST": EDIT},
    f"{NOTIFICATIONS}/scheduled/bulk": {"POST": OPERATE},
    f"{NOTIFICATIONS}/scheduled/coming": {"GET": READ},
    f"{NOTIFICATIONS}/scheduled/<id>": {"GET": READ, "PUT": EDIT, "PATCH": EDIT, "DELETE": EDIT},
    f"{NOTIFICATIONS}/scheduled/<id>/coming": {"GET": READ},
    f"{NOTIFICATIONS}/scheduled/<id>/pause": {"POST": SWITCH},
    f"{NOTIFICATIONS}/scheduled/<id>/resume": {"POST": SWITCH},
    f"{NOTIFICATIONS}/scheduled/<id>/approve": {"POST": EDIT},
    f"{NOTIFICATIONS}/scheduled/count": {"GET": READ},
    f"{NOTIFICATIONS}/scheduled/<id>/revisions": {"GET": READ},
    f"{NOTIFICATIONS}/scheduled/<id>/retry-failed": {"POST": OPERATE},
    f"{NOTIFICATIONS}/recipients": {"GET": READ, "POST": EDIT},
    f"{NOTIFICATIONS}/recipients/<id>": {"GET": READ, "PUT": EDIT, "DELETE": EDIT},
    f"{NOTIFICATIONS}/recipients/import": {"POST": EDIT},
    f"{NOTIFICATIONS}/groups": {"GET": READ, "POST": EDIT},
    f"{NOTIFICATIONS}/groups/<id>": {"GET": READ, "PUT": EDIT, "DELETE": EDIT},
    f"{NOTIFICATIONS}/host-users": {"GET": READ},
    f"{NOTIFICATIONS}/host-users/<id>": {"GET": READ, "PUT": EDIT, "DELETE": EDIT},
    f"{NOTIFICATIONS}/queue": {"GET": READ},
    f"{NOTIFICATIONS}/queue/<id>": {"GET": READ},
    f"{NOTIFICATIONS}/queue/<id>/content": {"GET": READ},
    f"{NOTIFICATIONS}/queue/<id>/retry": {"POST": OPERATE},
    f"{NOTIFICATIONS}/queue/<id>/resolve": {"POST": OPERATE},
    f"{NOTIFICATIONS}/deliveries": {"GET": READ},
    f"{NOTIFICATIONS}/deliveries/<id>": {"GET": READ},
    f"{NOTIFICATIONS}/suppressions": {"GET": READ, "POST": EDIT},
    f"{NOTIFICATIONS}/suppressions/<id>": {"GET": READ, "DELETE": EDIT},
    "/api/me": {"GET": Permission.IDENTIFY},
    "/api/admin/settings": {"GET": ADMINISTER},
    "/api/admin/tokens": {"GET": ADMINISTER, "POST": ADMINISTER},
    "/api/admin/tokens/<id>": {"GET": ADMINISTER, "DELETE": ADMINISTER},
    "/api/admin/audit": {"GET": ADMINISTER},
    "/api/admin/audit/words": {"GET": ADMINISTER},
    "/api/admin/audit/<id>": {"GET": ADMINISTER},
    "/api/exports": {"GET": EXPORTS},
    "/api/exports/<id>": {"GET": EXPORTS},
    "/api/exports/<id>/download": {"GET": EXPORTS},
}
PUBLIC = dict.fromkeys(("/", "/healthz", "/readyz", "/api/openapi.json", "/api/docs", "/api/docs/style.css"), "GET")
WEB_FILE = "/ui/<version>/<path:name>"
SIGNED = {"/unsubscribe/<token>", f"{NOTIFICATIONS}/callbacks/twilio/<id>"}
"""What the request carries is the proof: a signature. Without the keys of the settings they are not there."""


def routes(app: Flask) -> Iterator[tuple[str, str, Permission | None]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield method, rule.rule, needed_permission(app, rule.endpoint)


def path_of(rule: str) -> str:
    return rule.replace("<id>", "x").replace("<token>", "x").replace("<version>", "1")


def test_every_route_is_in_the_table_with_the_permission_that_it_needs(app: Flask) -> None:
    found = {(method, rule): needed for method, rule, needed in routes(app) if needed is not None}
    wanted = {(method, rule): needed for rule, methods in NEEDED.items() for method, needed in methods.items()}
    assert found == wanted
    assert {rule for _, rule, needed in routes(app) if needed is None} == {*PUBLIC, *SIGNED, WEB_FILE}


def test_a_view_that_declares_nothing_is_no_part_of_an_api(app: Flask) -> None:
    app.view_functions["forgotten"] = lambda: ""
    with pytest.raises(RuntimeError, match="forgotten"):
        check_declared(app)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_call_what_its_permissions_say_and_nothing_else(app: Flask, catalogue: Db, role: Role) -> None:
    caller = Caller(app, role.value)
    for rule, methods in NEEDED.items():
        for method, needed in methods.items():
            response = caller.call(method, path_of(rule))
            if needed in PERMISSIONS[role]:
                assert response.status_code not in (401, 403), (role, method, rule, response.text)
            else:
                problem = assert_problem(response, 403, "forbidden")
                assert f"permission {needed.value}" in problem["detail"]
                assert f"the role {role.value}" in problem["detail"]


PAST = datetime(2026, 1, 1, tzinfo=UTC)
NO_CREDENTIALS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "unknown": None,
    "expired": {"expiresAt": PAST},
    "revoked": {"revokedAt": PAST},
    "of-no-role": {"role": "emperor"},
}


@pytest.fixture
def patient_app(settings: Callable[..., Settings]) -> Iterator[Flask]:
    """One that does not throttle the failed logins of this test."""
    application = create_app(settings(api_failed_logins_per_minute=10_000))
    yield application
    store_of(application).connection.close()


@pytest.mark.parametrize("credential", NO_CREDENTIALS)
def test_no_route_but_the_public_ones_answers_without_a_valid_token(
    patient_app: Flask, catalogue: Db, credential: str
) -> None:
    fields = NO_CREDENTIALS[credential]
    if fields is not None:
        insert_token(catalogue, "spent-token", **{"role": "admin", **fields})
    token = "spent-token" if fields is not None else credential
    headers = {} if credential == "none" else {"Authorization": f"Bearer {token}"}
    client = patient_app.test_client()
    for method, rule, needed in routes(patient_app):
        response = client.open(path_of(rule), method=method, headers=headers)
        if needed is None:
            assert response.status_code == (200 if rule in PUBLIC else 404), (method, rule)
        else:
            assert_problem(response, 401, "unauthenticated")
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_switcher_switches_and_is_told_only_of_the_switches(app: Flask, admin: Caller) -> None:
    job = admin.created(JOBS, job_body(params={"duration": "1s"}))
    template = admin.created(TEMPLATES, template_body())
    scheduled = admin.created(SCHEDULED, scheduled_body(template["id"]))
    switcher = Caller(app, "switcher")
    for path in (f"{JOBS}/{job['id']}", f"{SCHEDULED}/{scheduled['id']}"):
        paused = switcher.post(f"{path}/pause", {"reason": "deploy"})
        assert (paused.status_code, paused.json["state"]) == (200, "paused")
        assert not {"params", "recipients", "schedule", "variables"} & paused.json.keys()
        resumed = switcher.post(f"{path}/resume", headers={"If-Match": paused.headers["ETag"]})
        assert (resumed.status_code, resumed.json["state"]) == (200, "active")
        assert switcher.get(path).status_code == 403


def test_a_runner_runs_a_job_as_it_is_and_sees_his_own_runs_only(app: Flask, admin: Caller, db: Db) -> None:
    job = admin.created(JOBS, job_body())
    runner = Caller(app, "runner")
    run_path = f"{JOBS}/{job['id']}/run"
    assert_problem(runner.post(run_path, {"params": {"duration": "9s"}}), 403, "forbidden")
    assert_problem(runner.post(run_path, {"force": True}), 403, "forbidden")
    mine = runner.post(run_path).json["runId"]
    assert db[COMMANDS].count_documents({}) == 1
    others = {"trigger": "manual", "createdBy": "the admin"}
    for run_id, fields in ((mine, {"trigger": "manual", "createdBy": "the runner"}), ("theirs", others)):
        db[JOB_RUNS].insert_one({"_id": run_id, "jobId": job["id"], "template": "noop", "state": "succeeded", **fields})
    for tail in ("", "/logs"):
        assert runner.get(f"{RUNS}/{mine}{tail}").status_code == 200
        theirs = assert_problem(runner.get(f"{RUNS}/theirs{tail}"), 404, "not_found")
        assert theirs["detail"] == runner.get(f"{RUNS}/nonesuch{tail}").json["detail"]
        assert admin.get(f"{RUNS}/theirs{tail}").status_code == 200


def test_a_token_that_is_revoked_stops_working_with_the_next_request(app: Flask, catalogue: Db) -> None:
    insert_token(catalogue, "short-token", "viewer", expiresAt=datetime.now(UTC) + timedelta(hours=1))
    caller = Caller(app, "short")
    assert caller.get(JOBS).status_code == 200
    catalogue["api_tokens"].update_one({"_id": "id-of-short-token"}, {"$set": {"revokedAt": datetime.now(UTC)}})
    assert_problem(caller.get(JOBS), 401, "unauthenticated")
