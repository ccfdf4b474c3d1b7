"""What calls for a person, from what stands in MongoDB: a frozen daemon cannot hide it. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from api.store.backlog import STUCK_AFTER, Backlog
from api.store.failing import LEAST_RUNS, Failing
from api.store.system import Facts
from shared.jsonable import jsonable
from shared.models.scheduler_state import CHANNEL_PREFIX


class AlarmCode(StrEnum):
    """Stable: alert rules name them."""

    DAEMON_AWAY = "daemon_away"  # no daemon was heard of for 15 s
    NO_LEADER = "no_leader"  # daemons live, none of them leads
    LEASE_STALE = "lease_stale"  # the leader did not renew its lease for longer than it is valid
    JOBS_OVERDUE = "jobs_overdue"  # jobs that fell due more than 60 s ago
    NOTIFICATIONS_OVERDUE = "notifications_overdue"  # the same of scheduled notifications
    RUNS_STUCK = "runs_stuck"  # the runs that are to start next have waited for more than 5 minutes
    MESSAGES_STUCK = "messages_stuck"  # messages are due, and nothing was tried on their channel for 5 minutes
    CHANNEL_PAUSED = "channel_paused"  # the provider of a channel cannot be used
    JOBS_FAILING = "jobs_failing"  # jobs failed 3 times in a row, or were paused by their own failures
    RUNS_FAILING = "runs_failing"  # more than half of the runs of late failed


class Alarm(NamedTuple):
    """One thing that is wrong, and the remedy in words."""

    code: AlarmCode
    detail: str


def alarms(
    facts: Facts, daemons: Sequence[Mapping[str, Any]], now: datetime, lease_ttl: timedelta, *, maintenance: bool
) -> list[Alarm]:
    """daemons: as the status shows them. In maintenance mode nothing is to start, so nothing is late.

    What failed has failed all the same.
    """
    found = _of_daemons(daemons) + _of_lease(facts.lease, now, lease_ttl)
    resting = {_channel_of(pause): pause for pause in facts.channels}
    found += [_channel_paused(channel, pause) for channel, pause in resting.items()]
    found += _of_failures(facts.failing)
    return found if maintenance else found + _of_backlog(facts.backlog, now, resting.keys())


def _of_daemons(daemons: Sequence[Mapping[str, Any]]) -> list[Alarm]:
    alive = [daemon for daemon in daemons if daemon["alive"]]
    if not daemons:
        return [Alarm(AlarmCode.DAEMON_AWAY, "The daemon is away: none was ever seen. Start it.")]
    if not alive:
        latest = max((daemon["beatAt"] for daemon in daemons if daemon["beatAt"]), default=None)
        since = _told(None if latest is None else datetime.fromisoformat(latest))
        return [Alarm(AlarmCode.DAEMON_AWAY, f"The daemon is away since {since}. Nothing runs until it is back.")]
    if not any(daemon["role"] == "leader" for daemon in alive):
        detail = "No daemon leads at the moment; one takes over within the lease's time."
        return [Alarm(AlarmCode.NO_LEADER, detail)]
    return []


def _of_lease(lease: Mapping[str, Any] | None, now: datetime, ttl: timedelta) -> list[Alarm]:
    if lease is None or lease.get("released") is not False:
        return []
    renewed_at = lease.get("renewedAt")
    if isinstance(renewed_at, datetime) and now - renewed_at <= ttl:
        return []
    detail = (
        f"The leader has not renewed its lease since {_told(renewed_at)}; it is frozen or cut off. Restart the daemon."
    )
    return [Alarm(AlarmCode.LEASE_STALE, detail)]


def _channel_of(pause: Mapping[str, Any]) -> str:
    return str(pause["_id"]).removeprefix(CHANNEL_PREFIX)


def _channel_paused(channel: str, pause: Mapping[str, Any]) -> Alarm:
    again = _told(pause.get("restsUntil"))
    detail = f"The channel {channel} rests; it is tried again at {again}. {jsonable(pause.get('reason'))}"
    return Alarm(AlarmCode.CHANNEL_PAUSED, detail)


def _told(moment: Any) -> str:
    """`2026-11-29 20:39:22 UTC`: a moment within a sentence. The web UI finds it there and tells it in another zone."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if isinstance(moment, datetime) else "an unknown time"


def _of_failures(failing: Failing) -> list[Alarm]:
    found = []
    if failing.jobs:
        examples = ", ".join(f"“{name}” ({failures} in a row)" for name, failures in failing.examples)
        detail = f"{failing.jobs} job(s) fail again and again: {examples}{', ...' * failing.more_than_examples}."
        found.append(Alarm(AlarmCode.JOBS_FAILING, f"{detail} Their runs say why."))
    if failing.ended >= LEAST_RUNS and 2 * failing.failed > failing.ended:
        detail = f"{failing.failed} of the {failing.ended} runs that ended of late failed."
        found.append(Alarm(AlarmCode.RUNS_FAILING, detail))
    return found


def _of_backlog(backlog: Backlog, now: datetime, resting: Collection[str]) -> list[Alarm]:
    found = []
    if backlog.overdue_jobs:
        found.append(Alarm(AlarmCode.JOBS_OVERDUE, f"{backlog.overdue_jobs} job(s) are more than 60 s overdue."))
    if backlog.overdue_notifications:
        detail = f"{backlog.overdue_notifications} scheduled notification(s) are more than 60 s overdue."
        found.append(Alarm(AlarmCode.NOTIFICATIONS_OVERDUE, detail))
    if backlog.oldest_run is not None and now - backlog.oldest_run > STUCK_AFTER:
        detail = f"Runs wait to be started since {_told(backlog.oldest_run)}: every slot is taken, or nothing starts."
        found.append(Alarm(AlarmCode.RUNS_STUCK, detail))
    for channel in sorted(backlog.silent_channels.difference(resting)):
        since = _told(backlog.oldest_messages.get(channel))
        detail = f"Messages of the channel {channel} wait to be sent since {since}, and nothing is sent on it."
        found.append(Alarm(AlarmCode.MESSAGES_STUCK, detail))
    return found
