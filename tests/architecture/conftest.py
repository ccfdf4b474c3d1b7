"""Trees of made-up source files."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest


@pytest.fixture
def plant_tree(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Writes files into an empty folder and answers its path."""

    def plant(files: Mapping[str, str]) -> Path:
        for place, text in files.items():
            path = tmp_path / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return plant
