"""The status of the whole system, from what stands in MongoDB: a pure function of the facts and the time."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from api.answers.alarms import alarms
from api.answers.fields import moment
from api.answers.maintenance import maintenance_answer
from api.store.system import Facts
from shared.clock import rfc3339
from shared.jsonable import jsonable
from shared.models.scheduler_state import CHANNEL_PREFIX, HEARTBEAT_PREFIX

AWAY_AFTER = timedelta(seconds=15)
PROCESSOR, EMAIL_NOTIFIER = "scheduled_notification_processor", "email_notifier"


def status_answer(
    facts: Facts, now: datetime, lease_ttl: timedelta, templates_in_use: set[str], notifications_exist: bool
) -> dict[str, Any]:
    """Daemons, leader, depths, and each problem as a sentence. It never fails, whatever stands in the documents."""
    daemons = daemons_of(facts.heartbeats, now)
    maintenance = maintenance_answer(facts.maintenance, now)
    raised = alarms(facts, daemons, now, lease_ttl, maintenance=maintenance["active"])
    problems = [f"Daemon {daemon['instance']}: {daemon['problem']}" for daemon in daemons if _has_problem(daemon)]
    problems += [alarm.detail for alarm in raised]
    problems += _decisions(facts) + _missing_jobs(templates_in_use, notifications_exist)
    if maintenance["problem"]:
        problems.append(f"The maintenance mode cannot be read and is off: {maintenance['problem']}. End it once.")
    return {
        "daemons": daemons,
        "leader": _leader(facts.lease, daemons),
        "daemonAlive": any(daemon["alive"] for daemon in daemons),
        "maintenance": maintenance if maintenance["active"] else None,
        "alarms": [alarm._asdict() for alarm in raised],
        "problems": problems,
        "channels": [_channel(pause) for pause in facts.channels],
        "queues": facts.queues,
        "overdue": facts.backlog.overdue_jobs,
        "overdueNotifications": facts.backlog.overdue_notifications,
        "oldestWaiting": {
            "run": moment(facts.backlog.oldest_run),
            "messages": {channel: moment(since) for channel, since in facts.backlog.oldest_messages.items()},
        },
        "unplanned": facts.unplanned,
        "openCommands": facts.open_commands,
        "quarantined": facts.quarantined,
        "at": rfc3339(now),
    }


def daemons_of(heartbeats: Iterable[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Each with its `state`; those that live stand first."""
    daemons = [daemon_answer(heartbeat, now) for heartbeat in heartbeats]
    for daemon in daemons:
        daemon["state"] = "alive" if daemon["alive"] else "replaced" if _is_replaced(daemon, daemons) else "away"
    return sorted(daemons, key=lambda daemon: not daemon["alive"])


def _is_replaced(gone: Mapping[str, Any], daemons: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one lives on the same host that was started after this one was heard of last. Times are RFC 3339."""
    heard = gone["beatAt"]
    return heard is not None and any(
        each["alive"] and each["host"] == gone["host"] and (each["startedAt"] or "") > heard for each in daemons
    )


def daemon_answer(heartbeat: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """One daemon, without its `state`, for which the others are needed."""
    held = heartbeat.get("holder")
    holder: Mapping[str, Any] = held if isinstance(held, Mapping) else {}
    beat_at = heartbeat.get("beatAt")
    return {
        "instance": jsonable(holder.get("instance")) or str(heartbeat["_id"]).removeprefix(HEARTBEAT_PREFIX),
        **{name: jsonable(holder.get(name)) for name in ("host", "pid", "version")},
        **{name: jsonable(heartbeat.get(name)) for name in ("role", "problem", "running")},
        "startedAt": moment(heartbeat.get("startedAt")),
        "beatAt": moment(beat_at),
        "alive": isinstance(beat_at, datetime) and now - beat_at <= AWAY_AFTER,
    }


def _channel(pause: Mapping[str, Any]) -> dict[str, Any]:
    """A channel that rests because its provider cannot be used; those that work are not told."""
    return {
        "channel": str(pause["_id"]).removeprefix(CHANNEL_PREFIX),
        "reason": jsonable(pause.get("reason")),
        "since": moment(pause.get("at")),
        "restsUntil": moment(pause.get("restsUntil")),
    }


def _leader(lease: Mapping[str, Any] | None, daemons: list[dict[str, Any]]) -> dict[str, Any] | None:
    if lease is None or lease.get("released") is not False or not isinstance(lease.get("holder"), Mapping):
        return None
    holder = lease["holder"]
    alive = any(daemon["alive"] and daemon["instance"] == holder.get("instance") for daemon in daemons)
    return {
        **{name: jsonable(holder.get(name)) for name in ("instance", "host", "pid", "version")},
        "epoch": jsonable(lease.get("epoch")),
        "renewedAt": moment(lease.get("renewedAt")),
        "alive": alive,
    }


def _has_problem(daemon: Mapping[str, Any]) -> bool:
    return bool(daemon["alive"] and daemon["problem"])


def _missing_jobs(templates_in_use: set[str], notifications_exist: bool) -> list[str]:
    missing = [template for template in (PROCESSOR, EMAIL_NOTIFIER) if template not in templates_in_use]
    return [
        f"There are scheduled notifications, but no enabled job of the template {template}."
        for template in missing
        if notifications_exist
    ]


def _decisions(facts: Facts) -> list[str]:
    """What waits for a person and for no daemon."""
    found = []
    held = facts.queues.get("messages", {}).get("unknown")
    if held:
        found.append(f"{_counted(held, 'message')} may or may not have been sent: decide.")
    quarantined = sum(count or 0 for count in facts.quarantined.values())
    if quarantined:
        found.append(f"{_counted(quarantined, 'definition')} quarantined: each says why.")
    return found


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
