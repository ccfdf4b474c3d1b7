"""What a worker prints, read from its pipe."""

import os
from collections.abc import Iterator

import pytest

from scheduler_daemon.workers.output import LONGEST_LINE_BYTES, Output

Lines = list[bytes]


@pytest.fixture
async def pipe() -> Iterator[tuple[Output, int]]:
    reading, writing = os.pipe()
    output = Output(reading)
    yield output, writing
    output.close()
    os.close(writing)


async def test_what_was_printed_before_the_end_is_read_at_the_end(pipe: tuple[Output, int]) -> None:
    output, writing = pipe
    lines: Lines = []
    output.write_to(lines.extend)
    os.write(writing, b"one\n\ntwo\nthe rest")
    output.drain()
    assert lines == [b"one", b"two", b"the rest"]


async def test_a_line_without_end_does_not_grow_for_ever(pipe: tuple[Output, int]) -> None:
    output, writing = pipe
    lines: Lines = []
    output.write_to(lines.extend)
    for _ in range(3):
        os.write(writing, b"x" * LONGEST_LINE_BYTES)
    output.drain()
    assert len(lines) >= 1
    assert sum(map(len, lines)) == 3 * LONGEST_LINE_BYTES


async def test_lines_of_no_run_go_to_the_log(pipe: tuple[Output, int], capsys: pytest.CaptureFixture[str]) -> None:
    output, writing = pipe
    os.write(writing, b"idle\n")
    output.drain()
    assert "worker_output" in capsys.readouterr().out
