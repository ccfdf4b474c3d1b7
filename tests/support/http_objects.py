"""Short forms of the requests that most acceptance tests begin with. Each asserts that the API accepted it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.api_process import ApiProcess
from tests.support.waiting import wait_until


def create(api: ApiProcess, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST; the created document."""
    answer = api.request("POST", path, json=body)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


def create_job(api: ApiProcess, template: str, **changes: Any) -> dict[str, Any]:
    """A job of that template, every 5 minutes unless `changes` say otherwise."""
    body = {"name": template, "template": template, "schedule": {"kind": "interval", "every": "5m"}, **changes}
    return create(api, "/api/admin/scheduler/jobs", body)


def create_notification_jobs(api: ApiProcess) -> list[dict[str, Any]]:
    """The two jobs without which no scheduled notification leaves."""
    return [create_job(api, template) for template in ("scheduled_notification_processor", "email_notifier")]


def create_welcome_template(api: ApiProcess) -> str:
    """The id of a notification template that greets by name."""
    body = {
        "name": "Welcome",
        "channels": ["email"],
        "subject": "Hello {{ name }}",
        "text": "Hello {{ name }}!",
        "variables": [{"name": "name", "type": "string", "default": "friend"}],
    }
    return str(create(api, "/api/notifications/templates", body)["id"])


def schedule_welcome(api: ApiProcess, addresses: list[str], at: datetime, **changes: Any) -> dict[str, Any]:
    """A welcome, once, to these addresses."""
    body = {
        "name": "Welcome wave",
        "templateId": create_welcome_template(api),
        "channels": ["email"],
        "recipients": {"addresses": [{"email": address} for address in addresses]},
        "schedule": {"kind": "once", "at": at.replace(tzinfo=None).isoformat(), "timezone": "UTC"},
        **changes,
    }
    return create(api, "/api/notifications/scheduled", body)


def soon(seconds: float) -> datetime:
    """Now plus `seconds`, in UTC, to the millisecond."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def items(api: ApiProcess, path: str) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        answer = api.request("GET", path, params={"cursor": cursor, "limit": 200} if cursor else {"limit": 200})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            return found


def ended_run(api: ApiProcess, job: dict[str, Any], **body: Any) -> dict[str, Any]:
    """Runs the job now; its run when it has ended."""
    answer = api.request("POST", f"/api/admin/scheduler/jobs/{job['id']}/run", json=body)
    assert answer.status_code == 202, answer.text
    path = f"/api/admin/scheduler/runs/{answer.json()['runId']}"

    def ended() -> dict[str, Any] | None:
        seen = api.request("GET", path)
        run: dict[str, Any] = seen.json()
        return run if seen.status_code == 200 and run["finishedAt"] else None

    found = wait_until(ended, 30, message=f"the end of {path}")
    assert found is not None
    return found
