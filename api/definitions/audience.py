"""Whom a scheduled notification would reach, counted before it is saved. Bounded work."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from api.store import Store
from shared.models.notification_models import Channel, Recipients
from shared.models.queue import folded_address

MOST_COUNTED = 20_000
SAMPLE = 5
_ADDRESS = {Channel.EMAIL: "email", Channel.SMS: "phone"}


class Audience(NamedTuple):
    """recipients: who would be reached, each once.  reached: by channel, each address once.

    Addresses that differ in capital letters are one, as in the queue. at_least: more than MOST_COUNTED people are
    named, or users of the host application, whom the daemon counts.
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
    fields = [(channel.value, _ADDRESS[channel]) for channel in channels]
    reached: dict[str, set[str]] = {channel: set() for channel, _ in fields}
    new = [each for each in named if _is_new(each, fields, reached)]
    sample = [{name: _text(each.get(name)) for name in ("name", "email", "phone")} for each in new[:SAMPLE]]
    counts = {channel: len(addresses) for channel, addresses in reached.items()}
    return Audience(len(new), counts, sample, len(ids) > MOST_COUNTED or recipients.users is not None)


def _is_new(person: Mapping[str, Any], fields: Sequence[tuple[str, str]], reached: dict[str, set[str]]) -> bool:
    """Whether the person has an address that nobody before had; it is noted as reached."""
    new = False
    for channel, field in fields:
        address = _text(person.get(field))
        if address is not None and (folded := folded_address(address)) not in reached[channel]:
            reached[channel].add(folded)
            new = True
    return new


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
