"""Documents, filters and updates of `job_run_logs`, and what a running attempt reports into its run."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shared.queries.runs import held_by

Filter = dict[str, Any]
Update = dict[str, Any]
Line = dict[str, Any]

LINES_PER_PAGE = 100
BYTES_PER_PAGE = 262_144
KEPT_UNFINISHED = timedelta(days=3650)
"""How long a page is kept whose run has not ended. When it ends the page expires with it."""


class LogPosition(NamedTuple):
    """Where reading goes on: the line number `line` of page `page` of attempt `attempt`, or what comes after."""

    attempt: int
    page: int
    line: int


def page(run_id: Any, attempt: int, number: int, lines: Sequence[Line], now: datetime) -> tuple[Filter, Update]:
    """An upsert of the page as it is now. Its lines only ever become more, so repeating it is harmless."""
    return (
        {"_id": f"{run_id}:{attempt}:{number}"},
        {
            "$set": {"lines": list(lines)},
            "$setOnInsert": {
                "runId": run_id,
                "attempt": attempt,
                "page": number,
                "expireAt": now + KEPT_UNFINISHED,
            },
        },
    )


def reported(run: Mapping[str, Any], fields: Mapping[str, Any]) -> tuple[Filter, Update]:
    """progress or slowAt of the attempt that holds the run."""
    return held_by(run["token"], run["_id"]), {"$set": dict(fields)}


def of_run(run_id: Any, attempt: int | None, start: LogPosition | None) -> Filter:
    """Pages of a run, or of one attempt of it, from a position on. Index `by_run`."""
    criteria: Filter = {"runId": run_id}
    if attempt is not None:
        criteria["attempt"] = attempt
    if start is None:
        return criteria
    here = {"attempt": start.attempt, "page": {"$gte": start.page}}
    return {"$and": [criteria, {"$or": [here, {"attempt": {"$gt": start.attempt}}]}]}


READING_ORDER = [("attempt", 1), ("page", 1)]


def expiring_with(run_id: Any, expire_at: datetime) -> tuple[Filter, Update]:
    """The pages of a run that has ended. Index `by_run`."""
    return {"runId": run_id, "expireAt": {"$ne": expire_at}}, {"$set": {"expireAt": expire_at}}


def of_unfinished(now: datetime) -> Filter:
    """Pages whose run had not ended when they were looked at last. Index `expiry`."""
    return {"expireAt": {"$gt": now + KEPT_UNFINISHED / 2}}
