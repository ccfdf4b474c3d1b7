"""People and groups of people who can be notified: `recipients`, `recipient_groups`."""

from typing import Annotated

from pydantic import Field, model_validator

from shared.models.addresses import EmailAddress, Phone
from shared.models.base import DocumentId, Model, Name, Text
from shared.models.definitions import Definition
from shared.models.notification_models import Variables
from shared.models.schedule import Zone


class RecipientDefinition(Model):
    """A person who can be notified."""

    name: Annotated[Text, Field(max_length=200)] = ""
    email: EmailAddress | None = None
    phone: Phone | None = None
    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")] | None = None
    timezone: Zone | None = None
    variables: Variables = {}

    @model_validator(mode="after")
    def _reachable(self) -> "RecipientDefinition":
        if self.email is None and self.phone is None:
            raise ValueError("give an email or a phone")
        return self


class RecipientGroupDefinition(Model):
    """A named set of people."""

    name: Name
    members: Annotated[list[DocumentId], Field(max_length=100_000)] = []


class Recipient(Definition):
    """The stored person of `recipients`."""

    name: str = ""
    email: EmailAddress | None = None
    phone: Phone | None = None
    locale: str | None = None
    timezone: Zone | None = None
    variables: Variables = {}


class RecipientGroup(Definition):
    """The stored group of `recipient_groups`."""

    name: Name
    members: list[DocumentId] = []
