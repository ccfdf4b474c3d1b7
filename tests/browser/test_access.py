"""Who gets in, what each role is shown, and what the browser keeps of it."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from shared.collections import API_TOKENS
from shared.models.access import PERMISSIONS, Permission, Role
from tests.browser.button_walk import ROUTES, go, prepare, walk
from tests.support.api_process import ApiProcess
from tests.support.browser import OpenUi, Ui
from tests.support.http_objects import create, create_job, items, schedule_welcome, soon
from tests.support.smtp_server import SmtpServer
from tests.support.stack import Stack
from tests.support.twilio_server import TwilioServer
from tests.support.waiting import wait_until
from tests.support.web_server import Reply

TOKENS = "/api/admin/tokens"
QUEUE = "/api/notifications/queue"
REFUSED, LOST = "refused@example.com", "+33100000001"
ONCE = {"retry": {"maxAttempts": 1}}
UNKNOWN_TOKEN = "The token is unknown, revoked or expired."
PRESSED = {Permission.SWITCH, Permission.RUN, Permission.OPERATE, Permission.EDIT, Permission.ADMINISTER}
pytestmark = pytest.mark.xdist_group("browser-access")


@pytest.fixture(scope="module")
def twilio() -> Iterator[TwilioServer]:
    server = TwilioServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def daemon_settings(mail_server: SmtpServer, twilio: TwilioServer) -> Mapping[str, str]:
    return {**mail_server.environment, **twilio.environment}


def token_of(api: ApiProcess, role: str, name: str) -> dict[str, Any]:
    return create(api, TOKENS, {"name": name, "role": role, "expiresIn": "1d"})


def test_who_is_not_let_in_is_told_why_and_nothing_is_kept(served: ApiProcess, stack: Stack, open_ui: OpenUi) -> None:
    expired, revoked = token_of(served, "admin", "expired"), token_of(served, "admin", "revoked")
    past = {"$set": {"expiresAt": datetime.now(UTC) - timedelta(seconds=1)}}
    stack.database[API_TOKENS].update_one({"_id": expired["id"]}, past)
    served.request("DELETE", f"{TOKENS}/{revoked['id']}", headers={"If-Match": f'"{revoked["revision"]}"'})
    ui = open_ui(served, token="")
    ui.open("#/jobs")
    assert ui.focused == "Token"
    ui.type("two words")
    ui.press("Enter")
    ui.says("Paste the whole token")
    for wrong in ("us_nonesuch", expired["token"], revoked["token"]):
        ui.field("Token").fill(wrong)
        with ui.expecting(HTTPStatus.UNAUTHORIZED):
            with ui.page.expect_response("**/api/me"):
                ui.press("Enter")
            ui.says(UNKNOWN_TOKEN)
            expect(ui.page.get_by_text(UNKNOWN_TOKEN)).to_have_count(1)
            expect(ui.field("Token")).to_be_focused()
        assert ui.kept == {}
    ui.field("Token").fill(served.token)
    with ui.expecting(None):
        ui.page.route("**/api/me", lambda route: route.abort())
        ui.press("Enter")
        ui.says("The API does not answer.")
        ui.page.unroute("**/api/me")
    ui.button("Use another token").click()
    assert ui.kept == {}
    assert ui.focused == "Token"
    ui.field("Token").fill("")
    ui.type(served.token)
    ui.press("Enter")
    ui.heading("Jobs").wait_for()  # whose address was asked for
    ui.button("Dark theme").click()
    assert ui.kept == {"unified-scheduler.token": served.token, "unified-scheduler.theme": "dark"}
    ui.button("Sign out").click()
    ui.field("Token").wait_for()
    assert ui.kept == {"unified-scheduler.theme": "dark"}
    assert served.token not in ui.page.content()


def seed(api: ApiProcess) -> dict[str, list[str]]:
    """Something of everything that has buttons. The addresses of each screen of routes.js."""
    for template in ("scheduled_notification_processor", "email_notifier", "sms_notifier"):
        create_job(api, template)
    ends = create_job(api, "noop", name="Ends badly", params={"outcome": "failure"}, policies=ONCE)
    goes_on = create_job(api, "noop", name="Goes on", params={"duration": "10m"})
    failed, running = (run_of(api, job, state) for job, state in ((ends, "failed"), (goes_on, "running")))
    create(api, "/api/admin/scheduler/calendars", {"name": "Holidays", "timezone": "UTC", "entries": []})
    person = create(api, "/api/notifications/recipients", {"name": "Ada", "email": "ada@example.com"})
    create(api, "/api/notifications/groups", {"name": "Customers", "members": [person["id"]]})
    create(api, "/api/notifications/suppressions", {"email": "gone@example.com", "reason": "manual"})
    api.request("PUT", "/api/notifications/host-users/u-1", json={"optOuts": []})
    texts = {"channels": ["email", "sms"], "subject": "Hello", "text": "Hello", "sms": "Hello"}
    both = create(api, "/api/notifications/templates", {"name": "Both", **texts})
    recipients = {"addresses": [{"email": REFUSED}, {"phone": LOST}]}
    changes = {"templateId": both["id"], "channels": ["email", "sms"], "recipients": recipients}
    sent = schedule_welcome(api, [], soon(1), **changes)
    schedule_welcome(api, ["ada@example.com"], soon(3600), name="Later")
    wait_until(lambda: {each["state"] for each in items(api, QUEUE)} == {"failed", "unknown"}, 20)
    messages = {each["state"]: each["id"] for each in items(api, QUEUE)}
    addresses = {route.path: [route.path] for route in ROUTES if ":" not in route.path}
    return addresses | {
        "/jobs/new/:template": ["/jobs/new/noop"],
        "/jobs/:id": [f"/jobs/{ends['id']}"],
        "/jobs/:id/edit": [f"/jobs/{ends['id']}/edit"],
        "/runs/:id": [f"/runs/{quote(run, safe='')}" for run in (failed, running)],
        "/notifications/templates/:id": [f"/notifications/templates/{both['id']}"],
        "/notifications/scheduled/:id": [f"/notifications/scheduled/{sent['id']}"],
        "/notifications/queue/:id": [f"/notifications/queue/{messages[state]}" for state in ("failed", "unknown")],
    }


def run_of(api: ApiProcess, job: dict[str, Any], state: str) -> str:
    """The id of a run of the job that has come to that state."""
    answer = api.request("POST", f"/api/admin/scheduler/jobs/{job['id']}/run")
    run = str(answer.json()["runId"])
    wait_until(lambda: api.request("GET", f"/api/admin/scheduler/runs/{run}").json().get("state") == state)
    return run


class Operation(NamedTuple):
    """What the API can be asked for, as its OpenAPI document declares it."""

    method: str
    path: str
    permission: Permission

    def fits(self, method: str, path: str) -> bool:
        return method == self.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.path), path) is not None


def operations_of(api: ApiProcess) -> list[Operation]:
    """Those with the fewest parameters in their path first: `jobs/bulk` before `jobs/{id}`."""
    found = []
    for path, methods in sorted(api.request("GET", "/api/openapi.json").json()["paths"].items(), key=by_parameters):
        for method, operation in methods.items():
            needed = re.search(r"Needs the permission `(\w+)`", operation.get("description", ""))
            if needed:
                found.append(Operation(method.upper(), path, Permission(needed[1])))
    return found


def by_parameters(item: tuple[str, Any]) -> int:
    return item[0].count("{")


def test_each_role_is_shown_what_it_may_do_and_nothing_else(
    running: ApiProcess, mail_server: SmtpServer, twilio: TwilioServer, open_ui: OpenUi
) -> None:
    mail_server.reply("RCPT", "550 5.7.1 Refused by policy", recipient=REFUSED)
    twilio.reply(LOST, Reply(drop=True))
    addresses, operations = seed(running), operations_of(running)

    def signed_in(role: Role) -> Ui:
        ui = open_ui(running, token=token_of(running, role, f"the {role}")["token"])
        prepare(ui.page)
        ui.open("#/")
        for route in ROUTES:
            if route.permission not in PERMISSIONS[role]:
                go(ui, addresses[route.path][0])
                if route.path == "/":
                    ui.heading("You").wait_for()
                    continue
                ui.heading("Not allowed").wait_for()
                ui.says(f"Your token lacks the permission {route.permission} that this screen needs.")
        return ui

    def shown_to(role: Role) -> set[tuple[Operation, str]]:
        """What can be asked for by pressing buttons, and what the screens of these buttons need."""
        ui = signed_in(role)
        shown = set()
        for route in ROUTES:
            for address in addresses[route.path] if route.permission in PERMISSIONS[role] else []:
                with ui.expecting(HTTPStatus.UNPROCESSABLE_ENTITY):  # of previews
                    asked, links = walk(ui, address)
                pressed = {next(each for each in operations if each.fits(*request)) for request in asked}
                shown |= {(operation, route.permission) for operation in pressed}
                led = {next(each.permission for each in ROUTES if each.fits(link)) for link in links}
                assert led <= PERMISSIONS[role], f"{role} on {address}"
        return shown

    everything = shown_to(Role.ADMIN)
    assert {operation.permission for operation, _ in everything} == PRESSED
    for role in (Role.VIEWER, Role.OPERATOR):
        expected = {(each, screen) for each, screen in everything if each.permission in PERMISSIONS[role]}
        assert shown_to(role) == expected, role
    whole_screens = {screen for each, screen in everything if each.permission not in PERMISSIONS[Role.EDITOR]}
    assert whole_screens == {Permission.ADMINISTER}, "an editor lacks only screens that it does not see"
    for role in (Role.EDITOR, Role.SWITCHER, Role.RUNNER):
        signed_in(role)
