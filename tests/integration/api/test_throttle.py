"""Failed logins and floods: who must wait, who need not, and that all workers count together."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from pymongo import monitoring
from pymongo.read_concern import ReadConcern
from werkzeug.test import TestResponse

from api import create_app
from api.context import store_of
from shared.collections import RATE_COUNTS
from shared.settings import Settings
from tests.integration.api.conftest import JOBS, Caller, Db, assert_problem, insert_token

MOST = 3
HERE, ELSEWHERE = "198.51.100.1", "203.0.113.9"


@pytest.fixture
def api(settings: Callable[..., Settings]) -> Iterator[Callable[..., Flask]]:
    """Applications as different workers would have them."""
    with ExitStack() as opened:

        def build(**overrides: Any) -> Flask:
            app = create_app(settings(**{"api_failed_logins_per_minute": MOST, **overrides}))
            opened.callback(store_of(app).connection.close)
            return app

        yield build


def counts(db: Db) -> list[dict[str, Any]]:
    """What is counted; written for one node, so read from it."""
    return list(db.get_collection(RATE_COUNTS, read_concern=ReadConcern("local")).find())


def guess(app: Flask, token: str, address: str = HERE, **headers: str) -> TestResponse:
    return app.test_client().get(
        JOBS, headers={"Authorization": f"Bearer {token}", **headers}, environ_base={"REMOTE_ADDR": address}
    )


def test_a_client_that_guesses_tokens_is_told_to_wait_by_every_worker(api: Callable[..., Flask], catalogue: Db) -> None:
    one, two = api(), api()
    for number in range(MOST):
        assert_problem(guess((one, two)[number % 2], f"guess-{number}-000"), 401, "unauthenticated")
    for app in (one, two):
        refused = guess(app, "guess-x-0000")
        problem = assert_problem(refused, 429, "too_many_failed_logins")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert f"{refused.headers['Retry-After']} s" in problem["detail"]


def test_a_valid_token_behind_the_same_address_need_not_wait(api: Callable[..., Flask], catalogue: Db) -> None:
    app = api()
    for number in range(MOST + 2):
        last = guess(app, f"guess-{number}-000")
    assert last.status_code == 429
    assert guess(app, "viewer-token").status_code == 200
    assert guess(app, "guess-y-0000", ELSEWHERE).status_code == 401


def test_one_outdated_token_from_many_addresses_is_told_to_wait(api: Callable[..., Flask], catalogue: Db) -> None:
    app = api()
    codes = [guess(app, f"us_outdated{number}", f"198.51.100.{number}").status_code for number in range(MOST + 1)]
    assert codes == [401] * MOST + [429]
    insert_token(catalogue, "us_outdated-but-valid", "viewer")
    assert guess(app, "us_outdated-but-valid", ELSEWHERE).status_code == 200


def test_an_ipv6_network_is_one_client(api: Callable[..., Flask], catalogue: Db) -> None:
    app = api()
    for number in range(MOST):
        guess(app, f"guess-{number}-000", f"2001:db8::{number}")
    assert guess(app, "guess-x-0000", "2001:db8::ffff").status_code == 429
    assert guess(app, "guess-x-0001", "2001:db8:0:1::1").status_code == 401


def test_a_request_without_a_token_is_no_failed_login(api: Callable[..., Flask], catalogue: Db) -> None:
    app = api()
    codes = {app.test_client().get(JOBS, environ_base={"REMOTE_ADDR": HERE}).status_code for _ in range(MOST + 2)}
    assert codes == {401}
    assert counts(catalogue) == []


def test_the_header_of_a_proxy_is_believed_only_if_the_settings_say_so(
    api: Callable[..., Flask], catalogue: Db
) -> None:
    direct, behind = api(), api(api_trusted_proxies=1)
    codes = [
        guess(direct, f"guess-{number}-000", **{"X-Forwarded-For": f"192.0.2.{number}"}).status_code
        for number in range(MOST + 1)
    ]
    assert codes[-1] == 429
    other = {"X-Forwarded-For": f"192.0.2.1, {ELSEWHERE}"}  # the last is the proxy's; the rest anybody can write
    assert guess(behind, "guess-x-0000", **other).status_code == 401
    assert [each for each in counts(catalogue) if ELSEWHERE in each["_id"]]


def test_nothing_of_a_token_is_stored_with_the_counts(api: Callable[..., Flask], catalogue: Db) -> None:
    guess(api(), "us_abcdefghijklmnop")
    assert counts(catalogue)
    assert "us_abc" not in str(counts(catalogue))


def test_a_token_over_its_rate_waits_and_others_do_not(api: Callable[..., Flask], catalogue: Db) -> None:
    one, two = api(api_rate_limit="4 per hour"), api(api_rate_limit="4 per hour")
    viewer = [Caller(one, "viewer"), Caller(two, "viewer")]
    paths = [JOBS, "/api/admin/scheduler/templates"]
    codes = [viewer[number % 2].get(paths[number // 2]).status_code for number in range(4)]
    assert codes == [200] * 4
    refused = viewer[0].get(JOBS)
    assert_problem(refused, 429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    assert refused.headers["X-Request-Id"]
    assert Caller(one, "editor").get(JOBS).status_code == 200
    assert one.test_client().get("/readyz").status_code == 200
    assert guess(one, "guess-x-0000").status_code == 401


class Commands(monitoring.CommandListener):
    """Names of the commands that were sent."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.names.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


@pytest.mark.parametrize(("limit", "updates"), [(None, 0), ("1000 per minute", 1)])
def test_a_rate_limit_costs_a_read_one_update_and_no_limit_costs_nothing(
    api: Callable[..., Flask], catalogue: Db, monkeypatch: pytest.MonkeyPatch, limit: str | None, updates: int
) -> None:
    commands = Commands()
    monkeypatch.setattr("api.store.connection.CLIENT_OPTIONS", {"event_listeners": [commands]})
    viewer = Caller(api(api_rate_limit=limit), "viewer")
    viewer.get(JOBS)
    commands.names.clear()
    assert viewer.get(JOBS).status_code == 200
    assert [name for name in commands.names if name != "find"] == ["findAndModify"] * updates
