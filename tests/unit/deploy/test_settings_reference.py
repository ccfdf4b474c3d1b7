"""The generated pages say what the settings say."""

import re
from pathlib import Path

import pytest

from deploy.settings_reference import ENV_FILES, ROOT, environment_example, settings_page, write_all
from shared.settings import Settings


def _assignments(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE)


def test_the_settings_page_is_up_to_date() -> None:
    assert (ROOT / "docs/settings.md").read_text() == settings_page(), "run `make docs`"


@pytest.mark.parametrize("name", ENV_FILES)
def test_the_environment_examples_are_up_to_date(name: str) -> None:
    assert (ROOT / f"deploy/env/{name}.env.example").read_text() == environment_example(name), "run `make docs`"


def test_every_setting_is_in_exactly_one_example_and_nothing_else_is() -> None:
    files = (ROOT / "deploy/env").glob("*.env.example")
    names = [name for file in files for name, _ in _assignments(file.read_text())]
    assert sorted(names) == sorted(name.upper() for name in Settings.model_fields)


def test_the_examples_as_written_are_valid_and_change_no_default(tmp_path: Path) -> None:
    given = [pair for name in ENV_FILES for pair in _assignments(environment_example(name))]
    env_file = tmp_path / "all.env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in given))
    read = Settings(_env_file=env_file)
    for name, field in Settings.model_fields.items():
        assert field.is_required() or getattr(read, name) == field.default, name


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_units_read_exactly_these_files() -> None:
    units = "".join(unit.read_text() for unit in (ROOT / "deploy/systemd").glob("*.service"))
    read = set(re.findall(r"^EnvironmentFile=-/etc/unified-scheduler/(\w+)\.env$", units, re.MULTILINE))
    assert read == set(ENV_FILES)


def test_writing_fills_a_fresh_folder(tmp_path: Path) -> None:
    for folder in ("docs", "deploy/env"):
        (tmp_path / folder).mkdir(parents=True)
    write_all(tmp_path)
    assert len(list(tmp_path.rglob("*.example"))) == len(ENV_FILES)
