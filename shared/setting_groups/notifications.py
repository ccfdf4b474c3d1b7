"""What holds for notifications on every channel."""

from datetime import timedelta

from pydantic import BaseModel, Field, SecretStr

from shared.durations import Duration
from shared.models.host_users import HostUsers
from shared.setting_groups.types import WebRoot


class NotificationSettings(BaseModel):
    """Attempts, recipients and links of notifications."""

    message_max_attempts: int = Field(8, ge=1, le=100, description="Most attempts to deliver one message.")
    message_backoff: Duration = Field(
        timedelta(seconds=10), description="Wait after the first failed attempt; doubles each time."
    )
    message_max_backoff: Duration = Field(timedelta(hours=1), description="Longest wait between two attempts.")

    host_users: HostUsers | None = Field(
        None,
        description="The host application's collection of users and its fields, as JSON: "
        '`{"collection": "users", "email": "email", "name": "profile.name", "timezone": "tz", "role": "role", '
        '"tags": "tags", "groups": "teams", "filterFields": ["plan", "lastSeen"], "variables": {"plan": "plan"}}`; '
        "also `id` (`_id`), `phone`, `locale`. filterFields: what filters may ask about; variables: what texts show. "
        "Unset: there is none.",
    )
    notification_approval_above: int | None = Field(
        None,
        ge=0,
        description="A scheduled notification with more recipients than this waits until somebody else than its author "
        "approves it. Unset: none does.",
    )
    public_url: WebRoot | None = Field(
        None,
        description="Address under which the API is reached from outside, such as https://notify.example.com. Links "
        "in messages and reports of providers lead there. Unset: there are none.",
    )
    unsubscribe_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="Key that signs the links to unsubscribe, 16 characters or more. With PUBLIC_URL it puts "
        "List-Unsubscribe (RFC 8058) into e-mails. A new key ends the old links.",
    )
