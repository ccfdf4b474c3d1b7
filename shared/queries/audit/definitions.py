"""Invariants of what people write: jobs and scheduled notifications, with the daemon's sub-document in them."""

from shared.collections import DYNAMIC_JOBS, SCHEDULED_NOTIFICATIONS
from shared.queries.audit.check import GIVEN, NOT_A_DATE, Check, is_date, no_document


def _checks(collection: str, noun: str) -> tuple[Check, ...]:
    return (
        no_document(
            f"{noun}_cursor_past_next_run",
            collection,
            "the cursor is before nextRun",
            {
                "$expr": {
                    "$and": [
                        is_date("$daemon.cursor"),
                        is_date("$daemon.nextRun"),
                        {"$gte": ["$daemon.cursor", "$daemon.nextRun"]},
                        # While it rests, nextRun is the end of the rest and the cursor stands there.
                        {"$not": [{"$eq": ["$daemon.nextRun", "$pause.until"]}]},
                    ]
                }
            },
            ("daemon.cursor", "daemon.nextRun"),
        ),
        no_document(
            f"{noun}_quarantined_yet_due",
            collection,
            "what is quarantined has no nextRun",
            {"daemon.quarantine": GIVEN, "daemon.nextRun": GIVEN},
            ("daemon.nextRun", "daemon.quarantine.field"),
        ),
        no_document(
            f"{noun}_expiry",
            collection,
            "what is deleted or a test has an expiry, and nothing else has",
            {
                "$or": [
                    {"deletedAt": {"$type": "date"}, "expireAt": NOT_A_DATE},
                    {"deletedAt": None, "expireAt": GIVEN, "daemon.quarantine": None, "purpose": None},
                ]
            },
            ("deletedAt", "expireAt"),
        ),
    )


DEFINITION_CHECKS: tuple[Check, ...] = (
    *_checks(DYNAMIC_JOBS, "job"),
    *_checks(SCHEDULED_NOTIFICATIONS, "scheduled_notification"),
)
