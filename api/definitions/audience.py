"""Whom a scheduled notification would reach, counted before it is saved. Bounded work."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from api.store import Store
from shared.models.notification_models import Channel, Recipients

MOST_COUNTED = 20_000
SAMPLE = 5
_ADDRESS = {Channel.EMAIL: "email", Channel.SMS: "phone"}


class Audience(NamedTuple):
    """recipients: persons and addresses, each once.  reached: by channel, each address once.

    at_least: more than MOST_COUNTED people are named, or users of the host application, whom the daemon counts.
    """

    recipients: int
    reached: dict[str, int]
    sample: list[dict[str, str | None]]
    at_least: bool


def audience_of(recipients: Recipients, channels: Sequence[Channel], store: Store) -> Audience:
    """What the daemon would find now, without opt-outs and suppressed addresses."""
    groups = store.groups.members(recipients.groups) if recipients.groups else []
    ids = list(dict.fromkeys([*recipients.people, *groups]))
    people = store.recipients.reached_by(ids[:MOST_COUNTED])
    named: list[Mapping[str, Any]] = [*(each.model_dump() for each in recipients.addresses), *people]
    reached = {
        channel.value: len({each[field] for each in named if isinstance(each.get(field), str)})
        for channel, field in _ADDRESS.items()
        if channel in channels
    }
    sample = [{name: _text(each.get(name)) for name in ("name", "email", "phone")} for each in named[:SAMPLE]]
    return Audience(len(named), reached, sample, len(ids) > MOST_COUNTED or recipients.users is not None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
