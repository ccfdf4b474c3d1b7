"""What a pass tells people: a job has paused itself, occurrences did not run. Queued in the commit of the pass."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog

from scheduler_daemon.notifications.alerts import AlertedJob, AlertWriter
from scheduler_daemon.scheduling.planner import JobPlan
from scheduler_daemon.store.alerts import AlertStore
from shared.errors import PASSING
from shared.models.definitions import Pause

log = structlog.get_logger(__name__)

Document = dict[str, Any]


class PassAlerts:
    """Makes messages; queues nothing. If they cannot be made, the job is planned without them, and the log says so."""

    def __init__(self, jobs: AlertStore, writer: AlertWriter) -> None:
        self._jobs = jobs
        self._writer = writer

    async def of_plan(self, plan: JobPlan, now: datetime) -> list[Document]:
        """The messages for store.alerts.insert_notices; most jobs have none, and cost one look."""
        paused = plan.update["$set"].get("daemon.autoPaused")
        if plan.quarantine is not None or not (paused or plan.records) or not _has_alerts(plan.document):
            return []
        try:
            job = AlertedJob.read(plan.document)
            rows = await self._writer.of_skips(job, plan.records, now) if job else []
            if job and paused:
                rows += await self._writer.of_auto_pause(job, Pause.model_validate(paused), now)
        except PASSING:
            raise
        except Exception as fault:
            return _none(plan.job_id, fault)
        return rows

    async def of_late(self, late: Sequence[Document], now: datetime) -> list[Document]:
        """The messages for runs that missed their start deadline."""
        by_job: dict[str, list[Document]] = {}
        for run in late:
            if run.get("alerts") is True:
                by_job.setdefault(run["jobId"], []).append({**run, "reason": "deadline"})
        documents = await self._jobs.jobs(list(by_job)) if by_job else {}
        rows: list[Document] = []
        for job_id, document in documents.items():
            try:
                job = AlertedJob.read(document)
                rows += await self._writer.of_skips(job, by_job[job_id], now) if job else []
            except PASSING:
                raise
            except Exception as fault:
                _none(job_id, fault)
        return rows


def _has_alerts(document: Any) -> bool:
    policies = document.get("policies")
    return isinstance(policies, dict) and policies.get("alerts") is not None


def _none(job_id: Any, fault: Exception) -> list[Document]:
    log.error("alert_not_queued", job_id=str(job_id), reason=type(fault).__name__)
    return []
