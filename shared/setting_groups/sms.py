"""How short messages are sent."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from shared.setting_groups.types import WebRoot


class SmsSettings(BaseModel):
    """The provider of short messages: Twilio or any gateway."""

    sms_provider: Literal["twilio", "http", "log"] | None = Field(
        None,
        description="How short messages are sent: twilio, http (any gateway), or log (only written into the log). "
        "Unset: they wait in the queue.",
    )
    sms_from: str = Field(
        "",
        max_length=100,
        description="Sender of every short message: a number such as +33123456789, a name that the provider allows, "
        "or with twilio a messaging service (MG...).",
    )
    sms_max_segments: int = Field(
        10, ge=1, le=255, description="Most segments of one short message; a longer one fails and is not sent."
    )
    sms_messages_per_second: float | None = Field(
        None, gt=0, le=100_000, description="Most short messages a second. Unset: as fast as the provider takes them."
    )
    sms_timeout_seconds: float = Field(
        30, ge=1, le=300, description="Time-out of one call of the provider, seconds. After it nobody knows."
    )
    twilio_account_sid: str | None = Field(
        None, pattern=r"^[A-Za-z0-9]{1,64}$", description="The account at Twilio (AC...), for SMS_PROVIDER=twilio."
    )
    twilio_auth_token: SecretStr | None = Field(
        None, description="Its auth token: it authenticates our calls, and Twilio's reports to us."
    )
    twilio_base_url: WebRoot = Field(
        "https://api.twilio.com", description="Where Twilio is called; another region, or a server for tests."
    )
    sms_http_url: str | None = Field(
        None, description="The gateway's address, for SMS_PROVIDER=http. Secrets belong into SMS_HTTP_HEADERS."
    )
    sms_http_method: Literal["POST", "PUT", "GET"] = Field("POST", description="Method of the call.")
    sms_http_headers: SecretStr | None = Field(
        None,
        description='Headers of the call, as JSON: `{"Authorization": "Bearer ...", "Content-Type": "..."}`. '
        "Unset: only Content-Type: application/json.",
    )
    sms_http_body: str = Field(
        '{"to": {{ to | tojson }}, "from": {{ sender | tojson }}, "text": {{ text | tojson }}, '
        '"reference": {{ messageId | tojson }}}',
        max_length=10_000,
        description="Body of the call: a Jinja2 template with `to`, `text`, `sender` and `messageId`, and the filters "
        "`tojson` and `urlencode`.",
    )
    sms_http_success: str | None = Field(
        None,
        max_length=500,
        description="Regular expression that the answer must contain beside a status of 2xx. Unset: the status alone.",
    )
    sms_http_reference: str | None = Field(
        None,
        max_length=500,
        description="Regular expression whose first group is the gateway's name for the message. Unset: none is kept.",
    )
