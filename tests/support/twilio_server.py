"""A server with the part of Twilio's API that sends messages: it checks who calls, and replays its error codes."""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

import requests

from shared.twilio import SIGNATURE_HEADER, signature
from tests.support.web_server import Asked, Reply, WebServer

ACCOUNT, TOKEN = "AC00000000000000000000000000000001", "0123456789abcdef0123456789abcdef"
_STATUS = {20003: 401, 20429: 429, 20500: 500, 20503: 503}
"""HTTP status of an error code; 400 of any other."""
_MESSAGES = {
    20003: "Authenticate",
    20429: "Too Many Requests",
    21211: "The 'To' number is not a valid phone number.",
    21606: "The From phone number is not a valid, SMS-capable inbound phone number for your account.",
    21610: "Attempt to send to unsubscribed recipient",
    21614: "'To' number is not a valid mobile number",
}


@dataclass(frozen=True)
class AcceptedSms:
    """One message that the server took."""

    sid: str
    form: Mapping[str, str]


class TwilioServer:
    """Listens on 127.0.0.1 until `close()`."""

    def __init__(self) -> None:
        self._errors: dict[str, list[int]] = {}
        self._replies: dict[str, Reply] = {}
        self.messages: list[AcceptedSms] = []
        self._web = WebServer(answer=self._answer)

    @property
    def environment(self) -> dict[str, str]:
        """The settings that make the daemon use this server."""
        return {
            "SMS_PROVIDER": "twilio",
            "SMS_FROM": "+15005550006",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_BASE_URL": self._web.url,
        }

    @property
    def asked(self) -> list[Asked]:
        return self._web.asked

    def refuse(self, to: str, *codes: int) -> None:
        """Answers the next messages to that number with these error codes, one after another; then takes them."""
        self._errors.setdefault(to, []).extend(codes)

    def reply(self, to: str, reply: Reply) -> None:
        """Answers every message to that number so, without taking it."""
        self._replies[to] = reply

    def accept_and_drop(self, to: str) -> None:
        """Takes the message and closes the connection without an answer."""
        self._replies[to] = Reply(drop=True)

    def wait_messages(self, count: int, timeout: float = 10) -> list[AcceptedSms]:
        """Accepted messages once there were `count` calls or more."""
        self._web.wait_asked(count, timeout)
        return self.messages

    def report(self, url: str, message: AcceptedSms, status: str, error_code: int | None = None) -> int:
        """Tells `url` what became of a message, signed as Twilio does for its StatusCallback; the HTTP status."""
        form = {"MessageSid": message.sid, "MessageStatus": status, "To": message.form["To"], "AccountSid": ACCOUNT}
        if error_code is not None:
            form["ErrorCode"] = str(error_code)
        signed = signature(TOKEN, message.form["StatusCallback"], {name: [value] for name, value in form.items()})
        return requests.post(url, data=form, headers={SIGNATURE_HEADER: signed}, timeout=10).status_code

    def close(self) -> None:
        self._web.close()

    def _answer(self, asked: Asked) -> Reply:
        if asked.method != "POST" or asked.path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
            return _error(20404, 404)
        if not _is_authentic(asked.headers.get("authorization", "")):
            return _error(20003, 401)
        form = {name: values[0] for name, values in parse_qs(asked.body.decode(), strict_parsing=True).items()}
        if asked.headers.get("content-type") != "application/x-www-form-urlencoded" or not form.get("Body"):
            return _error(21602, 400)
        to = form["To"]
        if self._errors.get(to):
            code = self._errors[to].pop(0)
            headers = {"Retry-After": "7"} if code == 20429 else {}
            return _error(code, _STATUS.get(code, 400), headers)
        scripted = self._replies.get(to)
        if scripted is not None and not scripted.drop:
            return scripted
        message = AcceptedSms(f"SM{len(self.messages):032x}", form)
        self.messages.append(message)
        body = json.dumps({"sid": message.sid, "status": "queued", "to": to, "error_code": None}).encode()
        return scripted or Reply(201, body, {"Content-Type": "application/json"})


def _is_authentic(header: str) -> bool:
    scheme, _, credentials = header.partition(" ")
    try:
        return scheme == "Basic" and b64decode(credentials).decode() == f"{ACCOUNT}:{TOKEN}"
    except ValueError:
        return False


def _error(code: int, status: int, headers: Mapping[str, str] | None = None) -> Reply:
    body = {
        "code": code,
        "message": _MESSAGES.get(code, "An error"),
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})
