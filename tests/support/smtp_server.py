"""A real SMTP server with a journal of what it accepted and replies that a test can script."""

import asyncio
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.smtp_script import Deed, SmtpScript

CERTIFICATE = Path(__file__).parent / "certificates" / "localhost.pem"
CERTIFICATE_KEY = CERTIFICATE.with_suffix(".key")


@dataclass(frozen=True)
class AcceptedMessage:
    """One message that the server took; arrived_at is aware UTC."""

    sender: str
    recipients: tuple[str, ...]
    arrived_at: datetime
    raw: bytes

    @property
    def parsed(self) -> EmailMessage:
        """The message as the standard library reads it."""
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def message_id(self) -> str:
        """Its Message-ID header."""
        return str(self.parsed["Message-ID"]).strip()


class _ScriptedSmtp(SMTP):
    """aiosmtpd's protocol, asking the script before each step."""

    def __init__(self, server: "SmtpServer", **options: Any) -> None:
        super().__init__(server, hostname="localhost", enable_SMTPUTF8=True, **options)
        self._server = server

    async def _handle_client(self) -> None:
        if not await self.deviates("CONNECT"):
            await super()._handle_client()
        elif self.transport is not None:
            self.transport.close()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self.deviates("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname: str) -> None:
        if not await self.deviates("EHLO"):
            await super().smtp_HELO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self.deviates("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self.deviates("AUTH"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self.deviates("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        address = (arg or "").partition("<")[2].partition(">")[0]
        if not await self.deviates("RCPT", address):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self.deviates("DATA"):
            await super().smtp_DATA(arg)

    async def deviates(self, verb: str, recipient: str | None = None) -> bool:
        """Whether the script took this step over."""
        recipients = [recipient] if recipient else list(self.envelope.rcpt_tos) if self.envelope else []
        rule = self._server.script.take(verb, recipients)
        if rule is None:
            return False
        match rule.deed:
            case Deed.REPLY:
                await self.push(rule.text)
            case Deed.STALL:
                await asyncio.Event().wait()  # until the client or the server closes the connection
            case Deed.DROP | Deed.ACCEPT_AND_DROP:
                if rule.deed is Deed.ACCEPT_AND_DROP:
                    self._server.record(self.envelope)
                self.abort()
        return True

    def abort(self) -> None:
        """Cuts the connection at once."""
        transport = self._original_transport or self.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()


class SmtpServer:
    """Listens on 127.0.0.1 in a thread of its own until `close()`."""

    def __init__(self, *, starttls: bool = False, tls: bool = False, login: tuple[str, str] | None = None) -> None:
        self.script = SmtpScript()
        self.host, self.port = "127.0.0.1", 0
        self._login = login
        self._security = "starttls" if starttls else "tls" if tls else "none"
        self._messages: list[AcceptedMessage] = []
        self._changed = threading.Condition()
        self._connections: set[_ScriptedSmtp] = set()
        self.connection_count = 0
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="smtp-server", daemon=True)
        self._thread.start()
        assert self._started.wait(10), "the SMTP server did not start"

    @property
    def environment(self) -> dict[str, str]:
        """The settings that make the daemon use this server and trust its certificate."""
        settings = {"SMTP_HOST": self.host, "SMTP_PORT": str(self.port), "SMTP_SECURITY": self._security}
        if self._security != "none":
            settings |= {"SMTP_HOST": "localhost", "SSL_CERT_FILE": str(CERTIFICATE)}
        if self._login:
            settings |= {"SMTP_USERNAME": self._login[0], "SMTP_PASSWORD": self._login[1]}
        return settings

    @property
    def messages(self) -> list[AcceptedMessage]:
        """The journal: accepted messages in the order of their arrival."""
        with self._changed:
            return list(self._messages)

    def wait_messages(self, count: int, timeout: float = 10) -> list[AcceptedMessage]:
        """The journal once it has `count` messages or more; AssertionError after `timeout` seconds."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self._messages) >= count, timeout)
            assert came, f"{len(self._messages)} of {count} messages within {timeout} s"
            return list(self._messages)

    def reply(self, verb: str, text: str, *, recipient: str | None = None, times: int | None = None) -> None:
        """Answers `verb` with `text` ("451 4.3.0 Later", "550 5.1.1 Unknown")."""
        self.script.add(verb, Deed.REPLY, text, recipient, times)

    def stall(self, verb: str, *, recipient: str | None = None, times: int | None = None) -> None:
        """Never answers `verb`."""
        self.script.add(verb, Deed.STALL, "", recipient, times)

    def drop(self, verb: str, *, recipient: str | None = None, times: int | None = None) -> None:
        """Closes the connection at `verb` without an answer."""
        self.script.add(verb, Deed.DROP, "", recipient, times)

    def accept_and_drop(self, *, recipient: str | None = None, times: int | None = None) -> None:
        """Takes the message and closes the connection before the answer: the client cannot know."""
        self.script.add("BODY", Deed.ACCEPT_AND_DROP, "", recipient, times)

    def record(self, envelope: Envelope | None) -> None:
        """Writes one message into the journal."""
        assert envelope is not None
        assert isinstance(envelope.original_content, bytes)
        message = AcceptedMessage(
            envelope.mail_from or "", tuple(envelope.rcpt_tos), datetime.now(UTC), envelope.original_content
        )
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()

    def close(self) -> None:
        """Cuts every connection and stops listening. May be called twice."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10)

    async def handle_DATA(self, server: _ScriptedSmtp, _session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook for the moment after the final dot."""
        if await server.deviates("BODY"):
            await asyncio.Event().wait()  # the script has answered; nothing more may be sent
        self.record(envelope)
        return "250 2.0.0 OK"

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        context = None
        if self._security != "none":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE, CERTIFICATE_KEY)
        implicit = context if self._security == "tls" else None
        server = await self._loop.create_server(lambda: self._connection(context), self.host, 0, ssl=implicit)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stopping.wait()
        self._abort_all()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
            self._abort_all()
        server.close()  # last: asyncio forgets to close a connection that it has accepted just before
        await asyncio.sleep(0)

    def _abort_all(self) -> None:
        for connection in self._connections:
            connection.abort()

    def _connection(self, context: ssl.SSLContext | None) -> _ScriptedSmtp:
        options: dict[str, Any] = {}
        if self._security == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if self._login:
            options |= {"authenticator": self._authenticate, "auth_required": True}
            options["auth_require_tls"] = self._security == "starttls"
        connection = _ScriptedSmtp(self, loop=self._loop, **options)
        self._connections.add(connection)
        self.connection_count += 1
        return connection

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == self._login
        return AuthResult(success=right, handled=False)
