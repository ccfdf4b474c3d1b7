"""People and groups of people who can be notified: `recipients`, `recipient_groups`."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from shared.models.addresses import EmailAddress, Locale, Phone
from shared.models.base import Document, DocumentId, Model, Moment, Name, Text
from shared.models.definitions import Definition
from shared.models.notification_models import Channel, Variables
from shared.models.schedule import Zone

MOST_MEMBERS = 100_000

ExternalKey = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""What another system calls the person; an import finds them by it."""


class OptOut(Model):
    """Messages that a person does not want. None: of every category, or on every channel."""

    category: Annotated[Text, Field(max_length=100)] | None = None
    channel: Channel | None = None


OptOuts = Annotated[list[OptOut], Field(max_length=100)]


class RecipientDefinition(Model):
    """A person who can be notified."""

    external_key: ExternalKey | None = None
    name: Annotated[Text, Field(max_length=200)] = ""
    email: EmailAddress | None = None
    phone: Phone | None = None
    locale: Locale | None = None
    timezone: Zone | None = None
    variables: Variables = {}
    opt_outs: OptOuts = []

    @model_validator(mode="after")
    def _reachable(self) -> "RecipientDefinition":
        if self.email is None and self.phone is None:
            raise ValueError("give an email or a phone")
        return self


class RecipientGroupDefinition(Model):
    """A named set of people."""

    name: Name
    members: Annotated[list[DocumentId], Field(max_length=MOST_MEMBERS)] = []


class Recipient(Definition):
    """The stored person of `recipients`."""

    external_key: str | None = None
    name: str = ""
    email: EmailAddress | None = None
    phone: Phone | None = None
    locale: str | None = None
    timezone: Zone | None = None
    variables: Variables = {}
    opt_outs: OptOuts = []
    search: list[str] = []
    """Words that a search compares with; the API derives them from the others."""


class RecipientGroup(Definition):
    """The stored group of `recipient_groups`."""

    name: Name
    members: list[DocumentId] = []


HostUserId = Annotated[str, StringConstraints(pattern=r"^[^/\x00-\x1f\x7f]{1,200}$")]
"""The id of a user of the host application, as text."""


class HostUserPreferencesDefinition(Model):
    """What a user of the host application does not want. They are somebody else's document, so it is kept here."""

    opt_outs: OptOuts = []


class HostUserPreferences(Document):
    """The stored document of `host_user_preferences`; `_id` is the user's id as text."""

    id: HostUserId = Field(alias="_id")
    opt_outs: OptOuts = []
    revision: Annotated[int, Field(ge=1)]
    created_at: Moment
    created_by: str
    updated_at: Moment
    updated_by: str
