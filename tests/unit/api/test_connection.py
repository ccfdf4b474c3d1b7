"""The client belongs to one process."""

import os
from collections.abc import Iterator

import pytest

from api.store.connection import Connection
from tests.support.environment import ExplicitSettings


@pytest.fixture
def connection() -> Iterator[Connection]:
    made = Connection(ExplicitSettings(mongodb_uri="mongodb://127.0.0.1:1/"))
    yield made
    made.close()


def test_the_client_is_made_at_first_use_and_once(connection: Connection) -> None:
    assert connection.client is connection.client


def test_after_a_fork_the_process_makes_a_client_of_its_own(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    inherited = connection.client
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert connection.client is not inherited
    connection.close()
    inherited.close()
