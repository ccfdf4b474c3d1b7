"""`python -m tests.faults.daemon`: the real daemon with what its plan adds - journal templates, an injected clock,
a failpoint, protections that are switched off. The product itself knows nothing of this.
"""

import os
import struct
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from scheduler_daemon import __main__ as program
from scheduler_daemon import plugins, supervisor
from scheduler_daemon.job_template import JobTemplate
from shared.clock import SystemClock
from tests.faults.failpoints import arm
from tests.faults.plan import Plan
from tests.faults.switches import switch_off

_TEMPLATES = {"journal": "JournalTemplate", "journal_once": "JournalOnceTemplate"}


class SteppedClock(SystemClock):
    """The machine's clocks, with the wall clock moved by the seconds that the test wrote into a file."""

    def __init__(self, offset_file: Path) -> None:
        self._descriptor = os.open(offset_file, os.O_RDONLY)

    def now(self) -> datetime:
        (seconds,) = struct.unpack("d", os.pread(self._descriptor, 8, 0))
        return super().now() + timedelta(seconds=seconds)


def main() -> int:
    plan = Plan.from_environment()
    supervisor.load_templates = _load_templates  # type: ignore[attr-defined]
    if plan.clock is not None:
        offset_file = plan.clock
        supervisor.SystemClock = lambda: SteppedClock(offset_file)  # type: ignore[attr-defined,misc,assignment]
    for protection in plan.off:
        switch_off(protection)
    if plan.failpoint is not None:
        arm(plan.failpoint, plan.after)
    return program.main()


def _load_templates() -> Mapping[str, JobTemplate]:
    added = [
        EntryPoint(name, f"tests.faults.templates:{attribute}", plugins.GROUP) for name, attribute in _TEMPLATES.items()
    ]
    return plugins.load_templates([*entry_points(group=plugins.GROUP), *added])


if __name__ == "__main__":
    sys.exit(main())
