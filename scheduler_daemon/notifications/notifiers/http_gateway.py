"""Sends short messages through any gateway that is called over HTTP, as the settings say."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from jinja2 import Template, TemplateError

from scheduler_daemon.http.client import HttpClient, HttpRequest, HttpResponse
from scheduler_daemon.notifications.notifiers.sms_message import ComposedSms
from scheduler_daemon.notifications.notifiers.sms_notifier import HttpSmsNotifier, SmsRules
from shared.clock import Clock
from shared.errors import DeliveryError, SettingsError
from shared.sandbox import BoundedEnvironment, one_rendering

SHOWN_OF_ANSWER = 200


@dataclass(frozen=True, slots=True)
class HttpGateway:
    """How the gateway is called, and what success is.

    body: a template with `to`, `text`, `sender` and `messageId`; the filter `tojson` quotes for JSON, `urlencode` for
    forms. success: what the body must contain beside a status of 2xx; reference: its first group is the gateway's name
    for the message.
    """

    url: str
    method: str
    headers: Mapping[str, str] = field(repr=False)
    body: str
    sender: str
    success: re.Pattern[str] | None
    reference: re.Pattern[str] | None


class HttpGatewayNotifier(HttpSmsNotifier):
    """One gateway."""

    def __init__(
        self, gateway: HttpGateway, http: HttpClient, rules: SmsRules, timeout: timedelta, clock: Clock
    ) -> None:
        """SettingsError: the body is not a template, or names something that is not there."""
        super().__init__(http, rules, timeout, clock)
        self._gateway = gateway
        try:
            self._body: Template = BoundedEnvironment(autoescape=False).from_string(gateway.body)
            self._rendered("+33123456789", "text", "<id@host>")
        except TemplateError as fault:
            raise SettingsError(f"SMS_HTTP_BODY: {fault.message}; use to, text, sender, messageId") from None

    def request(self, message: ComposedSms) -> HttpRequest:
        body = self._rendered(message.to, message.text, message.message_id)
        gateway = self._gateway
        return HttpRequest(gateway.method, gateway.url, gateway.headers, body.encode(), self._timeout)

    def reference(self, response: HttpResponse) -> str:
        """What the reference pattern finds, else the status. Never an error: by then the message is sent."""
        text, gateway = response.text, self._gateway
        if not 200 <= response.status < 300:
            raise self.refusal(response, f"the gateway answered {response.status}: {_shown(text)}")
        if gateway.success is not None and not gateway.success.search(text):
            # For ever: with a wrong rule a repeated message would arrive each time.
            raise DeliveryError(f"the answer does not match SMS_HTTP_SUCCESS: {_shown(text)}", permanent=True)
        found = gateway.reference.search(text) if gateway.reference is not None else None
        named = None if found is None else found[1] if found.groups() else found[0]
        return str(response.status) if named is None else named

    def _rendered(self, to: str, text: str, message_id: str) -> str:
        values: dict[str, Any] = {"to": to, "text": text, "sender": self._gateway.sender, "messageId": message_id}
        with one_rendering():
            return self._body.render(values)


def headers_of(text: str) -> dict[str, str]:
    """The setting SMS_HTTP_HEADERS; SettingsError if it is not a JSON object of texts. It never quotes the value."""
    try:
        headers = json.loads(text)
    except ValueError:
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise SettingsError('SMS_HTTP_HEADERS: write a JSON object such as {"Authorization": "Bearer ..."}')
    return headers


def _shown(text: str) -> str:
    return " ".join(text.split())[:SHOWN_OF_ANSWER]
