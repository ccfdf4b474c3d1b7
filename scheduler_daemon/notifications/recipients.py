"""Who a scheduled notification goes to: addresses, people and groups, in batches."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from scheduler_daemon.store.recipients import RecipientStore
from shared.models.notification_models import Address, Channel, Recipients

log = structlog.get_logger(__name__)

MOST_PEOPLE = 1000
_EMAIL = re.compile(r"[^\s@<>\x00-\x1f\x7f]{1,64}@[^\s@<>\x00-\x1f\x7f]{1,255}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Person:
    """One recipient; known: what the built-in variables say of them."""

    known: Mapping[str, str | None]
    recipient_id: str | None = None
    stored: Mapping[str, Any] = field(default_factory=dict)
    beside_address: Mapping[str, Any] = field(default_factory=dict)

    def address_on(self, channel: Channel) -> str | None:
        """Where the channel reaches them; None if it does not."""
        match channel:
            case Channel.EMAIL:
                return self.known["email"]
            case Channel.SMS:
                return self.known["phone"]


@dataclass(slots=True)
class Missing:
    """Ids that name nobody: they are counted and logged, and stop nothing."""

    people: int = 0
    groups: int = 0


class RecipientResolver:
    """Turns the recipients of a definition into people."""

    def __init__(self, store: RecipientStore) -> None:
        self._store = store

    async def batches(self, recipients: Recipients, missing: Missing) -> AsyncIterator[list[Person]]:
        """At most MOST_PEOPLE at a time, always in the same order; counts in `missing` what is not there.

        A person who is named twice comes twice: the identity of the message tells.
        """
        for addresses in _sliced(recipients.addresses):
            yield [_of_address(address) for address in addresses]
        async for people in self._people(recipients.people, missing):
            yield people
        for group_id in recipients.groups:
            members = await self._store.members(group_id)
            if members is None:
                missing.groups += 1
                log.warning("recipient_group_missing", group_id=group_id)
                continue
            async for people in self._people(members, missing):
                yield people

    async def _people(self, ids: Sequence[str], missing: Missing) -> AsyncIterator[list[Person]]:
        for some in _sliced(ids):
            found = await self._store.people(some)
            if len(found) < len(some):
                missing.people += len(some) - len(found)
                there = {each["_id"] for each in found}
                log.warning("recipients_missing", recipient_ids=[each for each in some if each not in there][:20])
            yield [_of_document(document) for document in found]


def _sliced(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), MOST_PEOPLE):
        yield values[start : start + MOST_PEOPLE]


def _of_address(address: Address) -> Person:
    known = {"name": address.name, "email": address.email, "phone": address.phone}
    return Person(known, beside_address=address.variables)


def _of_document(document: Mapping[str, Any]) -> Person:
    """Takes what is usable of a stored person, who may be malformed; checks shape, not deliverability."""
    known = {key: _text(document.get(key)) for key in ("name", "locale", "timezone")}
    known["email"] = _matching(_EMAIL, document.get("email"))
    known["phone"] = _matching(_PHONE, document.get("phone"))
    stored = document.get("variables")
    variables = _named(stored.items()) if isinstance(stored, Mapping) else {}
    return Person(known, str(document["_id"]), variables)


def _named(items: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    return {key: value for key, value in items if isinstance(key, str) and _VARIABLE.fullmatch(key)}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None
