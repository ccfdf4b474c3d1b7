"""A database with its indexes, and housekeepers of its leader with the settings that a test gives."""

from collections.abc import Callable

import pytest

from scheduler_daemon.scheduling.housekeeper import Housekeeper
from scheduler_daemon.store.retention import RetentionStore
from scheduler_daemon.store.transactions import Fence, TransactionSession
from shared.models.scheduler_state import RetentionSettings
from tests.integration.scheduler.conftest import OpenBench
from tests.integration.scheduler.retention.ended import FAR, WEEK
from tests.support.clocks import ManualClock
from tests.support.workbench import Workbench

KeeperOf = Callable[..., Housekeeper]


@pytest.fixture
async def bench(open_bench: OpenBench) -> Workbench:
    """Far in the future, and with the indexes."""
    return await open_bench(clock=ManualClock(FAR))


@pytest.fixture
def keeper(bench: Workbench) -> KeeperOf:
    """`keeper(settings, batch=2)`: a housekeeper of the leader."""

    def build(settings: RetentionSettings = WEEK, batch: int = 500) -> Housekeeper:
        fence = Fence(TransactionSession(bench.db.client), bench.db)
        fence.arm(1)
        return Housekeeper(RetentionStore(bench.db), fence, settings, bench.clock, batch)

    return build
