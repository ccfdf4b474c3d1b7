"""The HTTP client of this system: no redirects, no cookies, no proxies, bounded in time and in size."""

import errno
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from scheduler_daemon.http.address_guard import AddressGuard
from scheduler_daemon.http.web_address import origin_of
from shared import __version__
from shared.errors import SchedulerError

MOST_CONNECTIONS = 100
LARGEST_RESPONSE_BYTES = 65_536
SECONDS_TO_CONNECT = 10.0
DEFAULT_TIMEOUT = timedelta(seconds=30)
_READ_BYTES = 16_384


class HttpError(SchedulerError):
    """A call got no answer.

    permanent: trying again is useless.  ambiguous: the server may have had the request, or a part of it.
    """

    def __init__(self, detail: str, *, permanent: bool = False, ambiguous: bool = False) -> None:
        super().__init__(detail)
        self.permanent = permanent
        self.ambiguous = ambiguous


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One call. url: a WebAddress. timeout: for all of it, from the connection to the end of the answer."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout: timedelta = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What a server answered. body: its first 64 KiB; cut: there was more."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    cut: bool

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")


class HttpClient:
    """Calls servers; keeps connections for the next call. Any number of calls at once."""

    def __init__(self, guard: AddressGuard, tls_context: ssl.SSLContext | None = None) -> None:
        """tls_context: None for the certificate authorities of this machine."""
        self._guard = guard
        self._tls_context = tls_context
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, whatever its status is; HttpError says the server's name and what went wrong."""
        trace = SimpleNamespace(began=False)
        seconds = request.timeout.total_seconds()
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=min(SECONDS_TO_CONNECT, seconds))
        try:
            async with self._open().request(
                request.method,
                URL(request.url),
                headers=CIMultiDict(request.headers),
                data=request.body,
                timeout=limits,
                allow_redirects=False,
                trace_request_ctx=trace,
            ) as response:
                body, cut = await _read(response)
                return HttpResponse(response.status, response.headers, body, cut)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            permanent, reason = _judged(fault, seconds)
            detail = f"{origin_of(request.url)}: {reason}"
            raise HttpError(detail, permanent=permanent, ambiguous=trace.began) from None

    async def close(self) -> None:
        """Closes every connection. May be called twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        """The session, made with the first call: it belongs to the running event loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=MOST_CONNECTIONS, socket_factory=self._guard.open_socket, ssl=self._tls_context or True
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers={"User-Agent": f"unified-scheduler/{__version__}", "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # what was not asked for is not unpacked: it may be a bomb
                trust_env=False,
                trace_configs=[_notes_when_sent()],
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """The first 64 KiB, and whether there was more; the rest is not read."""
    body = bytearray()
    while part := await response.content.read(_READ_BYTES):
        body += part
        if len(body) > LARGEST_RESPONSE_BYTES:
            response.close()
            return bytes(body[:LARGEST_RESPONSE_BYTES]), True
    return bytes(body), False


def _notes_when_sent() -> aiohttp.TraceConfig:
    """Remembers that a request was begun to be written: from then on the server may have had it."""

    async def note(
        _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestHeadersSentParams
    ) -> None:
        context.trace_request_ctx.began = True

    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(note)
    return config


def _judged(fault: Exception, seconds: float) -> tuple[bool, str]:
    """Whether trying again is useless, and the reason in words. Nothing of the path, the headers or the body."""
    match fault:
        case aiohttp.ClientConnectorCertificateError():
            return False, f"its certificate is not valid: {fault.certificate_error}"
        case aiohttp.ClientConnectorDNSError():
            return False, "its name cannot be resolved"
        case aiohttp.ClientConnectorError() if fault.os_error.errno == errno.EPERM:
            return True, fault.os_error.strerror or "refused"
        case aiohttp.ClientSSLError():
            return False, f"no TLS connection: {fault.os_error}"
        case aiohttp.ClientConnectorError():
            return False, f"no connection: {fault.os_error.strerror or fault.os_error}"
        case aiohttp.ConnectionTimeoutError():
            return False, "no connection in time"
        case TimeoutError():
            return False, f"no complete answer within {seconds:g} s"
        case aiohttp.ServerDisconnectedError():
            return False, "it closed the connection without an answer"
        case aiohttp.InvalidURL():
            return True, "the address cannot be used"
        case ValueError():
            return True, "the request cannot be sent: a header holds a character that HTTP does not allow"
        case aiohttp.ClientResponseError():
            return False, "its answer is not HTTP"
        case _:
            return False, f"the connection broke: {type(fault).__name__}"
