"""Whether the people and groups that a definition names exist."""

from api.checks.notifications import unknown_ids
from api.store import Store
from shared.models.notification_models import Recipients


def check_recipients(recipients: Recipients, store: Store, field: str) -> None:
    """InvalidDefinition names what is missing. field: where the recipients stand in the definition."""
    for name, what, ids, missing in (
        ("people", "person", recipients.people, store.recipients.missing),
        ("groups", "group", recipients.groups, store.groups.missing),
    ):
        unknown = missing(ids) if ids else []
        if unknown:
            raise unknown_ids(f"{field}.{name}", what, unknown)
