"""A cancelled run hands back what it did not hand over, and lets the rest end."""

import asyncio
from typing import Any

import aiosmtplib
import pytest

from tests.integration.notifications.conftest import Office, cancelled
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import eventually


def watch_hand_off(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when the irrevocable step begins."""
    handed = asyncio.Event()
    original = aiosmtplib.SMTP.data

    async def watched(client: aiosmtplib.SMTP, *given: Any, **options: Any) -> Any:
        handed.set()
        return await original(client, *given, **options)

    monkeypatch.setattr(aiosmtplib.SMTP, "data", watched)
    return handed


async def test_cancelled_it_hands_back_what_was_not_handed_over(office: Office, smtp_server: SmtpServer) -> None:
    smtp_server.stall("RCPT")
    await office.add_items(*(f"person{number}@example.com" for number in range(10)))
    run = asyncio.create_task(office.notify())
    await eventually(lambda: smtp_server.connection_count == 4)
    async with asyncio.timeout(2):
        await cancelled(run)
    for item in await office.items():
        assert (item["state"], item["attempt"], item["token"]) == ("pending", 0, None)
    assert await office.deliveries() == []


async def test_cancelled_it_lets_a_handed_over_message_end(
    office: Office, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = watch_hand_off(monkeypatch)
    await office.add_items("ada@example.com")
    run = asyncio.create_task(office.notify())
    await handed.wait()
    await cancelled(run)
    assert (await office.item("ada"))["state"] == "sent"
    assert len(smtp_server.messages) == 1


async def test_cancelled_with_an_answer_outstanding_it_ends_ambiguous_within_the_bound(
    office: Office, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler_daemon.notifications.sender.STOP_SECONDS", 0.3)
    handed = watch_hand_off(monkeypatch)
    smtp_server.stall("BODY")
    await office.add_items("ada@example.com")
    run = asyncio.create_task(office.notify())
    await handed.wait()
    async with asyncio.timeout(3):
        await cancelled(run)
    item = await office.item("ada")
    assert (item["state"], item["ambiguous"]) == ("retry_wait", True)


async def test_a_message_that_a_stopped_run_still_carries_is_left_to_it(
    office: Office, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second cancellation does not wait for the landing; the next run must not take the message for abandoned."""
    handed = watch_hand_off(monkeypatch)
    smtp_server.stall("BODY")
    await office.add_items("ada@example.com")
    run = asyncio.create_task(office.notify())
    await handed.wait()
    run.cancel()
    await asyncio.sleep(0)
    await cancelled(run)
    assert (await office.drain()).counts["claimed"] == 0
    assert (await office.item("ada"))["state"] == "sending"
    smtp_server.close()
    await office.system.close()
    assert (await office.item("ada"))["state"] == "retry_wait"
