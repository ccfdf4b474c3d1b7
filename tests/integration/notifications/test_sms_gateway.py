"""Short messages through any gateway that speaks HTTP."""

import json
from collections.abc import Iterator

import pytest

from scheduler_daemon.job_templates.sms_notifier_template import SmsNotifierTemplate
from tests.integration.notifications.conftest import OpenOffice
from tests.integration.notifications.test_sms import ADA, BOB, add_messages, notify
from tests.support.web_server import Reply, WebServer


@pytest.fixture
def gateway() -> Iterator[WebServer]:
    server = WebServer()
    yield server
    server.close()


async def test_any_gateway_is_called_as_the_settings_say(open_office: OpenOffice, gateway: WebServer) -> None:
    office = await open_office(
        sms_provider="http",
        sms_from="US",
        sms_http_url=f"{gateway.url}/send?x=1",
        sms_http_headers='{"Authorization": "Bearer top-secret", "Content-Type": "application/json"}',
        sms_http_success='"status": *"ok"',
        sms_http_reference='"id": *"([^"]+)"',
    )
    gateway.reply(Reply(200, b'{"status": "ok", "id": "g-1"}'), Reply(200, b'{"status": "no credit"}'))
    await add_messages(office, ADA, BOB, sms='Say "{{ name }}"', variables={"name": "x"})
    await office.execute(SmsNotifierTemplate())
    asked = gateway.asked
    assert {each.path for each in asked} == {"/send?x=1"}
    assert {each.headers["authorization"] for each in asked} == {"Bearer top-secret"}
    bodies = sorted((json.loads(each.body) for each in asked), key=lambda body: body["to"])
    assert bodies[0] == {"to": ADA, "from": "US", "text": 'Say "x"', "reference": f"<{ADA}@localhost>"}
    by_state = {item["state"]: item for item in await office.items()}
    assert by_state["sent"]["providerReference"] == "g-1"
    assert "SMS_HTTP_SUCCESS" in by_state["failed"]["lastError"]["message"]


async def test_a_reference_whose_group_took_no_part_is_the_status(open_office: OpenOffice, gateway: WebServer) -> None:
    pattern = "ok(?: id=([0-9]+))?"
    office = await open_office(sms_provider="http", sms_http_url=gateway.url, sms_http_reference=pattern)
    gateway.reply(Reply(200, b"ok"))
    await add_messages(office, ADA)
    await notify(office)
    item = await office.item(ADA)
    assert (item["state"], item["providerReference"]) == ("sent", "200")


@pytest.mark.parametrize(
    ("status", "state"),
    [(200, "sent"), (202, "sent"), (400, "failed"), (302, "pending"), (401, "pending"), (503, "retry_wait")],
)
async def test_what_a_gateways_status_means(
    open_office: OpenOffice, gateway: WebServer, status: int, state: str
) -> None:
    office = await open_office(sms_provider="http", sms_http_url=gateway.url)
    gateway.reply(Reply(status, b"", {"Location": gateway.url} if status == 302 else {}))
    await add_messages(office, ADA)
    await notify(office)
    assert (await office.item(ADA))["state"] == state
    assert len(gateway.asked) == 1, "a redirect is not followed"
