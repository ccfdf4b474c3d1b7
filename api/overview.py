"""The status of the whole system, read through the store: the same for the route and for the command line."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from api.answers.status import EMAIL_NOTIFIER, PROCESSOR, status_answer
from api.store import Store
from api.store.system import Facts
from shared.settings import Settings


class Overview(NamedTuple):
    """What was found at one moment, and what the status says about it."""

    at: datetime
    facts: Facts
    answer: dict[str, Any]


def read_status(store: Store, settings: Settings, now: datetime) -> dict[str, Any]:
    """StoreUnavailable if MongoDB does not answer; everything else is in the answer's `problems`."""
    return read_overview(store, settings, now).answer


def read_overview(store: Store, settings: Settings, now: datetime) -> Overview:
    """The same, with the facts that it was made from."""
    notifications_exist = store.scheduled_notifications.any_exists()
    in_use = store.jobs.templates_in_use((PROCESSOR, EMAIL_NOTIFIER)) if notifications_exist else set()
    lease_ttl = timedelta(seconds=settings.daemon_lease_ttl_seconds)
    facts = store.system.facts(now)
    return Overview(now, facts, status_answer(facts, now, lease_ttl, in_use, notifications_exist))
