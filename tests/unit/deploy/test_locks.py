"""The locked versions: whole, the same for running and for developing, and what setup.cfg asks for."""

import configparser
import re

import pytest
from packaging.requirements import Requirement

from deploy.settings_reference import ROOT

LOCKS = ("run", "dev")


def _text(lock: str) -> str:
    return (ROOT / f"deploy/requirements/{lock}.lock").read_text()


def _versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+) \\$", _text(lock), re.MULTILINE))


def _wanted(*sections: tuple[str, str]) -> list[Requirement]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = [line for section, key in sections for line in setup.get(section, key).splitlines()]
    return [Requirement(line) for line in lines if line]  # an extra within an extra brings an empty line


@pytest.mark.parametrize("lock", LOCKS)
def test_every_version_has_its_hashes_and_no_server_is_named(lock: str) -> None:
    text = _text(lock)
    blocks = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(_versions(lock))
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in text


def test_development_runs_the_versions_that_are_deployed() -> None:
    dev = _versions("dev")
    assert {name: dev.get(name) for name in _versions("run")} == _versions("run")


@pytest.mark.parametrize(
    ("lock", "sections"),
    [
        ("run", [("options", "install_requires"), ("options.extras_require", "embedded")]),
        ("dev", [("options", "install_requires"), ("options.extras_require", "dev")]),
    ],
)
def test_what_setup_cfg_asks_for_is_locked(lock: str, sections: list[tuple[str, str]]) -> None:
    versions = _versions(lock)
    wanted = _wanted(*sections)
    assert wanted
    assert [str(each) for each in wanted if versions.get(each.name.lower(), "0") not in each.specifier] == [], (
        "`make lock`"
    )
