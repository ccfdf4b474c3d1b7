"""schemathesis over the whole document, all checks, against gunicorn and a real database: a bounded run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.fuzzing import UNHURRIED, Db, furnish, fuzz
from tests.support.api_process import ApiProcess


@pytest.mark.usefixtures("audited")
def test_schemathesis_finds_nothing_and_the_audit_is_clean(
    api: Callable[..., ApiProcess], db: Db, tmp_path: Path
) -> None:
    process = api(**UNHURRIED)
    known = furnish(process, db)
    found = fuzz(process, known, tmp_path, "--phases", "examples,fuzzing", "--max-examples", "5", "--seed", "1")
    assert not found, found[-20_000:]
