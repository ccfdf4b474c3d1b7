"""The notification system on a real database and a real mail server, driven step by step."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

import pytest

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, Services
from scheduler_daemon.job_templates.email_notifier_template import EmailNotifierTemplate
from scheduler_daemon.notifications.composition import NotificationSystem, build_services
from scheduler_daemon.notifications.sender import DrainLimits, DrainReport
from scheduler_daemon.scheduling.standing_rules import StandingRules
from scheduler_daemon.store.calendars import CalendarStore
from scheduler_daemon.store.mongo import Client, Database
from scheduler_daemon.store.transactions import Fence, TransactionSession
from shared.clock import cut_to_milliseconds
from shared.models.scheduler_state import FENCE_ID
from shared.settings import Settings
from tests.support.clocks import ManualClock
from tests.support.documents import MONDAY, once
from tests.support.smtp_server import SmtpServer

LIMITS = DrainLimits(in_flight=16, most_messages=10_000, longest=timedelta(minutes=1))
EPOCH = 7


class Office:
    """One daemon's notification system, leading with EPOCH."""

    def __init__(self, system: NotificationSystem, database: Database, fence: Fence, clock: ManualClock) -> None:
        self.system = system
        self.db = database
        self.fence = fence
        self.clock = clock
        self.woken = 0

    @property
    def services(self) -> Services:
        return self.system.services

    def wake(self) -> None:
        self.woken += 1

    async def process(self, **options: Any) -> Counter[str]:
        """What the job scheduled_notification_processor does."""
        return await self.services.notifications.process_due(self.clock.now(), **options)

    async def drain(self, limits: DrainLimits = LIMITS) -> DrainReport:
        """What the job email_notifier does."""
        return await self.services.email_sender.drain(limits)

    async def execute(self, template: JobTemplate, **params: Any) -> JobResult:
        """One run of a template, with default parameters where none are given."""
        context = JobExecutionContext(
            "run",
            "job",
            1,
            self.clock.now(),
            template.Parameters(**params),
            None,
            self.clock,
            self.services,  # type: ignore[arg-type]
        )
        return await cast(Awaitable[JobResult], template.execute(context))

    async def notify(self) -> JobResult:
        return await self.execute(EmailNotifierTemplate())

    async def items(self, **criteria: Any) -> list[dict[str, Any]]:
        return await self.db.notification_queue.find(criteria).sort("_id", 1).to_list()

    async def item(self, identity: Any) -> dict[str, Any]:
        found = await self.db.notification_queue.find_one({"_id": identity})
        assert found is not None
        return found

    async def deliveries(self, **criteria: Any) -> list[dict[str, Any]]:
        return await self.db.deliveries.find(criteria).sort("_id", 1).to_list()

    async def scheduled(self, identity: str = "wave") -> dict[str, Any]:
        found = await self.db.scheduled_notifications.find_one({"_id": identity})
        assert found is not None
        return found

    async def add_template(self, **changes: Any) -> None:
        await self.db.notification_templates.insert_one(template_document(**changes))

    async def schedule(self, identity: str = "wave", **changes: Any) -> None:
        await self.db.scheduled_notifications.insert_one(scheduled_document(identity, **changes))

    async def add_items(self, *addresses: str, **changes: Any) -> None:
        await self.add_template()
        await self.db.notification_queue.insert_many(
            [item_document(address.partition("@")[0], address, **changes) for address in addresses]
        )


def template_document(version: int = 1, **changes: Any) -> dict[str, Any]:
    """A stored version of the notification template `welcome`."""
    return {
        "_id": f"welcome:{version}",
        "templateId": "welcome",
        "version": version,
        "latest": True,
        "name": "Welcome",
        "category": "",
        "channels": ["email"],
        "subject": "Hello {{ name }}",
        "text": "Hello {{ name }}!",
        "html": None,
        "sms": None,
        "variables": [{"name": "name", "default": "friend"}],
        "createdAt": MONDAY,
        "createdBy": "test",
        **changes,
    }


def scheduled_document(identity: str = "wave", **changes: Any) -> dict[str, Any]:
    """A scheduled notification as inserted by the API: once, at MONDAY + 5 s, to two addresses."""
    return {
        "_id": identity,
        "name": identity,
        "templateId": "welcome",
        "templateVersion": 1,
        "channels": ["email"],
        "recipients": {
            "addresses": [
                {"email": "ada@example.com", "variables": {"name": "Ada"}},
                {"email": "bob@example.com"},
            ]
        },
        "variables": {},
        "schedule": once(MONDAY + timedelta(seconds=5)),
        "revision": 1,
        "scheduleSince": MONDAY,
        "createdAt": MONDAY,
        "createdBy": "test",
        "updatedAt": MONDAY,
        "updatedBy": "test",
        **changes,
    }


def item_document(identity: str, address: str, **changes: Any) -> dict[str, Any]:
    """A queue item as fan-out inserts it."""
    return {
        "_id": identity,
        "scheduledNotificationId": "wave",
        "occurrence": MONDAY,
        "channel": "email",
        "recipient": {"address": address, "name": "", "recipientId": None},
        "templateId": "welcome",
        "templateVersion": 1,
        "variables": {"name": identity.capitalize()},
        "subject": "Hello",
        "state": "pending",
        "attempt": 0,
        "sendAfter": MONDAY,
        "expiresAt": None,
        "token": None,
        "epoch": None,
        "handoffAt": None,
        "ambiguous": False,
        "messageId": f"<{identity}@localhost>",
        "providerReference": None,
        "lastError": None,
        "createdAt": MONDAY,
        "finishedAt": None,
        "expireAt": None,
        **changes,
    }


class OpenOffice(Protocol):
    async def __call__(
        self, server: SmtpServer | None = None, *, epoch: int = EPOCH, start: datetime = MONDAY, **overrides: Any
    ) -> Office: ...


@pytest.fixture
async def open_office(mongo: tuple[Client, Database], settings: Callable[..., Settings]) -> AsyncIterator[OpenOffice]:
    """Builds notification systems; a second one with a higher epoch replaces the first."""
    client, database = mongo
    async with AsyncExitStack() as stack:

        async def build(
            server: SmtpServer | None = None, *, epoch: int = EPOCH, start: datetime = MONDAY, **overrides: Any
        ) -> Office:
            await database.scheduler_state.update_one({"_id": FENCE_ID}, {"$set": {"epoch": epoch}}, upsert=True)
            session = TransactionSession(client)
            stack.push_async_callback(session.close)
            fence = Fence(session, database)
            fence.arm(epoch)
            clock = ManualClock(start)
            given: dict[str, Any] = {"message_backoff": "1s"}
            if server is not None:
                given |= {name.lower(): value for name, value in server.environment.items() if name[:4] == "SMTP"}
            tls_context = None
            if server is not None and "SSL_CERT_FILE" in server.environment:
                tls_context = ssl.create_default_context(cafile=server.environment["SSL_CERT_FILE"])
            offices: list[Office] = []
            system = build_services(
                settings(**{**given, **overrides}),
                client=client,
                database=database,
                fence=fence,
                clock=clock,
                wake=lambda: [office.wake() for office in offices] and None,
                rules=StandingRules(CalendarStore(database), clock, longest_seconds=0),
                tls_context=tls_context,
            )
            stack.push_async_callback(system.close)
            offices.append(Office(system, database, fence, clock))
            return offices[0]

        yield build


@pytest.fixture
async def office(open_office: OpenOffice, smtp_server: SmtpServer) -> Office:
    """A notification system whose server is `smtp_server`."""
    return await open_office(smtp_server)


async def cancelled(task: "asyncio.Task[Any]") -> None:
    """Cancels `task` and waits until it has ended so."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def moment(**delta: float) -> datetime:
    return cut_to_milliseconds(MONDAY + timedelta(**delta))
