"""One pipeline: JSON lines, secrets masked at any depth, the standard library's loggers routed through it."""

import io
import json
import logging
import sys

import pytest
import structlog

from shared.logging import MASK, LogOutput, configure_logging, mask_secrets


@pytest.fixture
def log(monkeypatch):
    """Configures logging into memory and reads back the lines; leaves logging as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.getLogger("pymongo").level

    def configure(level, log_format):
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        configure_logging(level, log_format)
        return lambda: stream.getvalue().splitlines()

    yield configure
    root.handlers[:], root.level = before[0], before[1]
    logging.getLogger("pymongo").setLevel(before[2])
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_an_event_is_one_json_line_with_level_and_time(log):
    lines = log("info", "json")
    structlog.contextvars.bind_contextvars(run_id="j1:5")
    structlog.get_logger().info("run_finished", state="succeeded", duration_ms=12)
    (line,) = map(json.loads, lines())
    assert line.pop("at").endswith("Z")
    assert line == {"event": "run_finished", "level": "info", "run_id": "j1:5", "state": "succeeded", "duration_ms": 12}


def test_auto_means_json_where_there_is_no_terminal_and_console_is_readable(log):
    lines = log("info", "auto")
    structlog.get_logger().info("one")
    assert json.loads(lines()[0])["event"] == "one"
    lines = log("info", "console")
    structlog.get_logger().info("two", key="value")
    assert "two" in lines()[0]
    with pytest.raises(json.JSONDecodeError):
        json.loads(lines()[0])


def test_the_level_holds_for_both_kinds_of_logger(log):
    lines = log("warning", "json")
    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    structlog.get_logger().warning("loud")
    logging.getLogger("library").warning("loud %s", "too")
    assert [json.loads(line)["event"] for line in lines()] == ["loud", "loud too"]


def test_the_standard_library_goes_through_the_same_pipeline(log):
    lines = log("debug", "json")
    structlog.contextvars.bind_contextvars(run_id="j1:5")
    logging.getLogger("aiosmtplib").error("refused", extra={"password": "hunter2"})
    logging.getLogger("aiosmtplib").debug("chatter")
    logging.getLogger("pymongo.command").info("chatter")
    (line,) = map(json.loads, lines())
    assert (line["event"], line["level"], line["logger"], line["run_id"]) == ("refused", "error", "aiosmtplib", "j1:5")
    assert "hunter2" not in str(line)


def test_an_exception_is_written_in_the_same_line(log):
    lines = log("info", "json")
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger().exception("loop_failed")
        logging.getLogger("library").exception("library_failed")
    first, second = map(json.loads, lines())
    assert first["exception"][0]["exc_value"] == "broken"
    assert second["exception"][0]["exc_value"] == "broken"


@pytest.mark.parametrize(
    ("event", "masked"),
    [
        ({"password": "x"}, {"password": MASK}),
        ({"smtpPassword": "x"}, {"smtpPassword": MASK}),
        ({"Authorization": "Bearer x"}, {"Authorization": MASK}),
        ({"hooks": [{"secret": "x"}, {"url": "u"}]}, {"hooks": [{"secret": MASK}, {"url": "u"}]}),
        ({"tokens": ["x", "y"], "password": b"x"}, {"tokens": MASK, "password": MASK}),
        ({"api_key": "x", "token": ""}, {"api_key": MASK, "token": ""}),
        (
            {"params": {"auth": {"clientSecret": "x", "user": "u"}}},
            {"params": {"auth": {"clientSecret": MASK, "user": "u"}}},
        ),
        ({"tokens": 3, "token": None}, {"tokens": 3, "token": None}),
    ],
)
def test_secrets_are_masked_by_their_key_at_any_depth(event, masked):
    assert mask_secrets(None, "info", dict(event)) == masked


def test_a_full_disk_costs_lines_and_nothing_else(monkeypatch):
    with open("/dev/full", "w", encoding="utf-8") as full:
        output = LogOutput(full)
        output.write("one\n")
        output.write("two\n")
        output.flush()
    assert output.lost == 2


def test_the_first_line_that_gets_through_says_how_many_did_not(log, monkeypatch):
    lines = log("info", "json")
    write = sys.stderr.write

    def refuse(_text):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys.stderr, "write", refuse)
    structlog.get_logger().info("one")
    logging.getLogger("library").warning("two")
    monkeypatch.setattr(sys.stderr, "write", write)
    structlog.get_logger().info("three")
    structlog.get_logger().info("four")
    assert [(line["event"], line.get("log_lines_lost")) for line in map(json.loads, lines())] == [
        ("three", 2),
        ("four", None),
    ]


def test_a_line_that_was_cut_off_by_a_full_disk_does_not_spoil_the_next(tmp_path):
    path = tmp_path / "log"
    with path.open("w", encoding="utf-8") as file:
        output = LogOutput(file)
        real = output._raw
        output._raw = HalfFull(real)
        output.write("a long line\n")
        output._raw = real
        output.write("the next\n")
    assert path.read_text() == "a lon\nthe next\n"


class HalfFull:
    """Takes five bytes, then nothing."""

    def __init__(self, file):
        self.file = file
        self.room = 5

    def write(self, data):
        if not self.room:
            raise OSError(28, "No space left on device")
        taken, self.room = self.file.write(data[: self.room]), 0
        return taken
