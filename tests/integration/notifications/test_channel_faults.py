"""Faults of the channel, not of a message: it pauses, and no message pays for it."""

import socket
from typing import Any

import pytest

from tests.integration.notifications.conftest import Office, OpenOffice
from tests.support.smtp_server import SmtpServer


async def test_starttls_must_succeed(open_office: OpenOffice, smtp_server: SmtpServer) -> None:
    office = await open_office(smtp_server, smtp_security="starttls")
    await office.add_items("ada@example.com")
    report = await office.drain()
    assert "STARTTLS" in report.fault
    assert smtp_server.messages == []
    assert (await office.item("ada"))["state"] == "pending"


async def test_wrong_credentials_pause_the_channel_and_spend_no_attempt(
    open_office: OpenOffice, start_smtp_server: Any
) -> None:
    server = start_smtp_server(starttls=True, login=("postman", "secret"))
    office = await open_office(server, smtp_password="wrong")
    await office.add_items("ada@example.com", "bob@example.com")
    result = await office.notify()
    assert (result.outcome, result.retryable) == ("failure", False)
    assert "rests until" in result.summary
    assert "535" in result.summary
    assert "wrong" not in result.summary
    stored = await office.items()
    assert [(item["state"], item["attempt"], item["token"]) for item in stored] == [("pending", 0, None)] * 2
    # The second one, when it begins after the first met the refusal, is put back without having met anything.
    assert {item["lastError"]["type"] for item in stored if item["lastError"]} == {"channel"}
    assert await office.deliveries() == []
    assert office.services.email_sender.rests_until is not None
    before = server.connection_count
    assert (await office.notify()).outcome == "failure"
    assert server.connection_count == before, "a resting channel is left alone"


async def test_a_refused_sender_pauses_the_channel_instead_of_failing_every_message(
    office: Office, smtp_server: SmtpServer
) -> None:
    smtp_server.reply("MAIL", "550 5.7.1 Sender rejected")
    await office.add_items("ada@example.com", "bob@example.com")
    assert (await office.notify()).outcome == "failure"
    assert {item["state"] for item in await office.items()} == {"pending"}


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port: int = reserved.getsockname()[1]
        return port


async def test_a_server_that_is_down_spends_no_attempt_and_is_used_when_it_is_back(
    open_office: OpenOffice, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await open_office(smtp_server, smtp_port=closed_port())
    await office.add_items(*(f"person{number}@example.com" for number in range(40)))
    assert (await office.notify()).outcome == "failure"
    assert {(item["state"], item["attempt"]) for item in await office.items()} == {("pending", 0)}
    back = await open_office(smtp_server)
    assert (await back.drain()).counts["sent"] == 40


async def test_after_a_pause_one_message_is_tried_before_many(open_office: OpenOffice, smtp_server: SmtpServer) -> None:
    office = await open_office(smtp_server)
    smtp_server.reply("MAIL", "530 5.7.0 Must authenticate", times=50)
    await office.add_items(*(f"person{number}@example.com" for number in range(20)))
    await office.notify()
    used = smtp_server.connection_count
    end_pause(office)
    report = await office.drain()
    assert report.counts["handed_back"] == 1
    assert smtp_server.connection_count <= used + 1
    smtp_server.script.clear()
    end_pause(office)
    assert (await office.drain()).counts["sent"] == 20


def end_pause(office: Office) -> None:
    """As if the time of the channel's pause had passed."""
    sender = office.services.email_sender._sender
    assert sender is not None
    assert sender._carrier.health.resting
    sender._carrier.health._until = 0.0


async def test_without_a_server_messages_wait_and_the_run_says_so(open_office: OpenOffice) -> None:
    office = await open_office()
    await office.add_items("ada@example.com", "bob@example.com")
    result = await office.notify()
    assert (result.outcome, result.summary) == ("success", "no SMTP server is configured; 2 messages wait")
    assert {item["state"] for item in await office.items()} == {"pending"}
