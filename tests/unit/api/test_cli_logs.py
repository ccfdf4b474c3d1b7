"""`unified-scheduler logs`: what is shown of files and of the journal, and what is left out."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from api.cli import logs
from api.cli.main import main

LINES = [
    {"at": "2026-11-23T09:00:00.000Z", "level": "info", "event": "run_finished", "job_id": "a", "run_id": "a:1"},
    {"at": "2026-11-23T10:00:00.000Z", "level": "warning", "event": "run_finished", "job_id": "b", "run_id": "b:1"},
    {"at": "2026-11-23T11:00:00.000Z", "level": "error", "event": "clock_not_trusted", "text": "a\x1b[31mb"},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "daemon.log"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES) + "Traceback of a crash\n")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["logs", *arguments])


def test_every_line_is_shown_readable_and_cannot_steer_the_terminal(file: Path) -> None:
    output = run("--file", str(file)).output
    shown = output.splitlines()
    assert shown[0] == "2026-11-23T09:00:00.000Z info     run_finished  job_id=a run_id=a:1"
    assert shown[3] == "Traceback of a crash"
    assert "\x1b" not in output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--job", "a"], [0]),
        (["--run", "b:1"], [1]),
        (["--level", "warning"], [1, 2]),
        (["--since", "2026-11-23T10:30:00Z"], [2]),
        (["--since", "2026-11-23T12:00:00+02:00"], [1, 2]),
        (["--since", "1s"], []),
        (["--job", "a", "--level", "error"], []),
    ],
)
def test_filters_leave_out_the_rest(file: Path, arguments: list[str], expected: list[int]) -> None:
    result = run("--file", str(file), "--json", *arguments)
    assert [json.loads(line) for line in result.output.splitlines()] == [LINES[number] for number in expected]


def test_following_goes_on_through_half_lines_and_a_replaced_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(text: str) -> Callable[[], object]:
        return lambda: file.write_text(file.read_text() + text)  # in place: the same file

    def replace() -> None:
        file.rename(file.with_suffix(".1"))
        file.write_text('{"event": "third"}\n')

    steps = iter([add('{"event": "fi'), add('rst"}\n{"event": "second"}\n'), replace, lambda: 1 / 0])
    monkeypatch.setattr(logs, "time", SimpleNamespace(sleep=lambda _seconds: next(steps)()))
    result = run("--file", str(file), "--json", "-f")
    assert isinstance(result.exception, ZeroDivisionError), "only what ends the test ends it"
    assert [json.loads(line)["event"] for line in result.output.splitlines()][3:] == ["first", "second", "third"]


def test_the_journal_is_asked_for_both_units_and_the_time(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "journalctl"
    journal.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat {file}\n')
    journal.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert len(run("--since", "2026-11-23T10:30:00Z", "--json").output.splitlines()) == 1
    asked = (tmp_path / "asked").read_text()
    for part in ("unified-scheduler-daemon", "unified-scheduler-api", "--output=cat", "--since=@1795429800"):
        assert part in asked
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    missing = run()
    assert (missing.exit_code, "--file" in missing.output) == (1, True)


@pytest.mark.parametrize(
    "arguments", [["--since", "yesterday"], ["--level", "loud"], ["--since", "2026-11-23T10:00:00"]]
)
def test_wrong_usage_says_what_to_write(file: Path, arguments: list[str]) -> None:
    assert run("--file", str(file), *arguments).exit_code == 2


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    result = run("--file", str(tmp_path / "none"))
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)
