"""What Fernhill Books writes: notification templates with versions, and scheduled notifications in every state."""

from datetime import datetime
from typing import Any

from pymongo.database import Database

from tests.support.api_process import ApiProcess
from tests.support.bookshop.people import People
from tests.support.bookshop.work import cron
from tests.support.documents import MONDAY
from tests.support.http_objects import create, items, soon
from tests.support.waiting import wait_until

TEMPLATES, SCHEDULED = "/api/notifications/templates", "/api/notifications/scheduled"
NEWSLETTER, CONFIRMATION, READY = "Monthly newsletter", "Order confirmation", "Order ready for collection"
WEEKLY, SALE, CLUB, MALFORMED = "News of the month", "Winter sale", "Reading club in December", "Books of the year"
_PARIS = "Europe/Paris"
_NAME = {
    "name": "name",
    "type": "string",
    "default": "reader",
    "example": "Amelia",
    "description": "First name of the recipient.",
}
_ORDER = {"name": "order", "type": "string", "example": "F-20417", "description": "Number of the order."}
_HTML = """<h1 style="color: #7a2e1d">Fernhill Books</h1>
<p>Dear {{ name }},</p>
<p>thank you for your order <strong>{{ order }}</strong>. We pack it today, and tell you when it leaves.</p>
<p><a href="https://shop.example.com/orders/{{ order }}">Look at your order</a></p>
<p style="color: #555">Fernhill Books · 4 Mill Lane · hello@example.com</p>"""
_TEXTS: tuple[dict[str, Any], ...] = (
    {
        "name": CONFIRMATION, "category": "orders", "channels": ["email"], "variables": [_NAME, _ORDER],
        "subject": "Your order {{ order }}", "html": _HTML,
        "text": "Dear {{ name }},\n\nthank you for your order {{ order }}. We pack it today.\n\nFernhill Books",
    },
    {
        "name": READY, "category": "orders", "channels": ["email", "sms"], "variables": [_NAME, _ORDER],
        "subject": "{{ order }} is ready", "html": _HTML.replace("We pack it today, and", "It waits for you. We"),
        "text": "Dear {{ name }},\n\nyour order {{ order }} is ready. We are open until 19:00.\n\nFernhill Books",
        "sms": "Fernhill Books: order {{ order }} is ready for you, {{ name }}. Open until 19:00.",
    },
    {
        "name": "Parcel on its way", "category": "orders", "channels": ["sms"], "variables": [_ORDER],
        "sms": "Fernhill Books: your parcel {{ order }} left our warehouse today.",
    },
    {
        "name": NEWSLETTER, "category": "newsletter", "channels": ["email"], "variables": [_NAME],
        "subject": "{{ name }}, six new novels and a bridge", "html": _HTML.replace("{{ order }}", "of last month"),
        "text": "Dear {{ name }},\n\nthis month: six novels, two atlases, and a bridge in the rain.",
    },
    {
        "name": "Reading club", "category": "newsletter", "channels": ["email"], "variables": [_NAME],
        "subject": "The reading club meets again", "text": "Dear {{ name }},\n\nwe meet on Thursday at seven.",
    },
    {
        "name": "Stock report", "category": "operations", "channels": ["email"],
        "subject": "Stock of the week", "text": "The report is in the shop's office.",
    },
    {
        "name": "Shop closes early", "channels": ["email", "sms"], "variables": [_NAME],
        "subject": "We close at 16:00 on Christmas Eve", "text": "Dear {{ name }},\n\nwe close at 16:00.",
        "sms": "Fernhill Books closes at 16:00 on 24 December.",
    },
)  # fmt: skip


def write_templates(api: ApiProcess) -> dict[str, str]:
    """The ids of the templates by name; the newsletter has three versions."""
    made = {each["name"]: str(create(api, TEMPLATES, dict(each))["id"]) for each in _TEXTS}
    (newsletter,) = [each for each in _TEXTS if each["name"] == NEWSLETTER]
    for version, subject in enumerate(("{{ name }}, our November", "{{ name }}, new novels and a bridge"), start=1):
        answer = api.request(
            "PUT", f"{TEMPLATES}/{made[NEWSLETTER]}", json={**newsletter, "subject": subject},
            headers={"If-Match": f'"{version}"'},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
    return made


def schedule_notifications(
    api: ApiProcess, db: Database[dict[str, Any]], templates: dict[str, str], people: People
) -> dict[str, str]:
    """Ids by name: active, paused, awaiting approval, completed and sent, cancelled, quarantined."""
    next_year = soon(0).year + 1
    staff, customers, club = ({"groups": [group]} for group in (people.staff, people.customers, people.readers))
    order = {"addresses": [{"email": f"{name}@example.com"} for name in ("amelia.hart", "refused", "keiko.tanaka")]}
    bodies: list[dict[str, Any]] = [
        _body(
            WEEKLY, templates[NEWSLETTER], club, cron("0 9 * * TUE"),
            recipientTimezone=True, quietHours={"from": "21:00", "to": "08:00"}, expiresAfter="2d",
        ),
        _body("Stock report of the week", templates["Stock report"], staff, cron("30 17 * * FRI")),
        _body(
            "Christmas Eve", templates["Shop closes early"], staff, _once(f"{next_year}-12-20T10:00:00"),
            channels=["email", "sms"],
        ),
        _body(SALE, templates[NEWSLETTER], customers, _once(f"{next_year}-01-08T09:00:00")),
        _body(CLUB, templates["Reading club"], club, cron("0 10 1 * *")),
        _body("Orders of the morning", templates[READY], order, _once(soon(1)), variables={"order": "F-20417"}),
        _body("Spring fair", templates["Reading club"], club, _once(f"{next_year}-03-20T10:00:00")),
    ]  # fmt: skip
    made = {body["name"]: str(create(api, SCHEDULED, body)["id"]) for body in bodies}
    for verb, path, body in (
        ("POST", f"{made[CLUB]}/pause", {"reason": "The room is not certain yet"}),
        ("DELETE", made["Spring fair"], None),
    ):
        answer = api.request(verb, f"{SCHEDULED}/{path}", json=body, headers={"If-Match": '"1"'})
        assert answer.status_code in {200, 204}, answer.text
    broken = {"_id": "books-of-the-year", "name": MALFORMED, "recipients": {}, "schedule": cron("0 9 1 1 *")}
    record = {"revision": 1, "createdAt": MONDAY, "createdBy": "import", "updatedAt": MONDAY}
    db.scheduled_notifications.insert_one({**broken, **record})
    wait_until(lambda: _states(api).get(MALFORMED) == "quarantined", 20)
    return made


def wait_sent(api: ApiProcess, scheduled_id: str) -> None:
    """Until each message of it has left or was refused."""
    path = f"{SCHEDULED}/{scheduled_id}"
    ended = lambda: api.request("GET", path).json()  # noqa: E731
    wait_until(lambda: ended()["state"] == "completed" and ended()["statistics"]["sent"] == 2, 20)
    wait_until(lambda: ended()["statistics"]["failed"] == 1, 20)


def _states(api: ApiProcess) -> dict[str, str]:
    return {each["name"]: each["state"] for each in items(api, SCHEDULED)}


def _once(at: datetime | str) -> dict[str, Any]:
    if isinstance(at, str):
        return {"kind": "once", "at": at, "timezone": _PARIS}
    return {"kind": "once", "at": at.replace(tzinfo=None).isoformat(), "timezone": "UTC"}


def _body(
    name: str, template_id: str, recipients: dict[str, Any], rule: dict[str, Any], **fields: Any
) -> dict[str, Any]:
    common = {"name": name, "templateId": template_id, "channels": ["email"], "recipients": recipients}
    return {**common, "schedule": rule, **fields}
