"""What runs by itself at Fernhill Books: calendars and jobs of every kind of template, in every state."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pymongo.database import Database

from shared.clock import rfc3339
from tests.support.api_process import ApiProcess
from tests.support.bookshop.people import People
from tests.support.documents import job_document
from tests.support.http_objects import create, ended_run, items, soon
from tests.support.waiting import wait_until

JOBS = "/api/admin/scheduler/jobs"
EXPORT, SESSIONS, PRICES, STOCK, SMOKE = (
    "Nightly order export",
    "Remove old sessions",
    "Warm the price cache",
    "Stock levels to the warehouse",
    "Smoke tests of the shop",
)
PAUSED, FAILING, MALFORMED, COMPLETED = (
    "Sync with the book fair",
    "Recalculate the bestsellers",
    "Import of the price lists",
    "Move to the new warehouse",
)
_PARIS = "Europe/Paris"


def every(span: str) -> dict[str, Any]:
    return {"kind": "interval", "every": span}


def cron(expression: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "cron", "expression": expression, "timezone": _PARIS, **fields}


def make_calendars(api: ApiProcess) -> list[str]:
    """The ids of two calendars."""
    year = soon(0).year
    days = [
        ("Christmas", f"{year}-12-24", f"{year}-12-26"),
        ("New Year", f"{year + 1}-01-01", f"{year + 1}-01-01"),
        ("Easter Monday", f"{year + 1}-03-29", f"{year + 1}-03-29"),
        ("Labour Day", f"{year + 1}-05-01", f"{year + 1}-05-01"),
    ]
    holidays = [{"name": name, "first": first, "last": last} for name, first, last in days]
    stocktaking = [{"name": "Stocktaking", "first": f"{year + 1}-01-11", "last": f"{year + 1}-01-15"}]
    bodies: list[dict[str, Any]] = [
        {"name": "Public holidays", "timezone": _PARIS, "entries": holidays},
        {"name": "Warehouse closed", "timezone": _PARIS, "entries": stocktaking},
    ]
    return [str(create(api, "/api/admin/scheduler/calendars", body)["id"]) for body in bodies]


def make_jobs(api: ApiProcess, people: People, calendars: list[str]) -> dict[str, dict[str, Any]]:
    """The jobs by name, planned by the daemon."""
    alerts = {"on": ["failed", "recovered"], "recipients": {"groups": [people.staff]}, "channels": ["email"]}
    hook = {"url": "https://shop.example.com/hooks/prices", "dryRun": True, "data": {"shop": "paris"}}
    bodies: list[dict[str, Any]] = [
        _body("Queue due notifications", "scheduled_notification_processor", every("5m"), team="platform"),
        _body("Send e-mail", "email_notifier", every("5m"), team="platform"),
        _body("Send SMS", "sms_notifier", every("5m"), team="platform"),
        _body(EXPORT, "data_export", cron("30 2 * * *"), {"collection": "orders", "gzip": True}, team="shop"),
        _body("Orders for the accountant", "data_export", cron("0 6 1 * *"), {"collection": "orders"}, team="finance"),
        _body(SESSIONS, "database_cleanup", cron("15 * * * *"), {"collection": "sessions"}, team="platform"),
        _body("Archive closed tickets", "ticket_cleanup", cron("0 3 * * SUN"), team="support"),
        _body("Tidy the system", "system_cleanup", cron("0 4 * * *"), team="platform"),
        _body(PRICES, "webhook_trigger", every("15m"), hook, team="shop", tier="critical"),
        {
            **_body(
                STOCK,
                "webhook_trigger",
                cron("0 7,12,17 * * MON-FRI", excludeCalendars=calendars),
                {"url": "https://warehouse.example.com/stock", "dryRun": True},
                team="warehouse", tier="critical",
            ),
            "policies": {"retry": {"maxAttempts": 3}, "timeout": "2m", "softTimeout": "45s", "alerts": alerts},
        },
        _body(SMOKE, "test_scheduler", every("1h"), {"suite": "shop"}, team="platform"),
        _body(PAUSED, "webhook_trigger", cron("0 8 * * *"), hook, team="shop"),
        {
            **_body(FAILING, "noop", cron("0 5 * * *"), {"outcome": "failure"}, team="shop"),
            "policies": {"retry": {"maxAttempts": 1}, "pauseAfterFailures": 1},
        },
        _body(COMPLETED, "noop", {"kind": "once", "at": soon(1).replace(tzinfo=None).isoformat()}, team="warehouse"),
    ]  # fmt: skip
    made = {body["name"]: create(api, JOBS, body) for body in bodies}
    wait_until(lambda: all(each["nextRun"] or each["state"] == "completed" for each in items(api, JOBS)), 20)
    return made


def _body(
    name: str, template: str, rule: Mapping[str, Any], params: Mapping[str, Any] | None = None, **labels: str
) -> dict[str, Any]:
    return {"name": name, "template": template, "schedule": rule, "params": params or {}, "labels": labels}


def let_them_work(api: ApiProcess, db: Database[dict[str, Any]], jobs: Mapping[str, dict[str, Any]]) -> str:
    """Real runs, a pause, an automatic one, a quarantine, a completion. The id of the run that goes on."""
    db.orders.insert_many([{"_id": at, "title": f"Order {at}", "total": at * 37 % 120} for at in range(1, 400)])
    asked = api.request("POST", f"{JOBS}/{jobs[SMOKE]['id']}/run")
    assert asked.status_code == 202, asked.text
    pause = {"reason": "The fair is closed until spring", "until": rfc3339(soon(timedelta(days=90).total_seconds()))}
    paused = api.request("POST", f"{JOBS}/{jobs[PAUSED]['id']}/pause", json=pause, headers={"If-Match": '"1"'})
    assert paused.status_code == 200, paused.text
    db.dynamic_jobs.insert_one(job_document("publishers", name=MALFORMED, schedule=cron("99 * * * *")))
    for name in (EXPORT, "Orders for the accountant", PRICES, FAILING):
        ended_run(api, jobs[name])
    wait_until(lambda: _states(api).get(MALFORMED) == "quarantined" and _states(api)[COMPLETED] == "completed", 20)
    return str(asked.json()["runId"])


def _states(api: ApiProcess) -> dict[str, str]:
    return {job["name"]: job["state"] for job in items(api, JOBS)}
