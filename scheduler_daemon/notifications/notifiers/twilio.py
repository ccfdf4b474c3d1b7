"""Sends short messages through Twilio's Programmable Messaging API, version 2010-04-01."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from scheduler_daemon.http.client import HttpClient, HttpRequest, HttpResponse
from scheduler_daemon.notifications.notifiers.sms_message import ComposedSms
from scheduler_daemon.notifications.notifiers.sms_notifier import HttpSmsNotifier, SmsRules
from shared.clock import Clock
from shared.errors import DeliveryError
from shared.models.suppressions import SuppressionReason
from shared.twilio import callback_url

MESSAGING_SERVICE_PREFIX = "MG"
CHANNEL_FAULTS = frozenset({20003, 20005, 20008, 21212, 21606, 21603, 21659, 21660, 21705, 63038})
"""Credentials, a suspended account, a sender that the account does not have, the account's daily limit."""
NO_SUCH_NUMBER = frozenset({21211, 21217, 21401, 21421, 21614})
"""Not a phone number, or not one that can get short messages."""
UNSUBSCRIBED = 21610
TOO_MANY = frozenset({20429, 14107, 21611, 30001, 30022})
"""Requests at once, or messages that wait."""


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Which account, and where it is called. public_url: where Twilio reports what became of a message; None: nowhere.

    sender: a phone number, an alphanumeric sender, or a messaging service (MG...).
    """

    sid: str
    auth_token: str
    base_url: str
    sender: str
    public_url: str | None = None

    def __repr__(self) -> str:
        return f"TwilioAccount({self.sid})"


class TwilioNotifier(HttpSmsNotifier):
    """One account."""

    def __init__(
        self, account: TwilioAccount, http: HttpClient, rules: SmsRules, timeout: timedelta, clock: Clock
    ) -> None:
        super().__init__(http, rules, timeout, clock)
        self._account = account
        credentials = b64encode(f"{account.sid}:{account.auth_token}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {credentials}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }

    def request(self, message: ComposedSms) -> HttpRequest:
        account = self._account
        sender = "MessagingServiceSid" if account.sender.startswith(MESSAGING_SERVICE_PREFIX) else "From"
        fields = {"To": message.to, sender: account.sender, "Body": message.text}
        if account.public_url is not None:
            fields["StatusCallback"] = callback_url(account.public_url, message.item_id)
        return HttpRequest(
            "POST",
            f"{account.base_url}/2010-04-01/Accounts/{quote(account.sid, safe='')}/Messages.json",
            self._headers,
            urlencode(fields).encode(),
            self._timeout,
        )

    def reference(self, response: HttpResponse) -> str:
        """The message's SID."""
        answer = _json(response)
        sid = answer.get("sid")
        if response.status in (200, 201):
            if isinstance(sid, str) and sid:
                return sid
            raise DeliveryError("Twilio's answer has no sid; it may have sent it", permanent=False, ambiguous=True)
        raise self._fault(response, answer)

    def _fault(self, response: HttpResponse, answer: Mapping[str, Any]) -> DeliveryError:
        said = answer.get("message")
        words = f"Twilio: {response.status}"
        given = answer.get("code")
        code = given if isinstance(given, int) else None  # a list, for one, could not be looked up below
        if code is not None:
            words += f", error {code}"
        if isinstance(said, str):
            words += f": {said[:300]}"
        if code in CHANNEL_FAULTS:
            return DeliveryError(words, permanent=False, channel_fault=True)
        if code in NO_SUCH_NUMBER:
            return DeliveryError(words, permanent=True, suppress=SuppressionReason.HARD_BOUNCE)
        if code == UNSUBSCRIBED:
            return DeliveryError(words, permanent=True, suppress=SuppressionReason.UNSUBSCRIBED)
        fault = self.refusal(response, words)
        if code in TOO_MANY:
            return DeliveryError(words, permanent=False, retry_after=fault.retry_after)
        return fault


def _json(response: HttpResponse) -> Mapping[str, Any]:
    try:
        answer = json.loads(response.body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
