"""What a process uses, and what else the machine does: read from /proc."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
BUSY_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB. pss counts a shared page in proportion to who shares it."""

    rss: float
    pss: float


def memory(pid: int) -> Memory:
    """The memory of a process now."""
    found: dict[str, float] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, value = line.partition(":")
        found[name] = int(value.split()[0]) / 1024
    return Memory(found["Rss"], found["Pss"])


def cpu_seconds(pid: int | None) -> float:
    """CPU time of a process so far, user and system; 0 for a server that is not this run's own."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Usage:
    """CPU shares of some processes during a `with` block, in percent of one CPU."""

    def __init__(self) -> None:
        self.percent: list[float] = []


@contextmanager
def usage(*pids: int | None) -> Iterator[Usage]:
    """Measures until the block ends; `percent` is in the order of `pids`."""
    result = Usage()
    before, began = [cpu_seconds(pid) for pid in pids], time.monotonic()
    yield result
    seconds = time.monotonic() - began
    result.percent = [100 * (cpu_seconds(pid) - earlier) / seconds for pid, earlier in zip(pids, before, strict=True)]


def busy_share(own: int | None, seconds: float = 1.0) -> float:
    """The share of the CPUs that others use while this process waits. own: the server's process, which is no other."""
    busy, total = _busy_and_total()
    mine = cpu_seconds(own)
    time.sleep(seconds)
    busy_after, total_after = _busy_and_total()
    others = busy_after - busy - (cpu_seconds(own) - mine) * _TICKS
    return max(0.0, others / max(1, total_after - total))


def _busy_and_total() -> tuple[int, int]:
    ticks = [int(each) for each in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def description() -> str:
    """The machine in one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    return f"{os.cpu_count()} x {model}, load {' '.join(f'{each:.2f}' for each in os.getloadavg())}"
