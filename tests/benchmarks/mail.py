"""E-mail through the daemon, with claim, hand-off mark and delivery record, against the bare client library.

Two baselines in the same run: aiosmtplib with the standard library's EmailMessage, which is what one would write and
which decides, and aiosmtplib with the daemon's own composer, which shows what claiming and recording cost.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from multiprocessing import get_context

import aiosmtplib

from scheduler_daemon.notifications.notifiers.email_message import compose_email, mailbox
from shared.clock import SystemClock
from shared.models.notification_models import NotificationTemplate
from shared.models.queue import queue_item_id
from shared.rendering import RenderedEmail, render_email, rendering_context
from tests.benchmarks.bench import Bench, Documents, insert_all, say
from tests.benchmarks.documents import template_document, waiting_job
from tests.benchmarks.figures import Bound, Figure
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import wait_until

TARGET = 0.8
CONNECTIONS = 4

Compose = Callable[[RenderedEmail, int, datetime], bytes]


def measure(bench: Bench) -> list[Figure]:
    """Pairs: the bare library in a process of its own, then the daemon; the same messages, the same server."""
    count = bench.sizes.emails
    plain: list[float] = []
    composed: list[float] = []
    daemon: list[float] = []
    for _ in range(bench.sizes.email_pairs):
        plain.append(_raw(count, with_email_message))
        composed.append(_raw(count, with_own_composer))
        daemon.append(_daemon(bench, count))
        say(f"e-mail: plain {plain[-1]:.0f}, own composer {composed[-1]:.0f}, daemon {daemon[-1]:.0f} messages/s")
    what = f"daemon, {count:,} messages"
    return [
        Figure("e-mail", f"aiosmtplib and EmailMessage, {CONNECTIONS} connections", tuple(plain), "messages/s"),
        Figure("e-mail", f"aiosmtplib and our composer, {CONNECTIONS} connections", tuple(composed), "messages/s"),
        Figure("e-mail", what, tuple(daemon), "messages/s", _ratio(daemon, plain), "aiosmtplib", Bound(TARGET)),
        Figure("e-mail", what, tuple(daemon), "messages/s", _ratio(daemon, composed), "aiosmtplib, our composer"),
    ]


def _ratio(mine: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(mine, theirs, strict=True))


def _raw(count: int, compose: Compose) -> float:
    server = SmtpServer()
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            seconds = process.submit(send_all, server.port, count, compose).result()
        _check(server, count)
    finally:
        server.close()
    return count / seconds


def send_all(port: int, count: int, compose: Compose) -> float:
    """Seconds to render, compose and send `count` messages with the bare library. Runs in a process of its own."""
    return asyncio.run(_send_all(port, count, compose))


async def _send_all(port: int, count: int, compose: Compose) -> float:
    now = SystemClock().now()
    template = NotificationTemplate.from_document(template_document(now))
    numbers = iter(range(count))

    async def one_connection() -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
        async with client:
            for n in numbers:
                rendered = render_email(template, rendering_context(template, {"name": f"Person {n}"}))
                await client.sendmail("scheduler@localhost", [f"p{n}@example.org"], compose(rendered, n, now))

    began = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)))
    return time.perf_counter() - began


def with_email_message(rendered: RenderedEmail, n: int, now: datetime) -> bytes:
    """The message as the standard library writes it."""
    message = EmailMessage()
    message["From"] = "Unified Scheduler <scheduler@localhost>"
    message["To"] = f"Person {n} <p{n}@example.org>"
    message["Subject"] = rendered.subject
    message["Date"] = now
    message["Message-ID"] = f"<raw-{n}@localhost>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(rendered.text or "")
    if rendered.html is not None:
        message.add_alternative(rendered.html, subtype="html")
    return message.as_bytes(policy=SMTP)


def with_own_composer(rendered: RenderedEmail, n: int, now: datetime) -> bytes:
    """The message as the daemon writes it."""
    sender = mailbox("scheduler@localhost", "Unified Scheduler")
    recipient = mailbox(f"p{n}@example.org", f"Person {n}")
    return compose_email(sender, recipient, rendered, f"<raw-{n}@localhost>", now).content


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
