"""Notification templates and scheduled notifications: what people write about notifications."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from shared.models.addresses import EmailAddress, Locale, MailboxText, Phone
from shared.models.base import Anything, Document, DocumentId, Model, Moment, Name, Part, Text
from shared.models.definitions import Quarantine, ScheduledDefinition
from shared.models.exports import FILE_NAME
from shared.models.host_users import HostSelection
from shared.models.schedule import Schedule, Zone
from shared.models.sending_rules import Approval, SendingRules, TemplateVersion

MOST_ADDRESSES = 10_000
MOST_GROUPS = 100
LONGEST_BODY = 500_000

Variables = dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")], Anything]


class Channel(StrEnum):
    """A way to reach a person."""

    EMAIL = "email"
    SMS = "sms"


Channels = Annotated[list[Channel], Field(min_length=1, max_length=2)]


class Address(Model):
    """A plain address, with variables of its own."""

    email: EmailAddress | None = None
    phone: Phone | None = None
    name: Annotated[Text, Field(max_length=200)] = ""
    locale: Locale | None = None
    timezone: Zone | None = None
    variables: Variables = {}

    @model_validator(mode="after")
    def _reachable(self) -> "Address":
        if self.email is None and self.phone is None:
            raise ValueError("give an email or a phone")
        return self


class Recipients(Model):
    """Who gets a notification: addresses, people and groups by id, users of the host application. Everyone once."""

    addresses: Annotated[list[Address], Field(max_length=MOST_ADDRESSES)] = []
    people: Annotated[list[DocumentId], Field(max_length=MOST_ADDRESSES)] = []
    groups: Annotated[list[DocumentId], Field(max_length=MOST_GROUPS)] = []
    users: HostSelection | None = None

    @model_validator(mode="after")
    def _somebody(self) -> "Recipients":
        if not (self.addresses or self.people or self.groups or self.users):
            raise ValueError("name at least one recipient: addresses, people, groups or users")
        return self


class ScheduledNotificationCreate(SendingRules):
    """What a person writes to schedule a notification."""

    name: Name
    template_id: DocumentId
    template_version: TemplateVersion | None = None
    """None: the newest version at the time of the request is pinned."""
    channels: Channels
    recipients: Recipients
    variables: Variables = {}
    schedule: Schedule


class ScheduledNotificationUpdate(ScheduledNotificationCreate):
    """A whole new definition for an existing scheduled notification (PUT)."""


class Statistics(Model):
    """What became of the messages of a scheduled notification."""

    queued: int = 0
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    suppressed: int = 0
    unknown: int = 0


class LastOccurrence(Part):
    """The newest occurrence whose messages were queued."""

    scheduled_for: Moment
    queued_at: Moment
    queued: int
    revision: int | None = None
    """Of the definition that it was queued by."""
    checked: bool = False
    """Whether the queue was looked at since."""


class NotificationProgress(Part):
    """The daemon's own sub-document. Statistics of messages are counted from the queue, not kept here."""

    next_run: Moment | None = None
    cursor: Moment | None = None
    last_run: LastOccurrence | None = None
    occurrences_queued: int = 0
    occurrences_skipped: int = 0
    completed: bool = False
    needs_approval: int | None = None
    """How many recipients there were when it fell due, if so many need an approval that it does not have."""
    quarantine: Quarantine | None = None


class ScheduledNotification(SendingRules, ScheduledDefinition):
    """The stored document of `scheduled_notifications`.

    purpose "test": a message that somebody sends to themselves to see a template; it expires like a tombstone.
    messages_held: the daemon's; a pause has held messages that were queued before it. Another word each time.
    """

    name: Name
    template_id: DocumentId
    template_version: TemplateVersion
    channels: Channels
    recipients: Recipients
    variables: Variables = {}
    defined_by: str | None = None
    """Who wrote the present definition; updatedBy may have paused it only. None: it was put in by hand."""
    approval: Approval | None = None
    purpose: Literal["test"] | None = None
    messages_held: str | None = None
    daemon: NotificationProgress = NotificationProgress()


VariableType = Literal["string", "number", "boolean"]
_TYPES: Mapping[VariableType, tuple[type, ...]] = {
    "string": (str, int, float),
    "number": (int, float),
    "boolean": (bool,),
}


class TemplateVariable(Model):
    """A variable that a notification template declares. A number may be given for a string.

    example: what a preview shows in its place; it is never sent.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
    type: VariableType = "string"
    default: bool | int | float | Text | None = None
    example: bool | int | float | Text | None = None
    required: bool = False
    description: Annotated[Text, Field(max_length=500)] = ""

    def fits(self, value: object) -> bool:
        """Whether the value has the declared type; None is no value, and fits."""
        if isinstance(value, bool):
            return self.type == "boolean"
        return value is None or isinstance(value, _TYPES[self.type])

    @model_validator(mode="after")
    def _values_fit(self) -> "TemplateVariable":
        for name in ("default", "example"):
            if not self.fits(getattr(self, name)):
                raise ValueError(f"the {name} of the variable {self.name!r} is no {self.type}")
        return self


class Attachment(Model):
    """A file that an e-mail carries, by its place below a folder of the daemon.

    folder: attachments is ATTACHMENT_FOLDER; exports is EXPORT_FOLDER, where only finished files of data_export count.
    """

    folder: Literal["attachments", "exports"] = "attachments"

    path: Annotated[
        str,
        Field(
            min_length=1,
            max_length=500,
            pattern=r"^[^/\\\x00-\x1f\x7f]+(/[^/\\\x00-\x1f\x7f]+)*$",
            description="Place of the file below the folder, such as prices/2026.pdf.",
        ),
    ]
    name: Annotated[Text, Field(max_length=80, pattern=r"^[^/\\\x00-\x1f\x7f]*$")] = ""
    """How the reader sees it; empty: as the file is called."""

    @field_validator("path")
    @classmethod
    def _stays_inside(cls, value: str) -> str:
        if any(part in (".", "..") for part in value.split("/")):
            raise ValueError("write the place without . and ..")
        return value

    @model_validator(mode="after")
    def _is_an_export(self) -> "Attachment":
        if self.folder == "exports" and re.fullmatch(FILE_NAME, self.path) is None:
            raise ValueError("path: write the fileName of an export, as GET /api/exports shows it")
        return self


class NotificationTemplateDefinition(Model):
    """Text with variables, for each channel it may go to. Jinja2 in a sandbox."""

    name: Name
    category: Annotated[Text, Field(max_length=100)] = ""
    channels: Channels
    subject: Annotated[Text, Field(max_length=1000)] | None = None
    text: Annotated[Text, Field(max_length=LONGEST_BODY)] | None = None
    html: Annotated[Text, Field(max_length=LONGEST_BODY)] | None = None
    sms: Annotated[Text, Field(max_length=5000)] | None = None
    reply_to: MailboxText | None = None
    """Where answers to these e-mails go; None: as the setting SMTP_REPLY_TO says."""
    attachments: Annotated[list[Attachment], Field(max_length=20)] = []
    variables: Annotated[list[TemplateVariable], Field(max_length=100)] = []

    @model_validator(mode="after")
    def _each_channel_has_its_text(self) -> "NotificationTemplateDefinition":
        if Channel.EMAIL in self.channels:
            if not self.subject:
                raise ValueError("the channel email needs a subject")
            if not (self.text or self.html):
                raise ValueError("the channel email needs a text or an html body")
        if self.attachments and Channel.EMAIL not in self.channels:
            raise ValueError("attachments go with the channel email")
        if self.reply_to is not None and Channel.EMAIL not in self.channels:
            raise ValueError("replyTo goes with the channel email")
        if Channel.SMS in self.channels and not self.sms:
            raise ValueError("the channel sms needs the field sms")
        names = [variable.name for variable in self.variables]
        if len(names) != len(set(names)):
            raise ValueError("each variable is declared once")
        return self


class NotificationTemplate(Document):
    """One version, in `notification_templates`. `_id` is `<templateId>:<version>`; every save is a new version."""

    id: str = Field(alias="_id")
    template_id: DocumentId
    version: Annotated[int, Field(ge=1)]
    latest: bool
    name: Name
    category: str = ""
    channels: Channels
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    sms: str | None = None
    reply_to: MailboxText | None = None
    attachments: list[Attachment] = []
    variables: list[TemplateVariable] = []
    created_at: Moment
    created_by: str
    updated_at: Moment | None = None
    """When this version was saved; createdAt is the template's, the same in all its versions."""
    updated_by: str | None = None
    deleted_at: Moment | None = None
