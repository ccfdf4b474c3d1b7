"""The notifier of each channel, as the settings say. SettingsError names what is missing or wrong."""

import re
import ssl
from datetime import timedelta
from ipaddress import ip_network

from scheduler_daemon.http.address_guard import AddressGuard
from scheduler_daemon.http.client import HttpClient
from scheduler_daemon.notifications.notifiers.email_message import Mailbox, parse_mailbox
from scheduler_daemon.notifications.notifiers.http_gateway import HttpGateway, HttpGatewayNotifier, headers_of
from scheduler_daemon.notifications.notifiers.notifier import Notifier
from scheduler_daemon.notifications.notifiers.sms_log import LogSmsNotifier
from scheduler_daemon.notifications.notifiers.sms_notifier import SmsRules
from scheduler_daemon.notifications.notifiers.smtp import SmtpNotifier
from scheduler_daemon.notifications.notifiers.smtp_connections import SmtpServer
from scheduler_daemon.notifications.notifiers.twilio import TwilioAccount, TwilioNotifier
from shared.clock import Clock
from shared.errors import InvalidDefinition, SettingsError
from shared.settings import Settings
from shared.unsubscribe import UnsubscribeLinks

ANYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""The address of a provider is a setting: whoever sets it may call what they like."""


def own_mailbox(settings: Settings) -> Mailbox:
    """The sender of every e-mail."""
    return _mailbox("SMTP_FROM", settings.smtp_from)


def email_notifier(settings: Settings, clock: Clock, tls_context: ssl.SSLContext | None = None) -> SmtpNotifier | None:
    """None: no SMTP server is configured."""
    sender = own_mailbox(settings)
    reply_to = None if settings.smtp_reply_to is None else _mailbox("SMTP_REPLY_TO", settings.smtp_reply_to)
    server = SmtpServer.from_settings(settings)
    if server is None:
        return None
    return SmtpNotifier.for_server(
        server,
        sender,
        settings.smtp_connections,
        clock,
        tls_context,
        reply_to=reply_to,
        links=UnsubscribeLinks.from_settings(settings),
    )


def sms_notifier(settings: Settings, clock: Clock) -> Notifier | None:
    """None: no SMS provider is configured."""
    timeout = timedelta(seconds=settings.sms_timeout_seconds)
    rules = SmsRules(settings.sms_max_segments, UnsubscribeLinks.from_settings(settings))
    match settings.sms_provider:
        case None:
            return None
        case "log":
            return LogSmsNotifier(rules)
        case "twilio":
            return TwilioNotifier(_account(settings), _client(), rules, timeout, clock)
        case "http":
            return HttpGatewayNotifier(_gateway(settings), _client(), rules, timeout, clock)


def _client() -> HttpClient:
    return HttpClient(AddressGuard(ANYWHERE))


def _account(settings: Settings) -> TwilioAccount:
    if not settings.twilio_account_sid or settings.twilio_auth_token is None or not settings.sms_from:
        raise SettingsError("SMS_PROVIDER=twilio needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and SMS_FROM")
    return TwilioAccount(
        settings.twilio_account_sid,
        settings.twilio_auth_token.get_secret_value(),
        settings.twilio_base_url,
        settings.sms_from,
        settings.public_url,
    )


def _gateway(settings: Settings) -> HttpGateway:
    if not settings.sms_http_url:
        raise SettingsError("SMS_PROVIDER=http needs SMS_HTTP_URL")
    headers = settings.sms_http_headers
    return HttpGateway(
        settings.sms_http_url,
        settings.sms_http_method,
        {"Content-Type": "application/json"} if headers is None else headers_of(headers.get_secret_value()),
        settings.sms_http_body,
        settings.sms_from,
        _pattern("SMS_HTTP_SUCCESS", settings.sms_http_success),
        _pattern("SMS_HTTP_REFERENCE", settings.sms_http_reference),
    )


def _pattern(setting: str, text: str | None) -> re.Pattern[str] | None:
    try:
        return None if text is None else re.compile(text)
    except re.error as fault:
        raise SettingsError(f"{setting}: not a regular expression: {fault}") from None


def _mailbox(setting: str, text: str) -> Mailbox:
    try:
        return parse_mailbox(text, setting)
    except InvalidDefinition as fault:
        raise SettingsError(f"{setting}: {fault.detail}; write Name <address>") from None
