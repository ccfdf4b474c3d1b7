"""The status of the whole system, from what stands in MongoDB: a pure function of the facts and the time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from api.answers.jsonable import jsonable, moment
from api.answers.maintenance import maintenance_answer
from api.store.system import Facts
from shared.clock import rfc3339
from shared.models.scheduler_state import CHANNEL_PREFIX, HEARTBEAT_PREFIX

AWAY_AFTER = timedelta(seconds=15)
PROCESSOR, EMAIL_NOTIFIER = "scheduled_notification_processor", "email_notifier"


def status_answer(facts: Facts, now: datetime, templates_in_use: set[str], notifications_exist: bool) -> dict[str, Any]:
    """Daemons, leader, depths, and each problem as a sentence. It never fails, whatever stands in the documents."""
    daemons = [_daemon(heartbeat, now) for heartbeat in facts.heartbeats]
    maintenance = maintenance_answer(facts.maintenance, now)
    problems = _problems(facts, daemons, templates_in_use, notifications_exist)
    if maintenance["problem"]:
        problems.append(f"The maintenance mode cannot be read and is off: {maintenance['problem']}. End it once.")
    return {
        "daemons": daemons,
        "leader": _leader(facts.lease, daemons),
        "daemonAlive": any(daemon["alive"] for daemon in daemons),
        "maintenance": maintenance if maintenance["active"] else None,
        "problems": problems,
        "channels": [_channel(pause) for pause in facts.channels],
        "queues": facts.queues,
        "overdue": facts.overdue,
        "unplanned": facts.unplanned,
        "openCommands": facts.open_commands,
        "quarantined": facts.quarantined,
        "at": rfc3339(now),
    }


def _daemon(heartbeat: Mapping[str, Any], now: datetime) -> dict[str, Any]:
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


def _channel_problem(pause: Mapping[str, Any]) -> str:
    told = _channel(pause)
    return f"The channel {told['channel']} rests; it is tried again at {told['restsUntil']}. {told['reason']}"


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


def _problems(
    facts: Facts, daemons: list[dict[str, Any]], templates_in_use: set[str], notifications_exist: bool
) -> list[str]:
    found: list[str] = []
    alive = [daemon for daemon in daemons if daemon["alive"]]
    if not daemons:
        found.append("The daemon is away: none was ever seen. Start it: python -m scheduler_daemon.")
    elif not alive:
        latest = max((daemon["beatAt"] for daemon in daemons if daemon["beatAt"]), default="an unknown time")
        found.append(f"The daemon is away since {latest}. Nothing runs until it is back.")
    elif not any(daemon["role"] == "leader" for daemon in alive):
        found.append("No daemon leads at the moment; one takes over within the lease's time.")
    found += [f"Daemon {daemon['instance']}: {daemon['problem']}" for daemon in alive if daemon["problem"]]
    found += [_channel_problem(pause) for pause in facts.channels]
    found += _backlog(facts)
    if notifications_exist and PROCESSOR not in templates_in_use:
        found.append(f"There are scheduled notifications, but no enabled job of the template {PROCESSOR}.")
    if notifications_exist and EMAIL_NOTIFIER not in templates_in_use:
        found.append(f"There are scheduled notifications, but no enabled job of the template {EMAIL_NOTIFIER}.")
    return found


def _backlog(facts: Facts) -> list[str]:
    found = []
    if facts.overdue:
        found.append(f"{facts.overdue} job(s) are more than 60 s overdue.")
    held = facts.queues.get("messages", {}).get("unknown")
    if held:
        found.append(f"{held} message(s) may or may not have been sent; decide about them.")
    quarantined = sum(count or 0 for count in facts.quarantined.values())
    if quarantined:
        found.append(f"{quarantined} definition(s) are quarantined; each says why.")
    return found
