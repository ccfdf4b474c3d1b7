"""Invariants of commands: answered whole, or not at all."""

from shared.collections import COMMANDS
from shared.queries.audit.check import GIVEN, Check, no_document

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
)
