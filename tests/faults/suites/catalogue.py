"""All suites by name, the costly ones first, and how one is played."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.faults.checker import Verdict
from tests.faults.suites import (
    clock,
    failpoints,
    fan_out,
    freeze,
    full_disk,
    kill,
    malformed,
    network,
    primary,
    stop,
    storm,
)
from tests.faults.world import World
from tests.support.replica_set import ReplicaSet


@dataclass(frozen=True, slots=True)
class Suite:
    """run: the scenario, with the amounts of a scale; control: one with a protection switched off; finds: kinds of
    violations of which the checker must see at least one in it.
    """

    run: Callable[..., None]
    control: Callable[[World], None]
    short: dict[str, Any]
    long: dict[str, Any]
    finds: set[str]


def _suite(module: ModuleType) -> Suite:
    return Suite(module.run, module.control, module.SHORT, module.LONG, module.FINDS)


SUITES = {
    module.__name__.rpartition(".")[2]: _suite(module)
    for module in (freeze, kill, failpoints, network, primary, storm, stop, clock, full_disk, malformed, fan_out)
}


def play(
    suite: Suite, replica_set: ReplicaSet, folder: Path, seed: int, *, short: bool = True, control: bool = False,
    talkative: bool = False,
) -> tuple[World, Verdict]:  # fmt: skip
    """The scenario, or its control, from the first daemon to the verdict."""
    world = World(replica_set, folder, seed, talkative=talkative)
    try:
        if control:
            suite.control(world)
        else:
            suite.run(world, **(suite.short if short else suite.long))
        world.stop_daemons()
        return world, world.verdict()
    finally:
        world.close()
