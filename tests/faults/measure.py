"""Measures one suite: its scenario and its control, on a replica set of their own."""

import json
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.faults.report import Row
from tests.faults.suites.catalogue import SUITES, play
from tests.support.replica_set import ReplicaSet


def measure(name: str, seed: int, *, short: bool = False) -> Row:
    """The row of the report. A suite that breaks off is a row, too: the others go on."""
    replica_set = ReplicaSet()
    with tempfile.TemporaryDirectory(prefix=f"faults-{name}-") as folder:
        try:
            replica_set.start()
            began = time.monotonic()
            world, verdict = play(SUITES[name], replica_set, Path(folder) / "suite", seed, short=short, talkative=True)
            seconds = time.monotonic() - began
            _, control = play(SUITES[name], replica_set, Path(folder) / "control", seed, control=True)
        except Exception:
            _say(f"{name} broke off\n{traceback.format_exc()}")
            return Row.broken_off(name)
        finally:
            replica_set.stop()
    row = Row.of(name, world, verdict, sorted(control.kinds & SUITES[name].finds), seconds)
    _say(f"{name}: {json.dumps(row.figures())}\n{verdict.told()}")
    return row


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
