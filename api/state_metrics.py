"""The state of the whole system as gauges, from what MongoDB alone tells: they go on while the daemon is frozen."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api.answers.alarms import AlarmCode
from api.overview import Overview

PREFIX = "unified_scheduler_"


class StateCollector(Collector):
    """One look at the system. None: MongoDB does not answer, and that is all there is to tell."""

    def __init__(self, overview: Overview | None) -> None:
        self._overview = overview

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Numbers that could not be read in time are left out, never 0."""
        yield _gauge("database_up", "Whether MongoDB answered.", self._overview is not None)
        if self._overview is not None:
            yield from _of_daemons(self._overview)
            yield from _of_backlog(self._overview)
            yield from _depths(self._overview)


def _of_daemons(overview: Overview) -> Iterator[GaugeMetricFamily]:
    now, facts, answer = overview.at, overview.facts, overview.answer
    raised = [alarm["code"] for alarm in answer["alarms"]]
    by_code = {(code.value,): raised.count(code) for code in AlarmCode}
    yield _gauges("alarm", "How often an alarm is raised; docs/monitoring.md explains each.", ("code",), by_code)
    alive = sum(daemon["alive"] for daemon in answer["daemons"])
    yield _gauge("daemons_alive", "Daemons heard of within 15 seconds.", alive)
    beats = [beat for each in facts.heartbeats if isinstance(beat := each.get("beatAt"), datetime)]
    yield _age("heartbeat_age_seconds", "Since the newest heartbeat of any daemon.", now, max(beats, default=None))
    held = facts.lease is not None and facts.lease.get("released") is False
    yield _age(
        "lease_age_seconds",
        "Since the leader renewed its lease.",
        now,
        (facts.lease or {}).get("renewedAt") if held else None,
    )
    yield _gauge("maintenance", "Whether the maintenance mode is on.", answer["maintenance"] is not None)


def _of_backlog(overview: Overview) -> Iterator[GaugeMetricFamily]:
    now, backlog = overview.at, overview.facts.backlog
    yield _gauge("overdue_jobs", "Jobs that fell due more than 60 s ago (up to 10,000).", backlog.overdue_jobs)
    yield _gauge(
        "overdue_notifications",
        "Scheduled notifications that fell due more than 60 s ago (up to 10,000).",
        backlog.overdue_notifications,
    )
    yield _gauge(
        "oldest_waiting_run_seconds",
        "How long the run waits that has waited longest of those that start next; 0: none waits.",
        _seconds(now, backlog.oldest_run) if backlog.oldest_run else 0,
    )
    ages = {(channel,): _seconds(now, since) for channel, since in backlog.oldest_messages.items()}
    yield _gauges("oldest_due_message_seconds", "Since when the first message to send is due.", ("channel",), ages)


def _depths(overview: Overview) -> Iterator[GaugeMetricFamily]:
    facts = overview.facts
    for name, about in (("runs", "Runs that have not ended"), ("messages", "Messages that have not ended")):
        depths = {(state,): depth for state, depth in facts.queues[name].items()}
        yield _gauges(name, f"{about}, by state (up to 10,000).", ("state",), depths)
    yield _gauge("failing_jobs", "Jobs that fail again and again (up to 10,000).", facts.failing.jobs)
    yield _gauge("open_commands", "Commands that no daemon has carried out yet.", facts.open_commands)
    put_aside = {(kind,): count for kind, count in facts.quarantined.items()}
    yield _gauges("quarantined", "Malformed definitions that were put aside.", ("kind",), put_aside)


def _gauge(name: str, about: str, value: float | None) -> GaugeMetricFamily:
    return _gauges(name, about, (), {(): value})


def _gauges(name: str, about: str, labels: tuple[str, ...], values: Mapping[Any, float | None]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(PREFIX + name, about, labels=labels)
    for names, value in values.items():
        if value is not None:
            family.add_metric(names, float(value))
    return family


def _age(name: str, about: str, now: datetime, since: Any) -> GaugeMetricFamily:
    return _gauge(name, about, _seconds(now, since) if isinstance(since, datetime) else None)


def _seconds(now: datetime, since: datetime) -> float:
    return max(0.0, (now - since).total_seconds())
