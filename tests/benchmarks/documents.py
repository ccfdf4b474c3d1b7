"""The documents that the benchmarks store, as the API would have written them and the daemon planned them."""

from datetime import datetime, timedelta
from typing import Any

from shared.clock import MILLISECOND, cut_to_milliseconds


def due_job(
    identity: str, due: datetime, template: str = "noop", *, since: datetime | None = None, **changes: Any
) -> dict[str, Any]:
    """A planned job that falls due once, at the millisecond of `due`. since: when it was made; None: 30 s earlier."""
    due = cut_to_milliseconds(due)
    since = due - timedelta(seconds=30) if since is None else cut_to_milliseconds(since)
    return {
        "_id": identity,
        "name": identity,
        "template": template,
        "params": {},
        "schedule": {"kind": "once", "at": due.replace(tzinfo=None).isoformat(), "timezone": "UTC"},
        "enabled": True,
        "labels": {},
        "policies": {},
        "revision": 1,
        "scheduleSince": since,
        "createdAt": since,
        "createdBy": "benchmark",
        "updatedAt": since,
        "updatedBy": "benchmark",
        "plannedRevision": 1,
        "daemon": {"nextRun": due, "cursor": since},
        **changes,
    }


def idle_job(number: int, now: datetime) -> dict[str, Any]:
    """A planned job whose next run is days to years away."""
    return due_job(f"idle-{number}", now + timedelta(days=2, seconds=number * 37 % 60_000_000), since=now)


def every_second(identity: str, first: datetime, seconds: int) -> dict[str, Any]:
    """A planned job with `seconds` occurrences, one a second, the first at `first`."""
    first = cut_to_milliseconds(first)
    end = first + timedelta(seconds=seconds - 1) + MILLISECOND
    return due_job(
        identity,
        first,
        schedule={"kind": "interval", "every": "1s", "anchor": first, "endAt": end},
        policies={"overlap": "allow:1000", "keepLast": 0},
        daemon={"nextRun": first, "cursor": first - MILLISECOND},
    )


def waiting_job(identity: str, now: datetime, template: str = "noop", **changes: Any) -> dict[str, Any]:
    """A planned job of which a run starts only because somebody, or a due source, asks for it."""
    return due_job(identity, now + timedelta(days=700), template, since=now, **changes)


def _record(at: datetime) -> dict[str, Any]:
    return {"revision": 1, "createdAt": at, "createdBy": "benchmark", "updatedAt": at, "updatedBy": "benchmark"}


def person(number: int, now: datetime) -> dict[str, Any]:
    """Somebody who can be notified; the greater the number, the older."""
    return {
        "_id": f"person-{number}",
        "externalKey": f"k{number}",
        "name": f"Ada {number}",
        "email": f"ada.{number}@example.com",
        "phone": None,
        "locale": "fr-FR",
        "timezone": "Europe/Paris",
        "variables": {"city": "Paris"},
        "optOuts": [],
        "search": ["ada", f"ada.{number}@example.com", f"k{number}", str(number)],
        **_record(now - timedelta(seconds=number)),
    }


def scheduled_notification(number: int, now: datetime) -> dict[str, Any]:
    """A planned one on working days, to one person."""
    at = now - timedelta(seconds=number)
    return {
        "_id": f"wave-{number}",
        "name": f"Wave {number}",
        "templateId": "welcome",
        "templateVersion": 1,
        "channels": ["email"],
        "recipients": {"addresses": [], "people": [f"person-{number}"], "groups": [], "users": None},
        "variables": {"city": "Paris"},
        "schedule": {"kind": "cron", "expression": f"{number % 60} 9 * * MON-FRI", "timezone": "Europe/Paris"},
        "scheduleSince": at,
        **_record(at),
        "plannedRevision": 1,
        "daemon": {"nextRun": now + timedelta(days=2), "cursor": at},
    }


def sent_message(number: int, now: datetime) -> dict[str, Any]:
    """A message of `scheduled_notification(number)` that was sent."""
    at = now - timedelta(seconds=number)
    return {
        "_id": f"message-{number}",
        "scheduledNotificationId": f"wave-{number}",
        "occurrence": at,
        "channel": "email",
        "recipient": {"address": f"ada.{number}@example.com", "name": f"Ada {number}"},
        "templateId": "welcome",
        "templateVersion": 1,
        "variables": {"city": "Paris"},
        "subject": "Hello Ada",
        "state": "sent",
        "attempt": 1,
        "sendAfter": at,
        "expiresAt": at + timedelta(days=1),
        "handoffAt": at,
        "messageId": f"<{number}@example.com>",
        "providerReference": "250 ok",
        "createdAt": at,
        "finishedAt": at,
        "expireAt": now + timedelta(days=30),
    }


def audit_entry(number: int, now: datetime) -> dict[str, Any]:
    """A job that got another name."""
    return {
        "_id": f"entry-{number}",
        "at": now - timedelta(seconds=number),
        "by": "benchmark",
        "byId": "token",
        "action": "job.update",
        "collection": "dynamic_jobs",
        "documentId": f"idle-{number}",
        "requestId": f"request-{number}",
        "before": {"name": "before", "revision": 1, "updatedAt": now},
        "after": {"name": "after", "revision": 2, "updatedAt": now},
    }


def scheduled_document(identity: str, due: datetime, **recipients: list[str]) -> dict[str, Any]:
    """A notification of `template_document` by e-mail, once, to these `people` or `groups`. The daemon plans it."""
    job = due_job(identity, due)
    return {
        **{name: job[name] for name in ("_id", "name", "schedule", "scheduleSince", "revision")},
        **{name: job[name] for name in ("createdAt", "createdBy", "updatedAt", "updatedBy")},
        "templateId": "news",
        "templateVersion": 1,
        "channels": ["email"],
        "recipients": {"addresses": [], "people": [], "groups": [], **recipients},
        "variables": {},
    }


def template_document(now: datetime) -> dict[str, Any]:
    """A version of a notification template with a text and an HTML part."""
    return {
        "_id": "news:1", "templateId": "news", "version": 1, "latest": True, "name": "News", "channels": ["email"],
        "subject": "News for {{ name }}", "text": "Dear {{ name }},\n\n" + "This is the news of today. " * 20,
        "html": "<p>Dear {{ name }},</p><p>" + "This is the <b>news</b> of today. " * 20 + "</p>",
        "variables": [{"name": "name", "type": "string", "default": "reader"}],
        "createdAt": now, "createdBy": "benchmark",
    }  # fmt: skip
