"""What the templates of the fault tests write about themselves, outside of the database.

One file per process, one JSON array per line, written by a single O_APPEND write: a kill -9 loses nothing of it, and
nobody but the attempt itself says that it is alive.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Event = Literal["start", "tick", "end", "cancelled"]


@dataclass(frozen=True, slots=True)
class Line:
    """One sign of life of an attempt. at: seconds of CLOCK_BOOTTIME, the same for all processes of a machine."""

    event: Event
    run: str
    job: str
    nominal_ms: int
    attempt: int
    at: float
    wall: float
    process: str


class Journal:
    """The file of this process."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / f"{os.getpid()}.jsonl", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def write(self, event: Event, run: str, job: str, nominal_ms: int, attempt: int) -> None:
        line = [event, run, job, nominal_ms, attempt, time.clock_gettime(time.CLOCK_BOOTTIME), time.time()]
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")


def read_journals(folder: Path) -> Iterator[Line]:
    """Every line of every process, in the order in which each process wrote them."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield Line(*json.loads(line), process=path.stem)
