"""The README's commands, as written, against a running launcher."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.mongod import free_port
from tests.support.environment import ROOT
from tests.support.launcher_process import LauncherProcess

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[LauncherProcess]:
    """A running `make run` with its folder at `var`, as the README has it."""
    running = LauncherProcess(tmp_path / "var", free_port(), tmp_path / "launcher.log")
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()
        running.end()


def _walk_through() -> str:
    blocks = _BLOCK.findall((ROOT / "README.md").read_text())
    return "".join(block for block in blocks if not block.startswith("make "))


def test_the_walk_through_works_as_written(launcher: LauncherProcess) -> None:
    script = _walk_through().replace("http://127.0.0.1:8000", launcher.base_url)
    assert launcher.base_url in script
    command = ["bash", "-euo", "pipefail", "-c", script]
    answer = subprocess.run(command, cwd=launcher.var.parent, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "Hello Ada, it is time!" in answer.stdout
    assert "Hello friend, it is time!" in answer.stdout
    assert '"state":"succeeded"' in answer.stdout.replace(" ", "")
    for address in ("ada@example.com", "grace@example.com"):
        assert len(list((launcher.var / "outbox").glob(f"*{address}*.eml"))) == 1


def test_every_command_of_make_that_the_pages_name_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    named = {name for page in pages for name in re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(), re.MULTILINE)}
    assert named
    assert named <= targets


def test_every_link_of_the_pages_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())]
    assert links
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []
