"""A local SMTP sink: every mail that the daemon sends becomes an .eml file."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.var_folder import write_atomically

_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9@._+-]")


class Outbox:
    """aiosmtpd's handler: writes what it accepts, and accepts nothing that it could not write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """The answer after the final dot: 250 once the file is on the disk."""
        content = envelope.original_content
        if not isinstance(content, bytes):
            return "554 5.6.0 No content"
        arrived = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"
        recipient = _NOT_IN_FILE_NAMES.sub("_", envelope.rcpt_tos[0])[:100]
        path = self._folder / f"{arrived}-{recipient}-{secrets.token_hex(3)}.eml"
        try:
            await asyncio.to_thread(write_atomically, path, content)
        except OSError as fault:
            return f"451 4.3.0 {path.parent} cannot be written: {fault.strerror}"
        return "250 2.0.0 OK"


@asynccontextmanager
async def serve_outbox(folder: Path) -> AsyncIterator[int]:
    """Listens on 127.0.0.1 while entered; gives the port."""
    loop = asyncio.get_running_loop()
    connections: set[SMTP] = set()

    def connect() -> SMTP:
        connection = SMTP(Outbox(folder), hostname="localhost", enable_SMTPUTF8=True, loop=loop)
        connections.add(connection)
        return connection

    server = await loop.create_server(connect, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in connections:
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()
        await server.wait_closed()
