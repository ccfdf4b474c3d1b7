"""A small pool of SMTP connections, opened when needed and kept while they work."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import NamedTuple

from aiosmtplib import SMTP, SMTPException

from shared.errors import DeliveryError
from shared.settings import Settings

IDLE_SECONDS = 20.0
MOST_MESSAGES = 500
_HOST_NAME_SECONDS = 2.0
_GOODBYE_SECONDS = 1.0
_RESET_SECONDS = 2.0


class SmtpServer(NamedTuple):
    """Where and how to connect."""

    host: str
    port: int
    security: str
    username: str | None
    password: str | None
    timeout_seconds: float

    @classmethod
    def from_settings(cls, settings: Settings) -> "SmtpServer | None":
        """None: no server is configured."""
        if not settings.smtp_host:
            return None
        password = settings.smtp_password
        return cls(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_username,
            password.get_secret_value() if password else None,
            settings.smtp_timeout_seconds,
        )


class SmtpConnection:
    """One connection and how much it has been used."""

    def __init__(self, client: SMTP) -> None:
        self.client = client
        self.messages = 0
        self.idle_since = monotonic()
        self.unfinished = False
        """A mail was begun and not ended: RSET must come before the next."""
        self.broken = False
        """Set by the user when the dialogue is out of step; the connection is then not used again."""

    @property
    def reused(self) -> bool:
        return self.messages > 0

    @property
    def fit(self) -> bool:
        fresh = monotonic() - self.idle_since < IDLE_SECONDS
        return self.client.is_connected and not self.broken and fresh and self.messages < MOST_MESSAGES


class SmtpConnections:
    """At most `size` connections at once."""

    def __init__(self, server: SmtpServer, size: int, tls_context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._tls_context = tls_context
        self.size = size
        self._slots = asyncio.Semaphore(size)
        self._idle: list[SmtpConnection] = []
        self._host_name: str | None = None

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """One of the places; whoever holds it may take one connection."""
        async with self._slots:
            yield

    async def take(self, *, fresh: bool = False) -> SmtpConnection:
        """A connection, logged in and ready for MAIL. DeliveryError(channel_fault) if there is none to be had."""
        while self._idle:
            connection = self._idle.pop()
            if connection.fit and not fresh and await self._is_clean(connection):
                return connection
            connection.client.close()
        return SmtpConnection(await self._connect())

    def give_back(self, connection: SmtpConnection) -> None:
        """Keeps it if its dialogue is in step."""
        connection.messages += 1
        connection.idle_since = monotonic()
        if connection.fit:
            self._idle.append(connection)
        else:
            connection.client.close()

    async def close(self) -> None:
        """Says goodbye on the idle ones; may be called twice."""
        idle, self._idle = self._idle, []
        for connection in idle:
            transport = connection.client.transport
            with suppress(SMTPException, OSError, TimeoutError):
                await connection.client.quit(timeout=_GOODBYE_SECONDS)
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()  # after QUIT there is nothing left to flush, and TLS would wait for the other side
        await asyncio.sleep(0)

    async def _is_clean(self, connection: SmtpConnection) -> bool:
        if connection.unfinished:
            try:
                await connection.client.rset(timeout=_RESET_SECONDS)
            except (SMTPException, OSError, TimeoutError):
                return False
            except BaseException:
                connection.client.close()
                raise
            connection.unfinished = False
        return True

    async def _connect(self) -> SMTP:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password if server.username else None,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            timeout=server.timeout_seconds,
            tls_context=self._tls_context,
            local_hostname=await self._own_name(),
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except (SMTPException, OSError, TimeoutError, ValueError) as fault:
            client.close()
            reason = " ".join(str(part) for part in fault.args) or type(fault).__name__
            raise DeliveryError(
                f"cannot use {server.host}:{server.port}: {reason[:300]}", permanent=False, channel_fault=True
            ) from fault
        except BaseException:
            client.close()
            raise
        return client

    async def _own_name(self) -> str:
        """The name for EHLO. A slow name service may not hold up the mail."""
        if self._host_name is None:
            name = socket.gethostname()
            with suppress(TimeoutError, OSError):
                async with asyncio.timeout(_HOST_NAME_SECONDS):
                    name = await asyncio.to_thread(socket.getfqdn)
            self._host_name = "".join(name.split()) or "localhost"
        return self._host_name
