"""The HTTP client on a real server."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from ipaddress import ip_network

import pytest

from scheduler_daemon.http.address_guard import AddressGuard
from scheduler_daemon.http.client import LARGEST_RESPONSE_BYTES, HttpClient, HttpError, HttpRequest
from tests.support.smtp_server import CERTIFICATE
from tests.support.web_server import Reply, WebServer

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
SOON = timedelta(milliseconds=200)


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    """May call this machine."""
    opened = HttpClient(AddressGuard(LOOPBACK))
    yield opened
    await opened.close()


@pytest.fixture
async def guarded() -> AsyncIterator[HttpClient]:
    """May call public addresses only."""
    opened = HttpClient(AddressGuard())
    yield opened
    await opened.close()


@pytest.fixture
def server(start_web_server: Callable[..., WebServer]) -> WebServer:
    return start_web_server()


async def test_a_request_arrives_as_it_was_made_and_its_answer_comes_back(
    client: HttpClient, server: WebServer
) -> None:
    server.reply(Reply(202, b"taken", {"X-Id": "7"}))
    answer = await client.send(HttpRequest("PUT", f"{server.url}/a?b=c", {"X-One": "1"}, b"\x00body"))
    assert (answer.status, answer.text, answer.headers["x-id"], answer.cut) == (202, "taken", "7", False)
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("PUT", "/a?b=c", b"\x00body")
    assert asked.headers["x-one"] == "1"
    assert asked.headers["user-agent"].startswith("unified-scheduler/")


async def test_a_redirect_is_an_answer_and_is_not_followed(client: HttpClient, server: WebServer) -> None:
    server.reply(Reply(302, headers={"Location": f"{server.url}/elsewhere"}))
    answer = await client.send(HttpRequest("GET", server.url))
    assert (answer.status, len(server.asked)) == (302, 1)


async def test_no_cookie_is_kept(client: HttpClient, server: WebServer) -> None:
    server.reply(Reply(headers={"Set-Cookie": "session=1"}))
    for _ in range(2):
        await client.send(HttpRequest("GET", f"http://localhost:{server.port}/"))
    assert "cookie" not in server.asked[1].headers


async def test_no_proxy_is_taken_from_the_environment(
    client: HttpClient, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await client.send(HttpRequest("GET", server.url))).status == 200


async def test_64_kib_of_an_answer_are_kept_and_no_more_is_read(client: HttpClient, server: WebServer) -> None:
    server.reply(Reply(body=b"x" * 5_000_000), Reply(body=b"y" * LARGEST_RESPONSE_BYTES))
    large = await client.send(HttpRequest("GET", server.url))
    assert (len(large.body), large.cut) == (LARGEST_RESPONSE_BYTES, True)
    whole = await client.send(HttpRequest("GET", server.url))
    assert (len(whole.body), whole.cut) == (LARGEST_RESPONSE_BYTES, False)


async def test_a_packed_answer_that_nobody_asked_for_is_not_unpacked(client: HttpClient, server: WebServer) -> None:
    server.reply(Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}))
    assert (await client.send(HttpRequest("GET", server.url))).text == "not gzip"


async def test_an_answer_that_does_not_come_in_time_is_ambiguous(client: HttpClient, server: WebServer) -> None:
    server.reply(Reply(stall=True))
    with pytest.raises(HttpError, match=r"no complete answer within 0\.2 s") as caught:
        await client.send(HttpRequest("POST", server.url, timeout=SOON))
    assert (caught.value.permanent, caught.value.ambiguous) == (False, True)


async def test_a_connection_that_is_cut_after_the_request_is_ambiguous(client: HttpClient, server: WebServer) -> None:
    server.reply(Reply(drop=True))
    with pytest.raises(HttpError, match="closed the connection") as caught:
        await client.send(HttpRequest("POST", server.url, body=b"{}"))
    assert (caught.value.permanent, caught.value.ambiguous) == (False, True)


async def test_a_refused_connection_is_not_ambiguous(client: HttpClient, server: WebServer) -> None:
    server.close()
    with pytest.raises(HttpError, match="no connection") as caught:
        await client.send(HttpRequest("POST", server.url))
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


async def test_an_unknown_name_is_said_without_the_path(client: HttpClient) -> None:
    with pytest.raises(HttpError, match=r"^http://nowhere\.invalid: its name cannot be resolved$") as caught:
        await client.send(HttpRequest("GET", "http://nowhere.invalid/T0KEN"))
    assert not caught.value.ambiguous


async def test_cancelling_ends_a_call_at_once(client: HttpClient, server: WebServer) -> None:
    server.reply(Reply(stall=True))
    call = asyncio.create_task(client.send(HttpRequest("GET", server.url)))
    await asyncio.to_thread(server.wait_asked, 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 1)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "0.0.0.0"]  # noqa: S104
)  # fmt: skip
async def test_this_machine_is_refused_however_it_is_written(guarded: HttpClient, server: WebServer, host: str) -> None:
    with pytest.raises(HttpError, match=r"HTTP_ALLOWED_NETWORKS|cannot be used") as caught:
        await guarded.send(HttpRequest("GET", f"http://{host}:{server.port}/"))
    assert (caught.value.permanent, caught.value.ambiguous) == (True, False)
    assert server.asked == []


async def test_the_guard_judges_the_address_that_is_connected_to_not_an_earlier_answer_of_the_resolver(
    guarded: HttpClient, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name was public when the job was made."""
    loop = asyncio.get_running_loop()
    resolve = loop.getaddrinfo

    async def rebound(host: object, *args: object, **options: object) -> object:
        return await resolve("127.0.0.1" if host == "rebound.example" else host, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "getaddrinfo", rebound)
    with pytest.raises(HttpError, match="HTTP_ALLOWED_NETWORKS"):
        await guarded.send(HttpRequest("GET", f"http://rebound.example:{server.port}/"))
    assert server.asked == []


async def test_a_certificate_must_be_of_an_authority_that_is_trusted(
    client: HttpClient, start_web_server: Callable[..., WebServer]
) -> None:
    server = start_web_server(tls=True)
    trusting = HttpClient(AddressGuard(LOOPBACK), ssl.create_default_context(cafile=str(CERTIFICATE)))
    assert (await trusting.send(HttpRequest("GET", server.url))).status == 200
    await trusting.close()
    with pytest.raises(HttpError, match="its certificate is not valid") as caught:
        await client.send(HttpRequest("POST", server.url))
    assert not caught.value.ambiguous
