"""What pausing and resuming of jobs and scheduled notifications share."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from flask import Response
from pydantic import Field

from api.auth import principal
from api.context import actor
from api.requests import Body
from api.responses import document
from shared.errors import InvalidDefinition
from shared.models.access import Permission
from shared.models.base import Moment, Text
from shared.models.definitions import Pause


class PauseBody(Body):
    """Why, and until when; without `until` until someone resumes it."""

    may_be_empty: ClassVar[bool] = True

    reason: Annotated[Text, Field(max_length=500)] = ""
    until: Moment | None = None


class EmptyBody(Body):
    """Nothing to say."""

    may_be_empty: ClassVar[bool] = True


def pause_from(body: PauseBody, now: datetime) -> Pause:
    """The pause to store; InvalidDefinition if it would be over before it begins."""
    if body.until is not None and body.until <= now:
        raise InvalidDefinition("until", "is in the past", "in_the_past")
    return Pause(reason=body.reason, by=actor().name, at=now, until=body.until)


_OF_A_SWITCH = ("id", "revision", "name", "enabled", "pause", "state", "nextRun")


def switched(answer: dict[str, Any]) -> Response:
    """The document after a switch; only its switches for a caller who may not read the rest."""
    if not principal().may(Permission.READ):
        answer = {name: answer[name] for name in _OF_A_SWITCH if name in answer}
    return document(answer)
