"""A file is there whole and listed, or not at all, whenever the one who writes it is cancelled."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import bson
import pytest

from scheduler_daemon.exports import export_file
from scheduler_daemon.exports.encoders import json_lines
from scheduler_daemon.exports.export_file import ExportFile, Written
from scheduler_daemon.exports.writing import write_all
from tests.support.clocks import ManualClock
from tests.support.documents import MONDAY

FILES = ["orders.jsonl", "orders.jsonl.sha256"]


class Writing:
    """One export of two documents into a folder; `saved` is what was listed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.saved: list[str] = []

    async def run(self) -> None:
        await write_all(
            _batches(),
            lambda: ExportFile(self.folder, "orders.jsonl", compress=False),
            lambda file: json_lines(file.stream, []),
            self._save,
            lambda _rows: None,
            ManualClock(MONDAY),
        )

    async def cancelled_twice_at(self, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
        """Runs it, cancels it twice while `place` of ExportFile works, and lets it end."""
        begun, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        original = getattr(ExportFile, place)

        def held(*arguments: Any, **options: Any) -> Any:
            result = original(*arguments, **options)
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(10)
            return result

        monkeypatch.setattr(ExportFile, place, held)
        task = asyncio.create_task(self.run())
        await asyncio.wait_for(begun.wait(), 10)
        for _ in range(2):
            task.cancel()
            for _ in range(10):
                await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)

    async def _save(self, rows: int, written: Written) -> None:
        assert rows == 2
        await asyncio.sleep(0)  # as a store call, it gives way
        self.saved.append(written.name)

    @property
    def files(self) -> list[str]:
        return sorted(os.listdir(self.folder))


async def _batches() -> AsyncGenerator[bytes, None]:
    yield bson.encode({"_id": 1})
    yield bson.encode({"_id": 2})


def open_descriptors(folder: Path) -> list[str]:
    """What this process has open in or below the folder."""
    found = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(each)
        except FileNotFoundError:  # of the listing itself
            continue
        if target.startswith(str(folder)):
            found.append(target)
    return found


@pytest.fixture
def writing(tmp_path: Path) -> Writing:
    return Writing(tmp_path)


async def test_a_file_that_has_its_place_is_listed_although_the_run_was_cancelled(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await writing.cancelled_twice_at(monkeypatch, "commit")
    assert writing.files == FILES
    assert writing.saved == ["orders.jsonl"]
    assert open_descriptors(writing.folder) == []


async def test_a_file_that_is_made_while_the_run_is_cancelled_is_removed_and_closed(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await writing.cancelled_twice_at(monkeypatch, "__init__")
    assert writing.files == []
    assert writing.saved == []
    assert open_descriptors(writing.folder) == []


@pytest.mark.parametrize("failing", [1, 2])
async def test_a_disk_that_fails_at_the_end_leaves_nothing_behind(
    writing: Writing, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """The first file that is synced is the export, the second its checksum."""
    calls: list[int] = []
    sync = os.fsync

    def full(number: int) -> None:
        calls.append(number)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        sync(number)

    monkeypatch.setattr(export_file.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        await writing.run()
    assert writing.files == []
    assert writing.saved == []
    assert open_descriptors(writing.folder) == []
