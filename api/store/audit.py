"""Runs the audit: reads, never writes, and keeps in memory no more than what it answers and one job's occurrences."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from api.store.errors import translated
from shared.clock import SystemClock, rfc3339
from shared.collections import CODEC_OPTIONS, CONTROLS, DYNAMIC_JOBS, JOB_RUNS, SCHEDULER_STATE
from shared.errors import InvalidDefinition
from shared.models.jobs import Job
from shared.models.maintenance import MAINTENANCE_ID, Maintenance
from shared.models.runs import TERMINAL
from shared.models.scheduler_state import RETENTION_ID, RetentionState
from shared.queries.audit import Check, all_checks
from shared.queries.audit import occurrences as coverage
from shared.queries.audit.readable import READABLE, Readable
from shared.queries.audit.readiness import PATIENCE

Document = dict[str, Any]

MOST_ROWS = 100
"""Of one check; the rest is counted."""
DEFAULT_KEPT = timedelta(days=7)
TTL_MARGIN = timedelta(minutes=2)
LONGEST_DETAIL = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """One document that breaks an invariant. An empty id: more of the same, counted in `detail`."""

    check: str
    collection: str
    id: str
    detail: str


@translated()
def run_audit(
    database: Database[Document], now: datetime | None = None, *, expect_daemon: bool = True
) -> list[Finding]:
    """Every broken invariant; an empty list means that all hold.

    expect_daemon False leaves out what only says that nobody is at work.
    """
    database = database.with_options(codec_options=CODEC_OPTIONS)
    now = now or SystemClock().now()
    kept_since = _kept_since(database, now)
    findings: list[Finding] = []
    checks = all_checks(
        now, kept_since, expect_daemon=expect_daemon, under_maintenance=_under_maintenance(database, now)
    )
    for check in checks:
        findings += _capped(check.name, check.collection, _rows(database, check))
    seen = {(finding.collection, finding.id) for finding in findings}
    for readable in READABLE:
        rows = ((key, why) for key, why in _unreadable(database, readable) if (readable.collection, key) not in seen)
        findings += _capped(readable.name, readable.collection, rows)
    findings += _capped(coverage.NAME, DYNAMIC_JOBS, _lost(database, kept_since, now))
    return findings


def _capped(name: str, collection: str, rows: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    count = 0
    for count, (identity, detail) in enumerate(rows, start=1):
        if count <= MOST_ROWS:
            yield Finding(name, collection, identity, detail[:LONGEST_DETAIL])
    if count > MOST_ROWS:
        yield Finding(name, collection, "", f"and {count - MOST_ROWS} more")


def _rows(database: Database[Document], check: Check) -> Iterator[tuple[str, str]]:
    """Each check sees one moment of the database: a document and those it refers to fit together."""
    with database.client.start_session(snapshot=True) as session:
        pipeline = list(check.pipeline)
        with database[check.collection].aggregate(pipeline, session=session, allowDiskUse=True) as cursor:
            for row in cursor:
                yield str(row["_id"]), _explained(check, row)


def _explained(check: Check, row: Mapping[str, Any]) -> str:
    shown = ", ".join(f"{path}={_text(_at(row, path))}" for path in check.shows)
    return f"{check.promise}; here {shown}" if shown else check.promise


def _at(row: Mapping[str, Any], path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else value
    return value


def _text(value: Any) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def _unreadable(database: Database[Document], readable: Readable) -> Iterator[tuple[str, str]]:
    with database[readable.collection].find(readable.criteria) as cursor:
        for document in cursor:
            try:
                readable.model.from_document(document)
            except InvalidDefinition as fault:
                yield str(document["_id"]), f"{readable.promise}; here {fault}"


def _under_maintenance(database: Database[Document], now: datetime) -> bool:
    """Whether maintenance mode is on, or was so short a time ago that what waited may wait still."""
    found = database[CONTROLS].find_one({"_id": MAINTENANCE_ID})
    try:
        maintenance = None if found is None else Maintenance.from_document(found)
    except InvalidDefinition:
        return False  # reported as unreadable
    if maintenance is None:
        return False
    ended_now = not maintenance.active and maintenance.updated_at > now - PATIENCE
    return ended_now or maintenance.in_force(now - PATIENCE)


def _kept_since(database: Database[Document], now: datetime) -> datetime:
    """No run that ended later can have expired: as the leader noted, and as the runs themselves show it."""
    shortest, gapless_since = _shortest_kept(database), None
    found = database[SCHEDULER_STATE].find_one({"_id": RETENTION_ID})
    if found is not None:
        try:
            noted = RetentionState.from_document(found)
        except InvalidDefinition:
            pass  # the leader writes it anew
        else:
            shortest, gapless_since = min(shortest, noted.settings.shortest_of_runs), noted.gapless_since
    since = now - shortest
    return (since if gapless_since is None else max(since, gapless_since)) + TTL_MARGIN


def _shortest_kept(database: Database[Document]) -> timedelta:
    """The shortest time that a finished run is kept, as the runs themselves show it."""
    ended: Document = {
        "state": {"$in": [state.value for state in TERMINAL]},
        "finishedAt": {"$type": "date"},
        "expireAt": {"$type": "date"},
    }
    shortest: list[Document] = [
        {"$match": ended},
        {"$group": {"_id": None, "kept": {"$min": {"$subtract": ["$expireAt", "$finishedAt"]}}}},
    ]
    found = database[JOB_RUNS].aggregate(shortest).to_list()
    return min([DEFAULT_KEPT, *(timedelta(milliseconds=each["kept"]) for each in found)])


def _lost(database: Database[Document], kept_since: datetime, now: datetime) -> Iterator[tuple[str, str]]:
    """The job is read before its runs, and both are written in one commit, so no run can be missed."""
    with database[DYNAMIC_JOBS].find({"daemon.quarantine": None, "daemon.cursor": {"$type": "date"}}) as jobs:
        for document in jobs:
            try:
                job = Job.from_document(document)
            except InvalidDefinition:
                continue  # reported as unreadable
            for at in _lost_of(database, job, kept_since, now):
                yield job.id, f"{coverage.PROMISE}; nothing is recorded for {rfc3339(at)}"


def _lost_of(database: Database[Document], job: Job, kept_since: datetime, now: datetime) -> list[datetime]:
    runs = database[JOB_RUNS]
    scheduled = {"jobId": job.id, "trigger": "schedule"}
    newest = runs.find_one(
        {**scheduled, "scheduledFor": {"$type": "date"}}, {"scheduledFor": 1}, sort=[("scheduledFor", -1)]
    )
    nominal = coverage.expected_occurrences(job, kept_since, now, newest["scheduledFor"] if newest else None)
    if not nominal:
        return []
    single = {**scheduled, "span": None, "scheduledFor": {"$gte": nominal[0], "$lte": nominal[-1]}}
    spans = {**scheduled, "span.to": {"$gte": nominal[0]}, "span.from": {"$lte": nominal[-1]}}
    with runs.find({"$or": [single, spans]}, {"scheduledFor": 1, "span": 1}) as records:
        return coverage.lost_occurrences(nominal, records)
