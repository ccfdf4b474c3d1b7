"""What a template logs becomes lines that can be stored, within a budget."""

import logging
from decimal import Decimal
from typing import Any

import bson
import pytest

from scheduler_daemon import run_log
from scheduler_daemon.run_log import Line, RunLog
from shared.logging import MASK
from tests.support.clocks import ManualClock
from tests.support.documents import MONDAY


class Broken:
    """A plugin's object at its worst."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.fixture
def lines() -> list[Line]:
    return []


@pytest.fixture
def kept(lines: list[Line]) -> RunLog:
    return RunLog(ManualClock(MONDAY), lambda line, _size: lines.append(line), "error")


def test_a_line_has_its_moment_level_event_and_bound_fields(kept: RunLog, lines: list[Line]) -> None:
    kept.logger().bind(host="a").new(step=1).warning("took %d s", 3, size=7)
    assert lines == [{"at": MONDAY, "level": "warning", "event": "took 3 s", "fields": {"step": 1, "size": 7}}]


@pytest.mark.parametrize(("configured", "count"), [("error", 1), ("debug", 2)])
def test_info_is_kept_whatever_the_level_and_debug_if_it_is_configured(
    lines: list[Line], configured: Any, count: int
) -> None:
    log = RunLog(ManualClock(MONDAY), lambda line, _size: lines.append(line), configured).logger()
    log.debug("detail")
    log.info("news")
    log.log(logging.DEBUG, "detail") if configured == "error" else None
    assert len(lines) == count


def test_secrets_are_masked_at_any_depth(kept: RunLog, lines: list[Line]) -> None:
    kept.logger().info("login", password="x", inner={"api_key": "y", "user": "ada"})
    assert lines[0]["fields"] == {"password": MASK, "inner": {"api_key": MASK, "user": "ada"}}


def test_values_that_bson_cannot_store_become_text(kept: RunLog, lines: list[Line]) -> None:
    odd = {
        "object": Decimal("1.5"), "huge": 2**70, "bytes": b"abc", "set": {1}, "broken": Broken(), "surrogate": "\udcff",
        "keys": {1: "one", "a\x00b": 2}, "moment": MONDAY, "naive": MONDAY.replace(tzinfo=None),
    }  # fmt: skip
    kept.logger().info("odd", **odd)
    assert lines[0]["fields"] == {
        "object": "1.5", "huge": str(2**70), "bytes": "(binary, 3 bytes)", "set": [1],
        "broken": "(Broken without text: RuntimeError)", "surrogate": "?", "keys": {"1": "one", "ab": 2},
        "moment": MONDAY, "naive": "2026-11-23 09:00:00",
    }  # fmt: skip
    assert bson.encode(lines[0])


def test_a_circle_ends(kept: RunLog, lines: list[Line]) -> None:
    circle: dict[str, Any] = {}
    circle["self_again"] = circle
    kept.logger().info("circle", circle=circle)
    assert bson.encode(lines[0])


def test_large_fields_are_left_out_and_named(kept: RunLog, lines: list[Line]) -> None:
    kept.logger().info("x" * 10_000, a="y" * 10_000, b=["z" * 5_000] * 3)
    assert len(lines[0]["event"]) == run_log.LONGEST_TEXT
    assert lines[0]["fields"] == {"fieldsLeftOut": "larger than 16384 bytes: a, b"}


def test_an_exception_is_its_traceback(kept: RunLog, lines: list[Line]) -> None:
    secret = "hunter2"
    try:
        raise ValueError("wrong")
    except ValueError:
        kept.logger().exception("trouble")
    assert lines[0]["level"] == "error"
    assert "ValueError: wrong" in lines[0]["fields"]["exception"]
    assert f"'{secret}'" not in lines[0]["fields"]["exception"]


def test_a_full_log_keeps_warnings_a_while_and_says_how_many_lines_are_left_out(
    kept: RunLog, lines: list[Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "MOST_LINES", 2)
    monkeypatch.setattr(run_log, "RESERVED_LINES", 1)
    log = kept.logger()
    for number in range(4):
        log.info(f"line-{number}")
    log.error("grave")
    log.error("too many")
    kept.close()
    log.info("after the end")
    assert [line["event"] for line in lines] == ["line-0", "line-1", "log_full", "grave", "log_lines_left_out"]
    assert lines[-1]["fields"] == {"lines": 3}


def test_the_bytes_of_a_log_are_bounded_too(kept: RunLog, lines: list[Line]) -> None:
    for _ in range(400):
        kept.logger().info("x" * 8_000)
    kept.close()
    assert 100 < len(lines) < 200
    assert lines[-1]["event"] == "log_lines_left_out"
