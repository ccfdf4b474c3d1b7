"""What `make` says when there is no fitting Python."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.settings_reference import ROOT

CREATE_VENV = ROOT / "deploy/requirements/create_venv"


def _create_venv(python: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([CREATE_VENV, python, folder], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("fails_at", "remedy"), [("version_info", "Python 3.11 or later is needed"), ("ensurepip", "python3-venv")]
)
def test_a_python_that_does_not_fit_is_refused_with_the_remedy(tmp_path: Path, fails_at: str, remedy: str) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ncase "$*" in --version) echo Python 3.9.2;; *{fails_at}*) exit 1;; esac\n')
    python.chmod(0o755)
    answer = _create_venv(str(python), tmp_path / "venv")
    assert answer.returncode == 1
    assert remedy in answer.stderr
    assert not (tmp_path / "venv").exists()


def test_a_missing_python_is_refused_with_the_remedy(tmp_path: Path) -> None:
    answer = _create_venv("python-that-is-not-there", tmp_path / "venv")
    assert answer.returncode == 1
    assert "apt-get install python3" in answer.stderr


def test_a_fitting_python_makes_an_environment_and_replaces_a_broken_one(tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "left over").touch()
    answer = _create_venv(sys.executable, tmp_path / "venv")
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "venv" / "bin" / "pip").exists()
    assert not (tmp_path / "venv" / "left over").exists()
