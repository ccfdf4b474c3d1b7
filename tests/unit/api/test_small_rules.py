"""Ids, revisions, roles and the masks of the audit log."""

from typing import Any

import pytest
from bson.objectid import ObjectId

from api.auth import Principal
from api.store.ids import by_id, candidates, text_of
from api.store.journal import masked
from shared.models.access import Permission, Role, roles_with
from shared.queries.revisions import etag, etag_matches, next_revision


@pytest.mark.parametrize("stored", ["a", ObjectId(), 5, -3, 0, 7.0, 2**62])
def test_the_text_of_an_id_finds_it_again(stored: Any) -> None:
    assert stored in candidates(text_of(stored))


@pytest.mark.parametrize("text", ["05", "+5", " 5", "5.0", "1e3", str(2**63), "{'$gt': ''}"])
def test_other_texts_mean_only_themselves(text: str) -> None:
    assert by_id(text) == {"_id": text}


@pytest.mark.parametrize(
    ("stored", "following"), [(1, 2), (7, 8), (3.0, 4), (0, 1), (-5, 1), ("x", 1), (None, 1), (True, 1), (2.5, 1)]
)
def test_every_stored_value_has_a_next_revision(stored: Any, following: int) -> None:
    assert next_revision(stored) == following


@pytest.mark.parametrize(
    ("header", "matches"),
    [(None, True), ("*", True), ('"3"', True), ('W/"3"', True), ('"2", "3"', True), ('"2"', False), ("3", False),
     ("", False)],
)  # fmt: skip
def test_if_match_names_the_present_revision(header: str | None, matches: bool) -> None:
    assert etag(3) == '"3"'
    assert etag_matches(header, 3) is matches


def test_roles_are_sets_of_permissions_and_not_ranks() -> None:
    def allowed(role: Role) -> set[Permission]:
        caller = Principal("id", "name", (role,), None)
        return {permission for permission in Permission if caller.may(permission)}

    assert allowed(Role.SWITCHER) == {Permission.IDENTIFY, Permission.SWITCH}
    assert allowed(Role.RUNNER) == {Permission.IDENTIFY, Permission.RUN, Permission.READ_OWN_RUNS}
    assert allowed(Role.VIEWER) < allowed(Role.OPERATOR) < allowed(Role.EDITOR) < allowed(Role.ADMIN)
    assert allowed(Role.ADMIN) == set(Permission)
    assert roles_with(Permission.ADMINISTER) == [Role.ADMIN]


def test_what_is_called_like_a_secret_is_masked_at_any_depth() -> None:
    before = {"smtp": {"Password": "a", "host": "h"}, "tokens": ["b"], "name": "c", "apiKey": ""}
    assert masked("params", before) == {
        "smtp": {"Password": "***", "host": "h"},
        "tokens": ["***"],
        "name": "c",
        "apiKey": "",
    }
