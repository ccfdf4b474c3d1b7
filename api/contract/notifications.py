"""The answers of scheduled notifications, their templates, and messages."""

from typing import Literal

from pydantic import Field

from api.contract.jobs import Occurrence
from api.contract.shapes import Answer, KeptInFiles, Problem
from shared.models.base import Moment, Part
from shared.models.definitions import Pause
from shared.models.notification_models import (
    Channel,
    NotificationTemplateDefinition,
    ScheduledNotificationCreate,
    Statistics,
)
from shared.models.queue import DeliveryState, QueueError, QueueRecipient, QueueState
from shared.models.sending_rules import Approval


class LastFanOut(Part):
    """The newest occurrence whose messages were queued."""

    scheduled_for: Moment
    queued_at: Moment
    queued: int


class ScheduledNotification(ScheduledNotificationCreate, KeptInFiles):
    """Who gets which notification, when; and what became of its messages."""

    updated_by: str
    approval: Approval | None
    pause: Pause | None
    rule: str = Field(description="The schedule in plain words.")
    next_run: Moment | None
    last_run: LastFanOut | None
    state: Literal["active", "paused", "awaiting_approval", "completed", "cancelled", "quarantined"]
    problem: Problem
    statistics: Statistics


class ComingSend(Answer):
    """When one scheduled notification is sent in a time."""

    id: str
    name: str
    channels: list[Channel]
    recipient_timezone: bool = Field(description="The times are those of `timezone`; each recipient's own decides.")
    timezone: str
    moments: list[Moment]
    more: bool = Field(description="There are more moments in that time than are listed.")


class ComingSends(Answer):
    """What is to be sent in a time."""

    items: list[ComingSend]
    more: bool = Field(description="There are more scheduled notifications than are listed.")


class SamplePerson(Answer):
    """One of those who would be reached."""

    name: str | None
    email: str | None
    phone: str | None


class ForeseenSend(Occurrence):
    """One occurrence, and when its messages leave."""

    send_at: Moment | None = Field(
        description="When the first message leaves: at the occurrence, or after quiet hours and days that are not "
        "allowed, on the clock of `timezone`. Null: it is excluded, or its recipients are skipped."
    )


class ForeseenSends(Answer):
    """The coming occurrences of a scheduled notification."""

    description: str
    occurrences: list[ForeseenSend]
    complete: bool = Field(description="False: more excluded occurrences lie between than are listed.")
    timezone: str


class ForeseenNotification(ForeseenSends):
    """When it would go to whom."""

    recipients: int = Field(description="Who would be reached on these channels; one address counts once.")
    by_channel: dict[str, int] = Field(description="Addresses that would be sent to, each once.")
    at_least: bool = Field(
        description="There are more than were counted: many people, or users of the host application."
    )
    sample: list[SamplePerson]
    approval_needed: bool
    last_at: Moment | None = Field(
        description="When the last message of the next occurrence leaves; with a throttle later than the first."
    )
    too_late: int = Field(description="How many of those messages expire before the throttle lets them leave.")


class RetriedMessages(Answer):
    """How many messages are sent again."""

    messages: int
    asked: int = Field(description="Of those, how many had not been asked for before.")
    more: bool


class NotificationTemplate(NotificationTemplateDefinition, KeptInFiles):
    """The newest version of a text with variables; `revision` is the version."""

    version: int
    updated_by: str | None
    problem: Problem


class Categories(Answer):
    """The categories that have a notification template, in order."""

    items: list[str]


class Segments(Answer):
    """How a provider counts a short message."""

    encoding: str
    count: int


class RenderedTexts(Answer):
    """The texts as they would be sent; null for a channel that the template does not have."""

    subject: str | None
    text: str | None
    html: str | None
    sms: str | None
    sms_segments: Segments | None


class TextFault(Answer):
    """Why one text, or the value of one variable, cannot be shown."""

    field: str = Field(description="`subject`, `text`, `html`, `sms`, or `variables.` with a name.")
    code: str
    detail: str


class DraftTexts(RenderedTexts):
    """The texts of a template that is written; null for one that cannot be rendered."""

    faults: list[TextFault]


class TrialAsked(Answer):
    """A test send is a scheduled notification of its own."""

    scheduled_notification_id: str
    channels: list[Channel]


class TemplateStatistics(Answer):
    """What became of all messages of a notification template."""

    scheduled_notifications: int
    statistics: Statistics


class Message(Answer):
    """One message to one recipient on one channel."""

    id: str
    scheduled_notification_id: str | None
    job_id: str | None
    run_id: str | None
    event: str | None
    channel: Channel
    recipient: QueueRecipient
    template_id: str
    template_version: int
    category: str | None
    subject: str | None
    state: QueueState
    attempt: int | None
    message_id: str
    provider_reference: str | None
    last_error: QueueError | None
    ambiguous: bool | None
    occurrence: Moment
    send_after: Moment
    expires_at: Moment | None
    handoff_at: Moment | None
    created_at: Moment
    finished_at: Moment | None
    held: bool
    problem: Problem


class MessageContent(RenderedTexts):
    """What the sender makes of a message; null and empty for what its channel does not have."""

    reply_to: str | None = Field(description="Of the template. Null: as SMTP_REPLY_TO of the daemon says.")
    attachments: list[str] = Field(description="Names of the files, which are read when the message is sent.")
    unsubscribe_stand_in: str | None = Field(
        description="Stands where the message has its link to unsubscribe, and takes nobody off. Null: it has no link."
    )


class Delivery(Answer):
    """One attempt to hand a message to a provider."""

    id: str
    item_id: str
    attempt: int
    channel: Channel
    address: str
    message_id: str
    state: DeliveryState
    provider_reference: str | None
    error: QueueError | None
    segments: int | None
    encoding: str | None
    report: str | None
    report_code: int | None
    started_at: Moment
    finished_at: Moment | None
    reported_at: Moment | None
    problem: Problem
