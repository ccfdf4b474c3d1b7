"""Who calls."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask

from shared.models.access import PERMISSIONS, Role
from tests.integration.api.conftest import Caller, assert_problem


@pytest.mark.parametrize("role", Role)
def test_everybody_learns_who_they_are_and_what_they_may_do(as_role: Callable[[str], Caller], role: Role) -> None:
    shown = as_role(role.value).get("/api/me")
    assert shown.status_code == 200, shown.text
    assert shown.json["roles"] == [role.value]
    assert set(shown.json["permissions"]) == PERMISSIONS[role]
    assert abs(datetime.fromisoformat(shown.json["at"]) - datetime.now(UTC)).total_seconds() < 60


def test_nobody_learns_nothing(app: Flask) -> None:
    assert_problem(app.test_client().get("/api/me"), 401, "unauthenticated")
