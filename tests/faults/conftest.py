"""What the fault tests share: one replica set per worker, and the seed."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.support.replica_set import ReplicaSet

SEED = "FAULT_SEED"


@pytest.fixture(scope="session")
def replica_set() -> Iterator[ReplicaSet]:
    """Three real mongod processes that a test may kill."""
    members = ReplicaSet()
    try:
        members.start()
        yield members
    finally:
        members.stop()


@pytest.fixture
def fault_seed() -> int:
    """$FAULT_SEED, or a new one; a failing test shows it."""
    return int(os.environ.get(SEED) or random.randrange(2**32))
