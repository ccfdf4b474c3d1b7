"""How e-mails are sent."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class EmailSettings(BaseModel):
    """The SMTP server and what e-mails carry."""

    smtp_host: str | None = Field(None, description="SMTP server. Unset: e-mail waits in the queue.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the SMTP server.")
    smtp_username: str | None = Field(None, description="Login name. Unset: no login.")
    smtp_password: SecretStr | None = Field(None, description="Password of the login.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls (must succeed), tls from the first byte (port 465), or none."
    )
    smtp_from: str = Field(
        "Unified Scheduler <scheduler@localhost>", description="Sender of every e-mail, `Name <address>`."
    )
    smtp_reply_to: str | None = Field(
        None, description="Where answers to e-mails go, `Name <address>`. Unset: to the sender."
    )
    smtp_messages_per_second: float | None = Field(
        None, gt=0, le=100_000, description="Most e-mails a second. Unset: as fast as the server takes them."
    )
    smtp_timeout_seconds: float = Field(30, ge=1, le=300, description="Time-out of each step of a delivery, seconds.")
    smtp_connections: int = Field(4, ge=1, le=64, description="Connections to the SMTP server at once.")
    attachment_folder: Path | None = Field(
        None,
        description="Folder whose files e-mails may carry; a notification template names them. Unset: no attachments.",
    )
    attachment_max_bytes: int = Field(
        10_485_760, ge=1024, le=104_857_600, description="Largest size of all attachments of one e-mail, bytes."
    )
