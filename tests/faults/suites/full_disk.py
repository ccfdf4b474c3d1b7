"""The disk under the log folder is full."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.faults.world import CALM_TTL, World
from tests.support.waiting import wait_until

SHORT = {"seconds": 5, "jobs": 30}
LONG = {"seconds": 60, "jobs": 60}

_MORE_THAN_A_PAGE_OF_LINES = 50
"""Of runs that end: the last page of a log file has room although the disk is full."""


def run(world: World, *, seconds: int, jobs: int) -> None:
    """Both daemons log into a file system of 64 KiB that is full, and has room again before the end."""
    with small_disk(world.folder / "small") as disk:
        for name in ("a", "b"):
            world.daemon(name, log_folder=disk, LOG_LEVEL="debug", DAEMON_LEASE_TTL_SECONDS=CALM_TTL, wait=False)
        world.leader()
        ballast = fill(disk)
        world.faults += 1
        world.jobs(jobs, lasting=seconds, seconds=0.2)
        world.pause(seconds / 4, seconds / 4)
        world.kill_leader()
        world.restart_the_dead()
        world.wait_finished(_MORE_THAN_A_PAGE_OF_LINES, further=True)
        ballast.unlink()
        wait_until(lambda: _tells_of_lost_lines(disk), 20, message="the lost lines are told")
        world.finish()
        world.stop_daemons()


def control(world: World) -> None:
    """An error of the log reaches whoever logs."""
    with small_disk(world.folder / "small") as disk:
        world.daemon("a", log_folder=disk, plan={"off": ["unfailing_log"]}, wait=False)
        world.leader()
        fill(disk)
        world.jobs(10, lasting=3, seconds=0.2)
        world.finish(patience=3)
        world.daemons["a"].end()


FINDS = {"lost", "unfinished"}


def can_mount(folder: Path) -> bool:
    """Whether this process may mount; most need to be root for it."""
    try:
        with small_disk(folder):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, which needs root."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)], check=True, capture_output=True)  # noqa: S607
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


def fill(disk: Path) -> Path:
    """A file that takes all the room that is left."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"x" * 1024):
            pass
    return ballast


def _tells_of_lost_lines(disk: Path) -> bool:
    return any("log_lines_lost" in path.read_text(errors="replace") for path in disk.glob("*.log"))
