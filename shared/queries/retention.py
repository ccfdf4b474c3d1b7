"""How long things are kept: filters and updates over what has ended. All of them may be repeated.

Two rules that never meet: a run that is among the newest of its job is moved on before it expires (review), and a
changed setting is applied to what ended earlier (apply). What a change would remove now stays for GRACE, so that the
review sees it first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.clock import EPOCH, LAST_MOMENT, MILLISECOND
from shared.models.policies import Policies
from shared.models.queue import TERMINAL as TERMINAL_MESSAGES
from shared.models.queue import DeliveryState
from shared.models.runs import TERMINAL as TERMINAL_RUNS
from shared.models.runs import RunState

Filter = dict[str, Any]
Update = dict[str, Any]
Pipeline = list[dict[str, Any]]

LOOK_AHEAD = timedelta(days=3)
"""How long before its expiry a run is reviewed: a weekend without a daemon loses nothing."""
LOOK_AHEAD_WHILE_APPLYING = timedelta(minutes=30)
GRACE = timedelta(hours=1)
"""Longer than LOOK_AHEAD_WHILE_APPLYING: what is about to go because of a change is reviewed before it goes."""
SPREAD_MS = 3_600_000
"""Over so long the removals that a change brings are spread."""

RUN_STATES = [state.value for state in TERMINAL_RUNS]
KEPT_AS_SUCCESS = [RunState.SUCCEEDED.value, RunState.SKIPPED.value]
MESSAGE_STATES = [state.value for state in TERMINAL_MESSAGES]
DELIVERY_STATES = [state.value for state in DeliveryState if state is not DeliveryState.STARTED]


def _is_date(name: str) -> dict[str, Any]:
    """Exactly a date: a comparison with one is also true for a list that holds one."""
    return {"$eq": [{"$type": f"${name}"}, "date"]}


def look_ahead(shortest: timedelta, applying: bool) -> timedelta:
    """How far ahead runs are reviewed. Less than half of the shortest retention: no new run falls behind the review."""
    return min(LOOK_AHEAD_WHILE_APPLYING if applying else LOOK_AHEAD, shortest / 2)


def expiring(after: datetime, until: datetime) -> Filter:
    """Runs that expire in (after, until]. Index `expiry`, which holds only what expires: hence `$exists`."""
    return {"expireAt": {"$exists": True, "$gt": after, "$lte": until}, "$expr": _is_date("expireAt")}


def expired(now: datetime) -> Filter:
    """What MongoDB will remove, and has not removed yet. Index `expiry`."""
    return {"expireAt": {"$exists": True, "$lt": now}, "$expr": _is_date("expireAt")}


def useless_tokens(until: datetime) -> Filter:
    """Tokens that expired or were revoked before `until`."""
    return {"$or": [{"expiresAt": {"$lt": until}}, {"revokedAt": {"$lt": until}}]}


def newest_ended(job_id: str) -> Filter:
    """Ended runs of a job, sorted by NEWEST_FIRST. Index `by_job`."""
    return {"jobId": job_id, "state": {"$in": RUN_STATES}}


NEWEST_FIRST = [("scheduledFor", -1), ("_id", -1)]


def kept_of(job: Mapping[str, Any] | None) -> int:
    """How many of its newest runs are kept: none of a job without runs to come. job: its document, None if gone."""
    if job is None or isinstance(job.get("deletedAt"), datetime):
        return 0
    daemon, policies = job.get("daemon"), job.get("policies")
    if isinstance(daemon, Mapping) and daemon.get("completed") is True:
        return 0
    kept = policies.get("keepLast") if isinstance(policies, Mapping) else None
    most = Policies.model_fields["keep_last"].default
    return kept if isinstance(kept, int) and not isinstance(kept, bool) and 0 <= kept <= 1000 else int(most)


def moved_on(ids: Sequence[Any], until: datetime, expire_at: datetime) -> tuple[Filter, Update]:
    """Ended runs that would expire until `until` do so at `expire_at`."""
    return (
        {"_id": {"$in": list(ids)}, "state": {"$in": RUN_STATES}, "expireAt": {"$lte": until}},
        {"$set": {"expireAt": expire_at}},
    )


def runs_kept_anew(
    ids: Sequence[Any], success: timedelta, failure: timedelta, now: datetime
) -> tuple[Filter, Pipeline]:
    """The retention in force for runs that have ended."""
    keep = {"$cond": [{"$in": ["$state", KEPT_AS_SUCCESS]}, success // MILLISECOND, failure // MILLISECOND]}
    return {"_id": {"$in": list(ids)}, "state": {"$in": RUN_STATES}, **_HAS_DATES}, _kept_anew(keep, now)


def messages_kept_anew(ids: Sequence[Any], keep: timedelta, now: datetime) -> tuple[Filter, Pipeline]:
    """The retention in force for messages that have ended."""
    criteria = {"_id": {"$in": list(ids)}, "state": {"$in": MESSAGE_STATES}, **_HAS_DATES}
    return criteria, _kept_anew(keep // MILLISECOND, now)


def deliveries_kept_anew(item_ids: Sequence[Any], keep: timedelta, now: datetime) -> tuple[Filter, Pipeline]:
    """The same for the deliveries of these messages. Index `by_item`."""
    criteria = {"itemId": {"$in": list(item_ids)}, "state": {"$in": DELIVERY_STATES}, **_HAS_DATES}
    return criteria, _kept_anew(keep // MILLISECOND, now)


_HAS_DATES: Filter = {
    "finishedAt": {"$gte": EPOCH, "$lte": LAST_MOMENT},
    "$expr": {"$and": [_is_date("finishedAt"), _is_date("expireAt")]},
}


def _kept_anew(keep_ms: Any, now: datetime) -> Pipeline:
    """finishedAt + keep, but what was to stay longer than GRACE stays at least that."""
    spread = {"$mod": [{"$toLong": "$finishedAt"}, SPREAD_MS]}
    at_least = {"$min": ["$expireAt", {"$add": [now + GRACE, spread]}]}
    return [{"$set": {"expireAt": {"$max": [{"$add": ["$finishedAt", keep_ms]}, at_least]}}}]
