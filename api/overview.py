"""The status of the whole system, read through the store: the same for the route and for the command line."""

from datetime import datetime, timedelta
from typing import Any

from api.answers.status import EMAIL_NOTIFIER, PROCESSOR, status_answer
from api.store import Store
from shared.settings import Settings


def read_status(store: Store, settings: Settings, now: datetime) -> dict[str, Any]:
    """StoreUnavailable if MongoDB does not answer; everything else is in the answer's `problems`."""
    notifications_exist = store.scheduled_notifications.any_exists()
    in_use = store.jobs.templates_in_use((PROCESSOR, EMAIL_NOTIFIER)) if notifications_exist else set()
    lease_ttl = timedelta(seconds=settings.daemon_lease_ttl_seconds)
    return status_answer(store.system.facts(now), now, lease_ttl, in_use, notifications_exist)
