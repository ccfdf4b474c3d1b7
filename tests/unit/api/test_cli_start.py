"""The command line starts quickly: a command loads what it needs and no more."""

import subprocess
import sys

import pytest

from tests.support.environment import ROOT

LOADED = "import sys; from api.cli.main import main; main(sys.argv[1:], standalone_mode=False); print(*sys.modules)"


@pytest.mark.parametrize(
    ("command", "spared"),
    [
        ("completion", {"flask", "pymongo", "jsonschema", "pydantic"}),
        ("logs", {"flask", "pymongo", "jsonschema"}),
        ("jobs", {"flask", "jsonschema"}),
        ("status", {"flask"}),
        ("token", {"flask"}),
    ],
)
def test_a_command_does_not_load_what_only_others_need(command: str, spared: set[str]) -> None:
    program = [sys.executable, "-c", LOADED, command, "--help"]
    answer = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert spared & set(answer.stdout.split()) == set()
