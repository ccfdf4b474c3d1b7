"""`/api/notifications/queue/{id}/retry | resolve`: what a person decides about messages."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from flask import Response
from pydantic import Field

from api.auth import needs
from api.commanded import commanded
from api.context import actor, clock, identity, store
from api.contract.declarations import accepts
from api.contract.shapes import Commanded
from api.problems import ProblemCode, conflict
from api.requests import Body, DocumentPath
from api.routes.blueprint import NOTIFICATIONS, resource
from api.routes.pauses import EmptyBody
from api.store import Actor
from shared.models.access import Permission
from shared.models.commands import Command
from shared.models.queue import HELD, QueueState

blueprint = resource("message decisions", NOTIFICATIONS, "Sending messages again, and deciding about held ones")

AGAIN_FROM = (QueueState.FAILED.value, QueueState.DEAD.value)
MOST_RETRIES = 500
"""Of one request; `more` says that there are others."""


class RetryFailedBody(Body):
    """states: which of them. expiredToo: also those that were not sent because it was too late."""

    may_be_empty: ClassVar[bool] = True

    states: Annotated[list[Literal["failed", "dead"]], Field(min_length=1)] = ["failed", "dead"]
    expired_too: bool = False


class ResolveBody(Body):
    """What became of a message whose end is unknown; pending: send it again."""

    state: Literal["sent", "failed", "pending"]


def retry_command(item: dict[str, Any], who: Actor, now: datetime) -> Command:
    """Sends the item again. Its id is the same until the message was tried again, so asking twice is asking once."""
    return Command(
        id=f"retry:{item['_id']}:{item.get('attempt')}",
        kind="retry_message",
        item_id=str(item["_id"]),
        created_at=now,
        created_by=who.name,
    )


@blueprint.post("/queue/<id>/retry", summary="Send a message again that failed, is dead or is held")
@needs(Permission.OPERATE)
@accepts(Commanded)
def retry_message(path: DocumentPath, body: EmptyBody) -> Response:  # noqa: ARG001 - declares: no fields
    item = store().messages.find(path.id)
    _check_state(item, (*AGAIN_FROM, *HELD), "sent again")
    return _commanded("retry_message", item, None)


@blueprint.post("/queue/<id>/resolve", summary="Decide about a message whose end is unknown")
@needs(Permission.OPERATE)
@accepts(Commanded)
def resolve_message(path: DocumentPath, body: ResolveBody) -> Response:
    item = store().messages.find(path.id)
    _check_state(item, HELD, "decided about")
    return _commanded("resolve_message", item, {"state": body.state})


def _check_state(item: dict[str, Any], allowed: tuple[str, ...], verb: str) -> None:
    if item.get("state") not in allowed:
        words = " or ".join(str(each) for each in allowed)
        raise conflict(
            ProblemCode.CONFLICT, f"Only a message that is {words} can be {verb}; it is {item.get('state')}."
        )


def _commanded(kind: Literal["retry_message", "resolve_message"], item: dict[str, Any], params: Any) -> Response:
    command_id, request_hash = identity()
    command = Command(
        id=command_id,
        kind=kind,
        item_id=str(item["_id"]),
        params=params,
        created_at=clock().now(),
        created_by=actor().name,
    )
    stored = store().commands.insert(command, actor(), request_hash)
    return commanded({"commandId": stored["_id"]})
