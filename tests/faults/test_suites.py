"""The short form of suites of faults, beside their negative controls: of some, or with FAULT_SUITES=all of every one.

The long form is `make faults`.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.suites.catalogue import SUITES, play
from tests.faults.suites.full_disk import can_mount
from tests.support.replica_set import ReplicaSet

_ALWAYS = ("kill", "malformed", "fan_out")
_CHOSEN = tuple(SUITES) if os.environ.get("FAULT_SUITES") == "all" else _ALWAYS
_GROUPS = {name: f"faults-{number % 2}" for number, name in enumerate(SUITES)}
_ALONE = {"primary"}
"""Both of its scenarios kill the primary; side by side they would spoil each other."""


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(_GROUPS[name])) for name in _CHOSEN])
def test_nothing_is_lost_or_doubled_and_the_checker_sees_it_when_a_protection_is_off(
    name: str, replica_set: ReplicaSet, tmp_path: Path, fault_seed: int
):
    if name == "full_disk" and not can_mount(tmp_path / "probe"):
        pytest.skip("needs the right to mount a small file system")
    suite = SUITES[name]
    with ThreadPoolExecutor(1) as beside:
        control = beside.submit(play, suite, replica_set, tmp_path / "control", fault_seed, control=True)
        if name in _ALONE:
            control.exception()
        _, verdict = play(suite, replica_set, tmp_path / "suite", fault_seed)
        assert not verdict.violations, f"FAULT_SEED={fault_seed}\n{verdict.told()}"
        _, seen = control.result()
    assert seen.kinds & suite.finds, f"FAULT_SEED={fault_seed}: the checker saw nothing of {sorted(suite.finds)}"
