"""What integration tests of the daemon's parts share."""

from collections.abc import AsyncIterator, Callable

import pytest

from scheduler_daemon.store.mongo import Client, Database, connect
from scheduler_daemon.store.preparation import create_indexes
from shared.settings import Settings


@pytest.fixture
async def mongo(settings: Callable[..., Settings]) -> AsyncIterator[tuple[Client, Database]]:
    """The daemon's own client on the test's database, with its indexes."""
    client, database = connect(settings())
    await create_indexes(database)
    yield client, database
    await client.close()
