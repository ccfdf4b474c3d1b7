"""No two attempts at once: of one run, of one job whose overlap policy forbids it, of one job beyond its allowance."""

from datetime import datetime

from shared.collections import DYNAMIC_JOBS, JOB_RUNS
from shared.models.runs import RunState
from shared.queries.audit.check import TOLERANCE_MS, Check, Expression, Stage, is_earlier, is_greater, showing

ONE_AT_A_TIME = ["skip", "queue_one", "queue_all", "cancel_running", "allow:1"]
UNDER_OVERLAP_POLICY = ["schedule", "due"]
"""A person's run may be forced, so it proves nothing."""
OVERLAP: Expression = {"$ifNull": [{"$first": "$job.policies.overlap"}, "skip"]}
WITH_JOB: tuple[Stage, ...] = (
    {
        "$lookup": {
            "from": DYNAMIC_JOBS,
            "localField": "jobId",
            "foreignField": "_id",
            "as": "job",
            "pipeline": [{"$project": {"policies.overlap": 1, "policies.maxConcurrent": 1, "revision": 1}}],
        }
    },
    # A policy says nothing about runs that were created under an earlier revision.
    {"$match": {"$expr": {"$eq": ["$jobRevision", {"$first": "$job.revision"}]}}},
    {"$set": {"overlap": OVERLAP}},
)
_COUNTED: tuple[Stage, ...] = (
    {
        "$group": {
            "_id": {"jobId": "$jobId", "jobRevision": "$jobRevision"},
            "count": {"$sum": 1},
            "newest": {"$max": "$_id"},
        }
    },
    {"$project": {"_id": "$newest", "jobId": "$_id.jobId", "jobRevision": "$_id.jobRevision", "count": 1}},
)
"""Runs of each job and revision: how many, and the newest of them."""
_ALLOWED: Expression = {
    "$convert": {"input": {"$arrayElemAt": [{"$split": ["$overlap", ":"]}, 1]}, "to": "int", "onError": None}
}
_PAIRS: Expression = {"$range": [1, {"$size": "$attempts"}]}


def _attempt(place: str, field: str) -> Expression:
    index: object = "$$place" if place == "this" else {"$subtract": ["$$place", 1]}
    return {"$getField": {"field": field, "input": {"$arrayElemAt": ["$attempts", index]}}}


def _pair_overlaps() -> Expression:
    """Some attempt began before the one before it ended, or has not a greater number."""
    values = {
        "began": _attempt("this", "startedAt"),
        "ended": _attempt("former", "finishedAt"),
        "number": _attempt("this", "number"),
        "former": _attempt("former", "number"),
    }
    wrong = {"$or": [is_earlier("$$began", "$$ended", TOLERANCE_MS), {"$lte": ["$$number", "$$former"]}]}
    return {
        "$anyElementTrue": {
            "$map": {"input": _PAIRS, "as": "place", "in": {"$let": {"vars": values, "in": wrong}}},
        }
    }


def _present_overlaps() -> Expression:
    """The attempt in startedAt began before the last one of the history ended."""
    ended = {"$getField": {"field": "finishedAt", "input": {"$last": "$attempts"}}}
    return {
        "$let": {"vars": {"ended": ended, "began": "$startedAt"}, "in": is_earlier("$$began", "$$ended", TOLERANCE_MS)}
    }


def attempt_checks(now: datetime) -> tuple[Check, ...]:
    """now: until when a run that is running has lasted."""
    return (
    Check(
        "run_attempts_overlap",
        JOB_RUNS,
        "an attempt of a run begins after the one before it has ended",
        (
            {"$match": {"attempts.0": {"$exists": True}}},
            {
                "$match": {
                    "$expr": {
                        "$cond": [{"$isArray": "$attempts"}, {"$or": [_pair_overlaps(), _present_overlaps()]}, False]
                    }
                }
            },
            showing(("attempt", "startedAt", "attempts.number")),
        ),
        ("attempt", "startedAt", "attempts.number"),
    ),
    Check(
        "runs_at_once",
        JOB_RUNS,
        "a job whose overlap policy forbids it never runs twice at once",
        (
            {"$match": {"trigger": {"$in": UNDER_OVERLAP_POLICY}, "startedAt": {"$type": "date"}}},
            {
                "$match": {
                    "$or": [{"state": RunState.RUNNING.value}, {"finishedAt": {"$type": "date"}}],
                }
            },
            {
                "$project": {
                    "jobId": 1,
                    "jobRevision": 1,
                    "startedAt": 1,
                    "finishedAt": {"$ifNull": ["$finishedAt", now]},
                }
            },
            {
                "$setWindowFields": {
                    "partitionBy": "$jobId",
                    "sortBy": {"startedAt": 1},
                    "output": {
                        "before": {
                            "$max": {"endedAt": "$finishedAt", "run": "$_id", "revision": "$jobRevision"},
                            "window": {"documents": ["unbounded", -1]},
                        }
                    },
                }
            },
            {"$match": {"$expr": is_earlier("$startedAt", "$before.endedAt", TOLERANCE_MS)}},
            {"$match": {"$expr": {"$eq": ["$jobRevision", "$before.revision"]}}},
            *WITH_JOB,
            {"$match": {"overlap": {"$in": ONE_AT_A_TIME}}},
            showing(("jobId", "overlap", "startedAt", "before")),
        ),
        ("jobId", "overlap", "startedAt", "before.run", "before.endedAt"),
    ),
    Check(
        "runs_over_allowance",
        JOB_RUNS,
        "no more runs of a job run at once than its policy allow:N says",
        (
            {"$match": {"state": RunState.RUNNING.value, "trigger": {"$in": UNDER_OVERLAP_POLICY}}},
            *_COUNTED,
            *WITH_JOB,
            {"$match": {"overlap": {"$regex": r"^allow:[0-9]{1,4}$", "$ne": "allow:1"}}},
            {"$match": {"$expr": is_greater("$count", _ALLOWED)}},
            showing(("jobId", "overlap", "count")),
        ),
        ("jobId", "overlap", "count"),
    ),
    Check(
        "runs_over_concurrency",
        JOB_RUNS,
        "no more runs of a job run at once than its policy maxConcurrent says, however they were asked for",
        (
            {"$match": {"state": RunState.RUNNING.value}},
            *_COUNTED,
            *WITH_JOB,
            {"$set": {"most": {"$first": "$job.policies.maxConcurrent"}}},
            {"$match": {"$expr": is_greater("$count", "$most")}},
            showing(("jobId", "most", "count")),
        ),
        ("jobId", "most", "count"),
    ),
)  # fmt: skip
