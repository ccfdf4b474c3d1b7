"""Alerts as messages: who is told of a job, and the queue items that tell them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from scheduler_daemon.notifications.alert_rules import RunNotice, notices_of
from scheduler_daemon.notifications.alert_texts import (
    ALERT_TEMPLATE,
    NoticeText,
    auto_pause_text,
    run_text,
    skips_text,
)
from scheduler_daemon.notifications.messages import Contact, new_message
from scheduler_daemon.notifications.recipients import Missing, RecipientResolver
from scheduler_daemon.store.finishes import Finish
from shared.errors import PASSING
from shared.models.definitions import Pause
from shared.models.jobs import Job, JobProgress, Trouble
from shared.models.policies import AlertEvent, Alerts
from shared.models.queue import queue_item_id
from shared.schedule.zones import load_zone

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
    def of(cls, job: Job) -> "AlertedJob | None":
        """None if nobody is told anything."""
        alerts = job.policies.alerts
        return None if alerts is None else cls(job.id, job.name, job.schedule.zone, alerts, job.daemon)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "AlertedJob | None":
        """From a part of the stored document. ValueError, TypeError, KeyError if it is malformed."""
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

    async def auto_paused(self, job: Job, pause: Pause, now: datetime) -> list[Document]:
        """The messages that a job has paused itself, to be queued in the commit that pauses it."""
        alerted = _wanting(job, "auto_paused")
        if alerted is None:
            return []
        return await self._safely(
            alerted, "auto_paused", auto_pause_text(job.id, job.name, alerted.zone, pause), None, pause.at, now
        )

    async def skipped(self, job: Job, records: Sequence[Document], now: datetime) -> list[Document]:
        """The messages that occurrences were skipped, to be queued in the commit that inserts these records."""
        alerted = _wanting(job, "skipped") if records else None
        if alerted is None:
            return []
        text = skips_text(job.id, job.name, alerted.zone, records)
        first = records[0]
        return await self._safely(alerted, "skipped", text, first["_id"], first["scheduledFor"], now)

    async def _of_run(self, job: AlertedJob, notice: RunNotice, now: datetime, audiences: Audiences) -> list[Document]:
        run = notice.finish.run
        text = run_text(job.id, job.name, job.zone, notice)
        return await self._rows(job, notice.event, text, run["_id"], run["scheduledFor"], now, audiences)

    async def _safely(
        self, job: AlertedJob, event: AlertEvent, text: NoticeText, run_id: str | None, at: datetime, now: datetime
    ) -> list[Document]:
        """What is decided on a job does not wait for people who cannot be found."""
        try:
            return await self._rows(job, event, text, run_id, at, now, {})
        except PASSING:
            raise
        except Exception:
            log.error("alert_not_queued", job_id=job.id, alert=event, exc_info=True)
            return []

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


def _wanting(job: Job, event: AlertEvent) -> AlertedJob | None:
    alerted = AlertedJob.of(job)
    return alerted if alerted is not None and event in alerted.alerts.on else None
