"""What the API answers about people: recipients, groups, users of the host application, suppressed addresses."""

from typing import Any

from api.contract.shapes import Answer, Authored, KeptInFiles, Problem
from shared.models.notification_models import Channel
from shared.models.recipients import HostUserPreferencesDefinition, RecipientDefinition, RecipientGroupDefinition
from shared.models.suppressions import SuppressionReason


class Recipient(RecipientDefinition, KeptInFiles):
    """A person who can be notified."""

    problem: Problem


class ImportCounts(Answer):
    """What an import did, or with dryRun would do."""

    created: int
    updated: int
    unchanged: int
    joined: int
    dry_run: bool


class HostUserPreferences(HostUserPreferencesDefinition, KeptInFiles):
    """What a user of the host application does not want."""

    problem: Problem


class RecipientGroup(RecipientGroupDefinition, KeptInFiles):
    """A named set of people."""

    problem: Problem


class Suppression(Authored):
    """An address that gets no messages any more, and why."""

    channel: Channel
    address: str
    category: str | None
    reason: SuppressionReason
    note: Any
    delivery_id: str | None
    problem: Problem
