"""Frames between the daemon and a worker."""

import asyncio
import socket
import struct
from datetime import UTC, datetime

import bson
import pytest
from bson.datetime_ms import DatetimeMS

from scheduler_daemon.workers.frames import LARGEST_FRAME_BYTES, ChannelClosed, FrameReader, encoded, receive_frame


def reader_of(data: bytes, *, ended: bool = True) -> tuple[asyncio.StreamReader, FrameReader]:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    if ended:
        stream.feed_eof()
    return stream, FrameReader(stream)


async def test_a_frame_comes_back_as_it_was_sent() -> None:
    frame = {"at": datetime(2026, 11, 23, tzinfo=UTC), "far": DatetimeMS(2**60), "bytes": b"x", "list": [1, None]}
    assert await reader_of(encoded(frame))[1].read() == frame


async def test_a_read_that_is_cancelled_in_the_middle_loses_nothing() -> None:
    message = encoded({"n": 1}) + encoded({"n": 2})
    stream, frames = reader_of(message[:6], ended=False)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await frames.read()
    stream.feed_data(message[6:])
    assert [await frames.read(), await frames.read()] == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x00",
        encoded({"n": 1})[:-1],
        struct.pack("!I", LARGEST_FRAME_BYTES + 1),
        struct.pack("!I", 5) + b"12345",
    ],
)
async def test_what_is_no_frame_is_the_end_of_the_channel(data: bytes) -> None:
    with pytest.raises(ChannelClosed):
        await reader_of(data)[1].read()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(data)
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises(ChannelClosed):
            receive_frame(theirs)


def test_a_worker_receives_the_same() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(encoded({"n": 1}))
        assert receive_frame(theirs) == {"n": 1}


def test_what_bson_cannot_hold_is_not_sent() -> None:
    with pytest.raises(bson.errors.InvalidDocument):
        encoded({"object": object()})
