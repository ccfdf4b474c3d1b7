"""Invariants of commands: answered whole, or not at all."""

from shared.collections import COMMANDS
from shared.queries.audit.check import GIVEN, NOT_TEXT, Check, no_document

COMMAND_CHECKS: tuple[Check, ...] = (
    no_document(
        "command_half_answered",
        COMMANDS,
        "an answered command has handledAt, outcome and expireAt",
        {
            "handledAt": GIVEN,
            "$or": [{"outcome": {"$not": {"$type": "object"}}}, {"expireAt": {"$not": {"$type": "date"}}}],
        },
        ("kind", "handledAt", "outcome", "expireAt"),
    ),
    no_document(
        "command_open_with_answer",
        COMMANDS,
        "an open command has neither outcome nor expireAt",
        {"handledAt": None, "$or": [{"outcome": GIVEN}, {"expireAt": GIVEN}]},
        ("kind", "outcome", "expireAt"),
    ),
    no_document(
        "command_backfill_without_range",
        COMMANDS,
        "a backfill that was carried out names a job and a range",
        {
            "kind": "backfill",
            "outcome.accepted": True,
            "$or": [{"range": {"$not": {"$type": "object"}}}, {"jobId": NOT_TEXT}],
        },
        ("jobId", "range"),
    ),
)
