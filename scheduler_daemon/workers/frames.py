"""What the daemon and a worker say to each other: BSON documents, each behind its length in four bytes."""

import asyncio
import socket
import struct
from typing import Any

import bson

from shared.collections import CODEC_OPTIONS

Frame = dict[str, Any]

LARGEST_FRAME_BYTES = 32 * 1024 * 1024
_LENGTH = struct.Struct("!I")


class ChannelClosed(Exception):
    """The other side is gone, or speaks another language."""


def encoded(frame: Frame) -> bytes:
    """The bytes of a frame. Errors of BSON pass: the frame cannot be sent."""
    body = bson.encode(frame, codec_options=CODEC_OPTIONS)
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Frames from a stream. A cancelled read() loses nothing: the next goes on where it was."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._length: int | None = None

    @property
    def at_end(self) -> bool:
        return self._reader.at_eof()

    def end(self) -> None:
        """Nothing more will come, although the stream does not say so."""
        self._reader.feed_eof()

    async def read(self) -> Frame:
        """The next frame; ChannelClosed if there is none."""
        try:
            if self._length is None:
                (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
                self._length = _checked(length)
            body = await self._reader.readexactly(self._length)
        except (asyncio.IncompleteReadError, OSError) as fault:
            raise ChannelClosed(str(fault)) from fault
        self._length = None
        return _decoded(body)


def receive_frame(channel: socket.socket) -> Frame:
    """The same in a worker, where waiting blocks."""
    try:
        (length,) = _LENGTH.unpack(_receive(channel, _LENGTH.size))
        return _decoded(_receive(channel, _checked(length)))
    except OSError as fault:
        raise ChannelClosed(str(fault)) from fault


def _receive(channel: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        part = channel.recv(min(size - len(received), 1_048_576))
        if not part:
            raise ChannelClosed("the other side closed the channel")
        received += part
    return bytes(received)


def _checked(length: int) -> int:
    if length > LARGEST_FRAME_BYTES:
        raise ChannelClosed(f"a frame of {length} bytes")
    return length


def _decoded(body: bytes) -> Frame:
    try:
        return bson.decode(body, codec_options=CODEC_OPTIONS)
    except bson.errors.BSONError as fault:
        raise ChannelClosed(str(fault)) from fault
