"""A TCP proxy between a program and its database, with the faults of a network."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any

_CHUNK_BYTES = 65536


class Mode(StrEnum):
    """What the network does to every connection, old and new."""

    PASS = "pass"
    CUT = "cut"  # both ends are closed, new connections at once
    HALF_OPEN = "half_open"  # connections stay open and nothing arrives any more, in either direction
    LATENCY = "latency"  # everything arrives `delay` seconds later


class TcpProxy:
    """Listens on `port` of 127.0.0.1 and connects on to whatever port `target()` names at that moment."""

    def __init__(self, target: Callable[[], int], *, delay: float = 2.0) -> None:
        self._target = target
        self._delay = delay
        self._mode = Mode.PASS
        self._connections: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy", daemon=True)
        self._thread.start()
        self._server: asyncio.Server = self._call(self._listen())
        self.port: int = self._server.sockets[0].getsockname()[1]

    def set(self, mode: Mode) -> None:
        """From now on the network is like this. What was swallowed is lost, so connections end with the fault."""
        self._call(self._set(mode))

    def reset_next_replies(self) -> int:
        """Requests that are under way reach the server; their replies are replaced by a RST. How many connections."""
        return self._call(self._reset())

    def close(self) -> None:
        """Ends everything. May be called twice."""
        if self._thread.is_alive():
            self._call(self._shut_down())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, reader, writer)
        self._connections.add(connection)
        try:
            await connection.serve(self._target)
        finally:
            self._connections.discard(connection)

    async def _set(self, mode: Mode) -> None:
        before, self._mode = self._mode, mode
        if mode is Mode.CUT or before is Mode.HALF_OPEN:
            for connection in list(self._connections):
                connection.abort()

    async def _reset(self) -> int:
        for connection in self._connections:
            connection.doomed = True
        return len(self._connections)

    async def _shut_down(self) -> None:
        """The listener is closed last: asyncio forgets to close a connection that it has accepted just before."""
        await self._set(Mode.CUT)
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
        self._server.close()
        await asyncio.sleep(0)

    async def pass_on(self, writer: asyncio.StreamWriter, chunk: bytes) -> None:
        """Delivers a chunk as the present mode has it."""
        if self._mode is Mode.HALF_OPEN:
            return
        writer.write(chunk)
        await writer.drain()

    @property
    def refuses(self) -> bool:
        return self._mode is Mode.CUT

    @property
    def delay(self) -> float:
        return self._delay if self._mode is Mode.LATENCY else 0.0


class _Connection:
    """One accepted connection and the one behind it."""

    def __init__(self, proxy: TcpProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._near = reader, writer
        self._far: asyncio.StreamWriter | None = None
        self.doomed = False

    async def serve(self, target: Callable[[], int]) -> None:
        """Returns when either side has ended."""
        near_reader, near_writer = self._near
        try:
            if self._proxy.refuses:
                return
            far_reader, self._far = await asyncio.open_connection("127.0.0.1", target())
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(near_reader, self._far, reply=False))
                pumps.create_task(self._pump(far_reader, near_writer, reply=True))
        except* (OSError, _Ended):
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        for writer in (self._near[1], self._far):
            if writer is not None:
                _reset_on_close(writer)
                writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, reply: bool) -> None:
        chunks: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.create_task(self._deliver(chunks, writer))
        try:
            while chunk := await reader.read(_CHUNK_BYTES):
                if reply and self.doomed:
                    raise _Ended
                chunks.put_nowait((asyncio.get_running_loop().time() + self._proxy.delay, chunk))
            raise _Ended
        finally:
            delivery.cancel()

    async def _deliver(self, chunks: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await chunks.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            try:
                await self._proxy.pass_on(writer, chunk)
            except OSError:
                return  # the reader of this side sees the end, too


class _Ended(Exception):
    """One side has closed, or the connection is to be reset."""


def _reset_on_close(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    if raw is not None:
        try:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            return  # closed already
