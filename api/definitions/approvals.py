"""Approval of scheduled notifications with many recipients by somebody else than who wrote them."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from api.definitions.scheduled_notifications import readable
from api.problems import Problem, ProblemCode, conflict
from api.store import Actor, Store
from api.store.definitions import Change
from shared.models.notification_models import Recipients
from shared.models.schedule import OnceSchedule
from shared.models.sending_rules import Approval


def approval_of(recipients: Recipients, store: Store, above: int | None, actor: Actor) -> Approval | None:
    """What a definition that is written now waits for; None: it has few enough recipients. above: of the settings."""
    if above is None:
        return None
    members = store.groups.count_members(recipients.groups) if recipients.groups else 0
    count = len(recipients.addresses) + len(recipients.people) + members
    return Approval(requested_by=actor.name, recipients=count) if count > above else None


def approved(stored: Mapping[str, Any], actor: Actor, now: datetime) -> Change:
    """It is active from now on; a single moment that came while it waited is made up for."""
    scheduled = readable(stored)
    approval, found = scheduled.approval, scheduled.daemon.needs_approval
    if found is not None and (approval is None or approval.recipients < found):
        approval = Approval(requested_by=scheduled.defined_by or scheduled.updated_by, recipients=found)
    if approval is None:
        raise conflict(ProblemCode.CONFLICT, "It does not wait for an approval.")
    if approval.at is not None:
        return Change(nothing=True)
    if approval.requested_by == actor.name:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            ProblemCode.FORBIDDEN,
            f"It was written by {actor.name}: somebody else has to approve it.",
        )
    given = approval.model_copy(update={"by": actor.name, "at": now})
    since = None if isinstance(scheduled.schedule, OnceSchedule) else now
    return Change({"approval": given.model_dump(by_alias=True)}, since)
