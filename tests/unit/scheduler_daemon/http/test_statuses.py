"""What the status of an answer says."""

from datetime import timedelta

import pytest

from scheduler_daemon.http.statuses import is_good, is_passing, retry_after
from tests.support.documents import MONDAY


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_the_servers_own_troubles_pass(status: int) -> None:
    assert is_passing(status)


@pytest.mark.parametrize("status", [200, 204, 301, 302, 400, 401, 403, 404, 409, 410, 422])
def test_a_refusal_stays_one(status: int) -> None:
    assert not is_passing(status)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta(0)),
        ("9" * 400, timedelta(seconds=999_999_999)),
        ("Mon, 23 Nov 2026 09:01:30 GMT", timedelta(seconds=90)),
        ("Mon, 23 Nov 2026 08:00:00 GMT", timedelta(0)),
        (None, None),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("²", None),
        ("Mon, 99 Nov 2026 09:01:30 GMT", None),
        ("Mon, 01 Jan 999999999999999999999 00:00:00 GMT", None),
        ("Mon, 23 Nov 2026 09:01:30 +99999999999999999999", None),
        ("Mon, 23 Nov 2026 09:01:30 +9959", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", timedelta(0)),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(header: str | None, expected: timedelta | None) -> None:
    assert retry_after(header, MONDAY) == expected


@pytest.mark.parametrize(
    ("status", "good"), [(200, True), (250, True), (299, True), (300, False), (404, True), (405, False)]
)
def test_a_status_is_good_if_a_range_has_it(status: int, good: bool) -> None:
    assert is_good(status, ["200-299", "404"]) is good
