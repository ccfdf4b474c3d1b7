"""What the SMS providers share: composing, the hand-off, and what an answer over HTTP means."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from scheduler_daemon.http.client import HttpClient, HttpError, HttpRequest, HttpResponse
from scheduler_daemon.http.statuses import is_passing, retry_after
from scheduler_daemon.notifications.attachments import Attached
from scheduler_daemon.notifications.notifiers.notifier import HandOff
from scheduler_daemon.notifications.notifiers.sms_message import ComposedSms, compose_sms
from shared.clock import Clock
from shared.errors import DeliveryError
from shared.message_content import sms_content
from shared.models.notification_models import Channel, NotificationTemplate
from shared.models.queue import QueueItem
from shared.unsubscribe import UnsubscribeLinks

CREDENTIAL_STATUSES = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED)
LONGEST_REFERENCE = 500


@dataclass(frozen=True, slots=True)
class SmsRules:
    """What the settings say of every short message. links: None, and the variable unsubscribe_url is empty."""

    most_segments: int
    links: UnsubscribeLinks | None = None


class SmsNotifier(ABC):
    """One way to send short messages."""

    channel = Channel.SMS
    marks_ahead = 0

    def __init__(self, rules: SmsRules) -> None:
        self._rules = rules

    def compose(
        self,
        item: QueueItem,
        template: NotificationTemplate,
        attached: Sequence[Attached] = (),  # noqa: ARG002 - e-mail
    ) -> ComposedSms:
        """InvalidDefinition if the text cannot be rendered, or the number cannot be written to."""
        links = self._rules.links
        link = None if links is None else links.of_message(item)
        text = sms_content(item, template, link)
        return compose_sms(item.id, item.message_id, item.recipient.address, text, self._rules.most_segments)

    @abstractmethod
    async def deliver(self, message: ComposedSms, hand_off: HandOff) -> str:
        """See Notifier."""

    async def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Closes connections, if there are any. May be called twice."""


class HttpSmsNotifier(SmsNotifier):
    """A provider that is called over HTTP. One request is one message, so it is made once."""

    def __init__(self, http: HttpClient, rules: SmsRules, timeout: timedelta, clock: Clock) -> None:
        super().__init__(rules)
        self._http = http
        self._timeout = timeout
        self._clock = clock

    async def deliver(self, message: ComposedSms, hand_off: HandOff) -> str:
        """No answer to a request that was begun is ambiguous; no connection is the channel's fault."""
        request = self.request(message)
        await hand_off()
        try:
            response = await self._http.send(request)
        except HttpError as fault:
            raise DeliveryError(
                str(fault), permanent=False, ambiguous=fault.ambiguous, channel_fault=not fault.ambiguous
            ) from fault
        return self.reference(response)[:LONGEST_REFERENCE]

    async def close(self) -> None:
        await self._http.close()

    @abstractmethod
    def request(self, message: ComposedSms) -> HttpRequest:
        """The call that sends it."""

    @abstractmethod
    def reference(self, response: HttpResponse) -> str:
        """The provider's name for the message it has taken; DeliveryError if it has not."""

    def refusal(self, response: HttpResponse, words: str) -> DeliveryError:
        """What a status means, if the provider's own words decide nothing.

        408, 425, 429 and 5xx pass; after 504 nobody knows; 401, 403 and a redirect are the settings' fault; any other
        refuses this message for ever.
        """
        status = response.status
        channel_fault = status in CREDENTIAL_STATUSES or status < 200 or 300 <= status < 400
        passing = is_passing(status)
        return DeliveryError(
            words,
            permanent=not passing and not channel_fault,
            ambiguous=status == HTTPStatus.GATEWAY_TIMEOUT,
            channel_fault=channel_fault,
            retry_after=retry_after(response.headers.get("Retry-After"), self._clock.now()) if passing else None,
        )
