"""A real HTTP server with a journal of what it was asked and answers that a test can script."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from tests.support.smtp_server import CERTIFICATE, CERTIFICATE_KEY

LARGEST_REQUEST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Asked:
    """One request that the server got whole. headers: names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What the server answers. stall: nothing, until the client gives up; drop: it closes the connection instead."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    stall: bool = False
    drop: bool = False


class WebServer:
    """Listens on 127.0.0.1 in a thread of its own until `close()`."""

    def __init__(self, *, tls: bool = False, answer: Callable[[Asked], Reply] | None = None) -> None:
        """answer: makes the reply to each request; None: the scripted replies in their order, then 200."""
        self.host, self.port = "127.0.0.1", 0
        self._tls = tls
        self._answer = answer or self._scripted
        self._replies: list[Reply] = []
        self._asked: list[Asked] = []
        self._changed = threading.Condition()
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="web-server", daemon=True)
        self._thread.start()
        assert self._started.wait(10), "the web server did not start"

    @property
    def url(self) -> str:
        """Its address, without a slash at the end. With TLS the certificate is that of `localhost`."""
        return f"https://localhost:{self.port}" if self._tls else f"http://{self.host}:{self.port}"

    @property
    def asked(self) -> list[Asked]:
        """The journal: requests in the order of their arrival."""
        with self._changed:
            return list(self._asked)

    def wait_asked(self, count: int, timeout: float = 10) -> list[Asked]:
        """The journal once it has `count` requests or more; AssertionError after `timeout` seconds."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self._asked) >= count, timeout)
            assert came, f"{len(self._asked)} of {count} requests within {timeout} s"
            return list(self._asked)

    def reply(self, *replies: Reply) -> None:
        """Answers the next requests so, one after another."""
        with self._changed:
            self._replies += replies

    def close(self) -> None:
        """Cuts every connection and stops listening. May be called twice."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10)

    def _scripted(self, _asked: Asked) -> Reply:
        with self._changed:
            return self._replies.pop(0) if self._replies else Reply()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.path_qs, headers, await request.read())
        reply = self._answer(asked)
        with self._changed:
            self._asked.append(asked)
            self._changed.notify_all()
        if reply.stall:
            await self._stopping.wait()
        if (reply.drop or reply.stall) and request.transport is not None:
            request.transport.close()
        return web.Response(status=reply.status, body=reply.body, headers=reply.headers)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        context = None
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE, CERTIFICATE_KEY)
        runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, self.host, 0, ssl_context=context)
        await site.start()
        self.port = runner.addresses[0][1]
        self._started.set()
        await self._stopping.wait()
        await runner.cleanup()
