"""E-mail through the daemon, with claim, hand-off mark and delivery record, against the bare client library."""

import asyncio
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context

import aiosmtplib

from scheduler_daemon.notifications.notifiers.email_message import compose_email, mailbox
from shared.clock import SystemClock
from shared.models.notification_models import NotificationTemplate
from shared.models.queue import queue_item_id
from shared.rendering import render_email, rendering_context
from tests.benchmarks.bench import Bench, Documents, insert_all, say
from tests.benchmarks.documents import waiting_job
from tests.benchmarks.fan_out import template_document
from tests.benchmarks.figures import Bound, Figure
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import wait_until

TARGET = 0.8
CONNECTIONS = 4


def measure(bench: Bench) -> list[Figure]:
    """Pairs: the bare library in a process of its own, then the daemon; the same messages, the same server."""
    count = bench.sizes.emails
    raw: list[float] = []
    daemon: list[float] = []
    for _ in range(bench.sizes.email_pairs):
        raw.append(_raw(count))
        daemon.append(_daemon(bench, count))
        say(f"e-mail: raw {raw[-1]:.0f}, daemon {daemon[-1]:.0f} messages/s")
    ratio = statistics.median(mine / theirs for mine, theirs in zip(daemon, raw, strict=True))
    return [
        Figure("e-mail", f"aiosmtplib, {CONNECTIONS} connections", tuple(raw), "messages/s"),
        Figure(
            "e-mail", f"daemon, {count:,} messages", tuple(daemon), "messages/s", ratio, "aiosmtplib", Bound(TARGET)
        ),
    ]


def _raw(count: int) -> float:
    server = SmtpServer()
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            seconds = process.submit(send_all, server.port, count).result()
        _check(server, count)
    finally:
        server.close()
    return count / seconds


def send_all(port: int, count: int) -> float:
    """Seconds to render, compose and send `count` messages with the bare library. Runs in a process of its own."""
    return asyncio.run(_send_all(port, count))


async def _send_all(port: int, count: int) -> float:
    now = SystemClock().now()
    template = NotificationTemplate.from_document(template_document(now))
    sender = mailbox("scheduler@localhost", "Unified Scheduler")
    numbers = iter(range(count))

    async def one_connection() -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
        async with client:
            for n in numbers:
                rendered = render_email(template, rendering_context(template, {"name": f"Person {n}"}))
                recipient = mailbox(f"p{n}@example.org", f"Person {n}")
                message = compose_email(sender, recipient, rendered, f"<raw-{n}@localhost>", now)
                await client.sendmail(message.sender, [message.recipient], message.content)

    began = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)))
    return time.perf_counter() - began


def _daemon(bench: Bench, count: int) -> float:
    """Messages a second from the moment they are due until the last outcome is recorded."""
    server = SmtpServer()
    try:
        settings = {**server.environment, "SMTP_CONNECTIONS": CONNECTIONS}
        with bench.database("mail") as db, bench.daemon(db, **settings):
            due = SystemClock().now() + timedelta(seconds=3 + count / 2_000)
            _store_messages(db, count, due)
            assert SystemClock().now() < due, "the messages were stored too late; the machine is too busy to measure"
            sent = {"state": "sent"}
            wait_until(lambda: db.notification_queue.count_documents(sent) >= count, 60 + count / 20, every=0.1)
            _check(server, count)
            assert db.deliveries.count_documents(sent) == count
            last = db.notification_queue.find_one({}, {"finishedAt": 1}, sort=[("finishedAt", -1)]) or {}
            return count / (last["finishedAt"] - due).total_seconds()
    finally:
        server.close()


def _store_messages(db: Documents, count: int, due: object) -> None:
    now = SystemClock().now()
    db.notification_templates.insert_one(template_document(now))
    insert_all(
        db.notification_queue,
        (
            {
                "_id": queue_item_id("bench", now, "email", f"p{n}@example.org"), "scheduledNotificationId": "bench",
                "occurrence": now, "channel": "email",
                "recipient": {"address": f"p{n}@example.org", "name": f"Person {n}", "recipientId": f"p{n}"},
                "templateId": "news", "templateVersion": 1, "variables": {"name": f"Person {n}"},
                "subject": f"News for Person {n}", "state": "pending", "attempt": 0, "sendAfter": due,
                "expiresAt": None, "token": None, "epoch": None, "handoffAt": None, "ambiguous": False,
                "messageId": f"<bench-{n}@localhost>", "providerReference": None, "lastError": None,
                "createdAt": now, "finishedAt": None, "expireAt": None,
            }
            for n in range(count)
        ),
    )  # fmt: skip
    db.dynamic_jobs.insert_one(
        waiting_job("notifier", now, "email_notifier")
    )  # wakes the daemon: it looks at the queue


def _check(server: SmtpServer, count: int) -> None:
    """Every message arrived exactly once."""
    arrived = server.messages
    assert len({message.recipients for message in arrived}) == len(arrived) == count, f"{len(arrived)} of {count}"
