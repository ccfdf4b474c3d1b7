"""No result without its alerts: a run whose end somebody is told of, and the messages, are one commit."""

from datetime import datetime, timedelta

from shared.collections import JOB_RUNS, NOTIFICATION_QUEUE
from shared.models.runs import LIVE, RunState
from shared.queries.audit.check import NOT_A_NUMBER, Check, Stage, if_numbers, no_document, showing

KEPT = timedelta(days=1)
"""Messages are kept for longer than that; later a missing one may have expired."""

_TOLD = [each.value for each in (RunState.SUCCEEDED, RunState.FAILED, RunState.TIMED_OUT, RunState.INTERRUPTED)]
_LIVE = [state.value for state in LIVE]


def _joined(collection: str, local: str, foreign: str, shows: str) -> Stage:
    return {
        "$lookup": {
            "from": collection,
            "localField": local,
            "foreignField": foreign,
            "as": "found",
            "pipeline": [{"$project": {"_id": 0, shows: 1}}],
        }
    }


def notice_checks(now: datetime) -> tuple[Check, ...]:
    """What ended before `now` less KEPT is believed."""
    return (
        no_document(
            "run_without_notices",
            JOB_RUNS,
            "the end of a run that somebody is told of was decided together with its messages",
            # A malformed run is ended by the daemon as it is found; its mark means nothing.
            {"alerts": True, "state": {"$in": _TOLD}, "notices": NOT_A_NUMBER, "error.type": {"$ne": "Malformed"}},
            ("state", "finishedAt"),
        ),
        Check(
            "run_notices_lost",
            JOB_RUNS,
            "the messages that were queued with the end of a run are there",
            (
                {"$match": {"notices": {"$gt": 0}, "finishedAt": {"$gte": now - KEPT}}},
                _joined(NOTIFICATION_QUEUE, "_id", "runId", "state"),
                {"$set": {"queued": {"$size": "$found"}}},
                {"$match": {"$expr": if_numbers(["$notices"], {"$lt": ["$queued", "$notices"]})}},
                showing(("state", "notices", "queued")),
            ),
            ("state", "notices", "queued"),
        ),
        Check(
            "notice_before_end",
            NOTIFICATION_QUEUE,
            "an alert tells of a run that has ended",
            (
                {"$match": {"runId": {"$type": "string"}}},
                _joined(JOB_RUNS, "runId", "_id", "state"),
                {"$match": {"found.state": {"$in": _LIVE}}},
                showing(("runId", "event", "found.state")),
            ),
            ("runId", "event", "found.state"),
        ),
    )
