"""Who a scheduled notification goes to: addresses, people and groups, in batches."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from scheduler_daemon.store.host_users import HostUserStore
from scheduler_daemon.store.recipients import RecipientStore
from shared.models.notification_models import Address, Channel, Recipients

log = structlog.get_logger(__name__)

MOST_PEOPLE = 1000
_EMAIL = re.compile(r"[^\s@<>\x00-\x1f\x7f]{1,64}@[^\s@<>\x00-\x1f\x7f]{1,255}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_EVERYTHING = (None, None)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Person:
    """One recipient; known: what the built-in variables say of them.

    opt_outs: (category, channel) of messages that they do not want; None is every one.
    """

    known: Mapping[str, str | None]
    recipient_id: str | None = None
    stored: Mapping[str, Any] = field(default_factory=dict)
    beside_address: Mapping[str, Any] = field(default_factory=dict)
    opt_outs: frozenset[tuple[str | None, str | None]] = frozenset()

    def address_on(self, channel: Channel) -> str | None:
        """Where the channel reaches them; None if it does not."""
        match channel:
            case Channel.EMAIL:
                return self.known["email"]
            case Channel.SMS:
                return self.known["phone"]

    def refuses(self, category: str, channel: Channel) -> bool:
        """Whether they do not want messages of this category on this channel."""
        return bool(self.opt_outs) and not self.opt_outs.isdisjoint(
            ((category, channel.value), (category, None), (None, channel.value), _EVERYTHING)
        )


@dataclass(slots=True)
class Missing:
    """Ids that name nobody: they are counted and logged, and stop nothing."""

    people: int = 0
    groups: int = 0


class RecipientResolver:
    """Turns the recipients of a definition into people."""

    def __init__(self, store: RecipientStore, host_users: HostUserStore) -> None:
        self._store = store
        self._host_users = host_users

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
        if recipients.users is not None:
            async for documents in self._host_users.batches(recipients.users, MOST_PEOPLE):
                yield [_of_document(document) for document in documents]

    async def count(self, recipients: Recipients) -> int:
        """How many there are at most; whoever is named twice counts twice."""
        members = await self._store.count_members(recipients.groups) if recipients.groups else 0
        if recipients.users is not None:
            members += await self._host_users.count(recipients.users)
        return len(recipients.addresses) + len(recipients.people) + members

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
    known = {
        "name": address.name,
        "email": address.email,
        "phone": address.phone,
        "locale": address.locale,
        "timezone": address.timezone,
    }
    return Person(known, beside_address=address.variables)


def _of_document(document: Mapping[str, Any]) -> Person:
    """Takes what is usable of a stored person, who may be malformed; checks shape, not deliverability."""
    known = {key: _text(document.get(key)) for key in ("name", "locale", "timezone")}
    known["email"] = _matching(_EMAIL, document.get("email"))
    known["phone"] = _matching(_PHONE, document.get("phone"))
    stored = document.get("variables")
    variables = _named(stored.items()) if isinstance(stored, Mapping) else {}
    refused = document.get("optOuts")
    return Person(known, str(document["_id"]), variables, opt_outs=_opt_outs(refused) if refused else frozenset())


def _opt_outs(stored: object) -> frozenset[tuple[str | None, str | None]]:
    """What cannot be read counts as wanting nothing: rather a message too few."""
    entries = stored if isinstance(stored, list) else [None]
    return frozenset(_opt_out(entry) for entry in entries)


def _opt_out(entry: object) -> tuple[str | None, str | None]:
    if not isinstance(entry, Mapping):
        return _EVERYTHING
    return _text(entry.get("category")), _text(entry.get("channel"))


def _named(items: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    return {key: value for key, value in items if isinstance(key, str) and _VARIABLE.fullmatch(key)}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None
