"""Links that take an address off: the daemon writes them into e-mails, the API obeys them (RFC 8058). Pure.

A link names channel, address and category, and is signed: whoever has it has got the message. It never expires, as the
message does not.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from shared.models.notification_models import Channel
from shared.models.queue import QueueItem
from shared.queries.suppressions import Subject
from shared.settings import Settings

PATH = "/unsubscribe"
LONGEST_TOKEN = 2000
_PURPOSE = b"unsubscribe\x00"


class UnsubscribeLinks:
    """Makes and reads the links of one installation."""

    def __init__(self, public_url: str, key: str) -> None:
        self._public_url = public_url
        self._key = key.encode()

    @classmethod
    def from_settings(cls, settings: Settings) -> "UnsubscribeLinks | None":
        """None: PUBLIC_URL or UNSUBSCRIBE_KEY is not set, so there are no such links."""
        if settings.public_url is None or settings.unsubscribe_key is None:
            return None
        return cls(settings.public_url, settings.unsubscribe_key.get_secret_value())

    @property
    def one_click(self) -> bool:
        """RFC 8058 wants HTTPS."""
        return self._public_url.startswith("https://")

    @property
    def sample(self) -> str:
        """What a preview shows in the place of a link. It takes nobody off."""
        return f"{self._public_url}{PATH}/preview"

    def of_message(self, item: QueueItem) -> str | None:
        """The link that a message carries; None: an alert of a job is nobody's newsletter."""
        if item.scheduled_notification_id is None:
            return None
        return self.url(Subject(item.channel, item.recipient.address, item.category))

    def stand_in(self, item: QueueItem) -> str | None:
        """What is shown in the place of a message's link to others than its recipient. It takes nobody off.

        It is as long as the link, so that a short message keeps the number of its segments.
        """
        link = self.of_message(item)
        if link is None:
            return None
        start = f"{self._public_url}{PATH}/"
        return start + "hidden".ljust(len(link) - len(start), "x")

    def url(self, subject: Subject) -> str:
        """The link for one recipient of one message."""
        text = json.dumps([subject.channel.value, subject.address, subject.category or ""], ensure_ascii=False)
        payload = text.encode(errors="replace")
        return f"{self._public_url}{PATH}/{_encoded(payload)}.{_encoded(self._signature(payload))}"

    def subject(self, token: str) -> Subject | None:
        """What the last part of a link names; None if it is not one of ours."""
        payload, _, signature = token.partition(".")
        try:
            raw = _decoded(payload)
            if len(token) > LONGEST_TOKEN or not hmac.compare_digest(_decoded(signature), self._signature(raw)):
                return None
            channel, address, category = json.loads(raw)
            return Subject(Channel(channel), str(address), str(category) or None)
        except (ValueError, TypeError):
            return None

    def _signature(self, payload: bytes) -> bytes:
        return hmac.new(self._key, _PURPOSE + payload, hashlib.sha256).digest()


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
