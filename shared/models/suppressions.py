"""Addresses that get no messages any more: `suppressions`.

The API inserts what people ask for and deletes; the daemon inserts what providers say. Nobody updates. Addresses are
kept as they are, not hashed: a person must see whom a message did not reach, and the queue holds the same addresses.
"""

import hashlib
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from shared.models.addresses import EmailAddress, Phone
from shared.models.base import Document, Model, Moment, Text
from shared.models.notification_models import Channel

Category = Annotated[Text, Field(max_length=100)]


class SuppressionReason(StrEnum):
    """Why an address gets no messages."""

    HARD_BOUNCE = "hard_bounce"  # the provider says that there is no such mailbox or number
    UNSUBSCRIBED = "unsubscribed"  # the recipient said so: the link of a message, or STOP to the SMS provider
    MANUAL = "manual"  # somebody put it on the list


class SuppressionDefinition(Model):
    """What a person writes: an e-mail address or a phone number, and of which category (None: of every)."""

    email: EmailAddress | None = None
    phone: Phone | None = None
    category: Category | None = None
    reason: SuppressionReason = SuppressionReason.MANUAL
    note: Annotated[Text, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _one_address(self) -> "SuppressionDefinition":
        if (self.email is None) == (self.phone is None):
            raise ValueError("give an email or a phone, not both")
        return self

    @property
    def channel(self) -> Channel:
        return Channel.EMAIL if self.email is not None else Channel.SMS

    @property
    def address(self) -> str:
        return self.email or self.phone or ""


class Suppression(Document):
    """The stored document. `_id` names channel, address and category, so that each is on the list once."""

    id: str = Field(alias="_id")
    channel: Channel
    address: str
    category: str | None = None
    reason: SuppressionReason
    note: str = ""
    """What the person wrote, or the provider's words."""
    delivery_id: str | None = None
    """The delivery that met a hard bounce."""
    revision: int = 1
    created_at: Moment
    created_by: str
    updated_at: Moment
    updated_by: str


def folded(address: str) -> str:
    """As addresses are compared: one mailbox is one entry, however it was written."""
    return address.strip().casefold()


def suppression_id(channel: Channel, address: str, category: str | None) -> str:
    """The identity of an entry. An empty category means every category, as None does."""
    key = "\x00".join((channel, folded(address), category or ""))
    return hashlib.blake2b(key.encode(errors="replace"), digest_size=16).hexdigest()
