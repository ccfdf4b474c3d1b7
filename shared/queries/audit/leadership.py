"""Nothing is held by a leader that is gone, and nobody acted after being replaced."""

from shared.collections import JOB_RUNS, NOTIFICATION_QUEUE, SCHEDULER_STATE
from shared.models.scheduler_state import FENCE_ID, LEADER_ID
from shared.queries.audit.check import TOLERANCE_MS, Check, Filter, Stage, is_earlier, is_greater, showing


def _with_leader(criteria: Filter) -> Stage:
    return {
        "$lookup": {
            "from": SCHEDULER_STATE,
            "pipeline": [{"$match": {"_id": LEADER_ID, **criteria}}, {"$project": {"epoch": 1}}],
            "as": "leader",
        }
    }


def _held_by_the_dead(collection: str, name: str, state: str, noun: str) -> Check:
    return Check(
        name,
        collection,
        f"{noun} belongs to the present leader",
        (
            {"$match": {"state": state}},
            _with_leader({"released": False}),
            {"$set": {"leader": {"$first": "$leader.epoch"}}},
            {"$match": {"$expr": {"$and": [{"$isNumber": "$leader"}, {"$ne": ["$epoch", "$leader"]}]}}},
            showing(("epoch", "leader")),
        ),
        ("epoch", "leader"),
    )


_PER_EPOCH: tuple[Stage, ...] = (
    {"$match": {"epoch": {"$type": "number"}, "startedAt": {"$type": "date"}}},
    {
        "$group": {
            "_id": "$epoch",
            "first": {"$min": "$startedAt"},
            "last": {"$max": {"startedAt": "$startedAt", "run": "$_id"}},
        }
    },
)

LEADERSHIP_CHECKS: tuple[Check, ...] = (
    _held_by_the_dead(JOB_RUNS, "run_of_dead_epoch", "running", "a running run"),
    _held_by_the_dead(NOTIFICATION_QUEUE, "message_of_dead_epoch", "sending", "a message that is being sent"),
    Check(
        "run_after_replacement",
        JOB_RUNS,
        "no leader starts a run after its successor has started one",
        (
            *_PER_EPOCH,
            {
                "$setWindowFields": {
                    "sortBy": {"_id": 1},
                    "output": {"replacedAt": {"$min": "$first", "window": {"documents": [1, "unbounded"]}}},
                }
            },
            {"$match": {"$expr": is_earlier("$replacedAt", "$last.startedAt", TOLERANCE_MS)}},
            {"$project": {"_id": "$last.run", "epoch": "$_id", "startedAt": "$last.startedAt", "replacedAt": 1}},
        ),
        ("epoch", "startedAt", "replacedAt"),
    ),
    Check(
        "run_of_unknown_epoch",
        JOB_RUNS,
        "a run's epoch was granted to a leader",
        (
            *_PER_EPOCH,
            _with_leader({}),
            {"$set": {"leader": {"$ifNull": [{"$first": "$leader.epoch"}, 0]}}},
            {"$match": {"$expr": is_greater("$_id", "$leader")}},
            {"$project": {"_id": "$last.run", "epoch": "$_id", "leader": 1}},
        ),
        ("epoch", "leader"),
    ),
    Check(
        "fence_over_lease",
        SCHEDULER_STATE,
        "the fence stands at no higher epoch than the lease",
        (
            {"$match": {"_id": FENCE_ID}},
            _with_leader({}),
            {"$set": {"leader": {"$ifNull": [{"$first": "$leader.epoch"}, 0]}}},
            {"$match": {"$expr": is_greater("$epoch", "$leader")}},
            showing(("epoch", "leader")),
        ),
        ("epoch", "leader"),
    ),
)
