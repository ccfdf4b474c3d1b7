"""Alerts as messages: who is told of a job, and the queue items that tell them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from scheduler_daemon.notifications.alert_rules import RunNotice, notices_of
from scheduler_daemon.notifications.alert_texts import (
    NoticeText,
    auto_pause_text,
    run_text,
    skips_text,
)
from scheduler_daemon.notifications.messages import Contact, new_message
from scheduler_daemon.notifications.recipients import Missing, RecipientResolver
from scheduler_daemon.store.finishes import Finish
from shared.models.definitions import Pause
from shared.models.jobs import JobProgress, Trouble
from shared.models.policies import AlertEvent, Alerts
from shared.models.queue import queue_item_id
from shared.schedule.zones import load_zone
from shared.template_versions import ALERT_TEMPLATE

log = structlog.get_logger(__name__)

MOST_MESSAGES = 500
"""Of one notice; whoever comes after them is left out, and the log says so."""
SENT_WITHIN = timedelta(hours=24)

Document = dict[str, Any]
Audiences = dict[str, list[Contact]]
"""Who was found for which recipients: for the length of one batch, as many jobs name the same people."""


@dataclass(frozen=True, slots=True)
class AlertedJob:
    """What alerts need of a job."""

    id: str
    name: str
    zone: ZoneInfo
    alerts: Alerts
    progress: JobProgress

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "AlertedJob | None":
        """From the stored document, or the part that AlertStore reads; None if nobody is told anything.

        AttributeError, KeyError or TypeError if it is malformed.
        """
        stored = document.get("policies", {}).get("alerts")
        if stored is None:
            return None
        zone = load_zone(document.get("schedule", {}).get("timezone", "UTC"))
        progress = JobProgress.model_validate(document.get("daemon") or {})
        return cls(document["_id"], str(document["name"]), zone, Alerts.model_validate(stored), progress)


@dataclass(slots=True)
class JobNotices:
    """What ends of runs of one job bring: its trouble after them, messages by run, and the messages."""

    trouble: Trouble | None
    counts: dict[str, int] = field(default_factory=dict)
    rows: list[Document] = field(default_factory=list)


class AlertWriter:
    """Writes messages; queues nothing. A message's identity is job, run, event, channel and address."""

    def __init__(self, resolver: RecipientResolver, message_domain: str) -> None:
        self._resolver = resolver
        self._message_domain = message_domain

    async def of_finishes(
        self, job: AlertedJob, finishes: Sequence[Finish], now: datetime, audiences: Audiences
    ) -> JobNotices:
        """What is to be queued with these ends of the job's runs."""
        notices, trouble = notices_of(job.progress, finishes, job.alerts.on)
        result = JobNotices(trouble, {each.run["_id"]: 0 for each in finishes if each.is_told})
        for notice in notices:
            rows = await self._of_run(job, notice, now, audiences)
            result.counts[notice.finish.run["_id"]] = len(rows)
            result.rows += rows
        return result

    async def of_auto_pause(self, job: AlertedJob, pause: Pause, now: datetime) -> list[Document]:
        """What is to be queued in the commit that pauses the job."""
        if "auto_paused" not in job.alerts.on:
            return []
        text = auto_pause_text(job.id, job.name, job.zone, pause)
        return await self._rows(job, "auto_paused", text, None, pause.at, now, {})

    async def of_skips(self, job: AlertedJob, records: Sequence[Document], now: datetime) -> list[Document]:
        """What is to be queued in the commit in which these runs of the job become, or are born, skipped."""
        if not records or "skipped" not in job.alerts.on:
            return []
        text, first = skips_text(job.id, job.name, job.zone, records), records[0]
        return await self._rows(job, "skipped", text, first["_id"], first["scheduledFor"], now, {})

    async def _of_run(self, job: AlertedJob, notice: RunNotice, now: datetime, audiences: Audiences) -> list[Document]:
        run = notice.finish.run
        text = run_text(job.id, job.name, job.zone, notice)
        return await self._rows(job, notice.event, text, run["_id"], run["scheduledFor"], now, audiences)

    async def _rows(
        self,
        job: AlertedJob,
        event: AlertEvent,
        text: NoticeText,
        run_id: str | None,
        at: datetime,
        now: datetime,
        audiences: Audiences,
    ) -> list[Document]:
        audience = await self._audience(job, audiences)
        if not audience:
            log.warning("alert_reaches_nobody", job_id=job.id, run_id=run_id, alert=event)
        source = f"alert:{job.id}:{run_id}:{event}"
        rows = []
        for contact in audience:
            identity = queue_item_id(source, at, contact.channel.value, contact.address)
            row = new_message(
                identity,
                contact,
                ALERT_TEMPLATE,
                text.variables(),
                occurrence=at,
                now=now,
                expires_at=now + SENT_WITHIN,
                message_domain=self._message_domain,
            )
            rows.append({**row, "subject": text.subject, "jobId": job.id, "runId": run_id, "event": event})
        return rows

    async def _audience(self, job: AlertedJob, audiences: Audiences) -> list[Contact]:
        """Everyone whom a channel reaches, once, and no more than MOST_MESSAGES."""
        key = job.alerts.model_dump_json(include={"recipients", "channels"})
        if key not in audiences:
            found: dict[tuple[str, str], Contact] = {}
            async for people in self._resolver.batches(job.alerts.recipients, Missing()):
                for person in people:
                    for channel in job.alerts.channels:
                        address = person.address_on(channel)
                        if address is not None:
                            contact = Contact(channel, address, person.known.get("name") or "", person.recipient_id)
                            found.setdefault((channel.value, address.casefold()), contact)
                if len(found) > MOST_MESSAGES:
                    log.warning("alert_recipients_cut", job_id=job.id, messages=MOST_MESSAGES)
                    break
            audiences[key] = list(found.values())[:MOST_MESSAGES]
        return audiences[key]
