"""Invariants of what people set for the whole system."""

from shared.collections import CONTROLS
from shared.models.maintenance import MAINTENANCE_ID
from shared.queries.audit.check import Check, no_document

CONTROL_CHECKS: tuple[Check, ...] = (
    no_document(
        "control_unknown",
        CONTROLS,
        "there is no control that nobody obeys",
        {"_id": {"$ne": MAINTENANCE_ID}},
    ),
)
