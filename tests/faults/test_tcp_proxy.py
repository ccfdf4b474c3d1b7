"""The proxy does to connections what its modes say."""

import gc
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.tcp_proxy import Mode, TcpProxy
from tests.support.waiting import wait_until

DELAY = 0.3
SILENCE = 0.2


class Echo:
    """A server that answers each line with itself, and remembers it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while text := connection.recv(100):
                    self.heard.append(text)
                    connection.sendall(text)
            except OSError:
                return


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[TcpProxy]:
    between = TcpProxy(lambda: echo.port, delay=DELAY)
    yield between
    between.close()


@pytest.fixture
def client(proxy: TcpProxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        assert ask(connection, b"hello") == b"hello"
        yield connection


def ask(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    return connection.recv(100)


def is_refused(port: int) -> bool:
    """Whether a new connection ends at once, while it is made or right after."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return not connection.recv(1)
    except ConnectionResetError:
        return True


def test_a_cut_ends_old_connections_and_refuses_new_ones_until_it_is_mended(proxy: TcpProxy, client: socket.socket):
    proxy.set(Mode.CUT)
    with pytest.raises(OSError, match="reset"):
        client.recv(1)
    assert is_refused(proxy.port)
    proxy.set(Mode.PASS)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as mended:
        assert ask(mended, b"again") == b"again"


def test_half_open_keeps_connections_and_delivers_nothing(proxy: TcpProxy, client: socket.socket, echo: Echo):
    proxy.set(Mode.HALF_OPEN)
    client.sendall(b"lost")
    client.settimeout(SILENCE)
    with pytest.raises(TimeoutError):
        client.recv(1)
    assert echo.heard == [b"hello"]


def test_latency_delays_both_directions(proxy: TcpProxy, client: socket.socket):
    proxy.set(Mode.LATENCY)
    began = time.monotonic()
    assert ask(client, b"late") == b"late"
    assert time.monotonic() - began >= 2 * DELAY


def test_a_reset_reply_leaves_the_request_executed(proxy: TcpProxy, client: socket.socket, echo: Echo):
    assert proxy.reset_next_replies() == 1
    with pytest.raises(OSError, match="reset"):
        ask(client, b"write")
    wait_until(lambda: echo.heard == [b"hello", b"write"])
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as other:
        assert ask(other, b"new") == b"new"


def test_closing_leaves_no_socket_of_a_connection_that_is_only_being_made(echo: Echo):
    for _ in range(20):
        between = TcpProxy(lambda: echo.port)
        clients = [socket.create_connection(("127.0.0.1", between.port), timeout=5) for _ in range(5)]
        between.close()
        for each in clients:
            each.close()
    gc.collect()  # what was left open is an error of this test
