"""Which parameters are secret, how they are shown, and what a mask stands for when it is written back."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from shared.errors import InvalidDefinition
from shared.secret_params import ParamMask, unmasked


class Account(BaseModel):
    user: str = ""
    password: SecretStr = SecretStr("")


class Node(BaseModel):
    key: SecretStr | None = None
    children: list["Node"] = []


class Parameters(BaseModel):
    url: str = ""
    token: SecretStr | None = None
    headers: dict[Annotated[str, Field(pattern="^X-")], SecretStr] = {}
    keys: list[SecretStr] = []
    account: Account | None = None
    accounts: list[Account] = []
    either: Account | str | None = None
    tree: Node | None = None


SCHEMA = Parameters.model_json_schema(by_alias=True)
STORED: dict[str, Any] = {
    "url": "https://example.com",
    "token": "t0",
    "headers": {"X-One": "h1"},
    "keys": ["k1", "k2"],
    "account": {"user": "ada", "password": "p0"},
    "accounts": [{"user": "bob", "password": "p1"}],
    "either": {"user": "eve", "password": "p2"},
    "tree": {"key": "n0", "children": [{"key": "n1", "children": []}]},
}
SHOWN: dict[str, Any] = {
    "url": "https://example.com",
    "token": "***",
    "headers": {"X-One": "***"},
    "keys": ["***", "***"],
    "account": {"user": "ada", "password": "***"},
    "accounts": [{"user": "bob", "password": "***"}],
    "either": {"user": "eve", "password": "***"},
    "tree": {"key": "***", "children": [{"key": "***", "children": []}]},
}


def test_every_secret_is_masked_at_whatever_depth_and_nothing_else() -> None:
    assert ParamMask(SCHEMA).masked(STORED) == SHOWN
    assert ParamMask(SCHEMA).masked({"token": None, "keys": []}) == {"token": None, "keys": []}


def test_what_was_shown_can_be_written_back_as_it_is() -> None:
    assert unmasked(SHOWN, STORED, SCHEMA) == STORED


def test_a_new_secret_replaces_the_stored_one_and_a_mask_elsewhere_is_a_text() -> None:
    written = {**SHOWN, "token": "t9", "url": "***"}
    assert unmasked(written, STORED, SCHEMA) == {**STORED, "token": "t9", "url": "***"}


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        ({"token": 5}, {"token": "***"}),
        ({"token": {"a": "b"}}, {"token": "***"}),
        ({"keys": ["a", ["b"]]}, {"keys": ["***", "***"]}),
        (["token"], "***"),
        ("token", "***"),
    ],
)
def test_a_secret_of_the_wrong_form_is_masked_too(params: Any, shown: Any) -> None:
    assert ParamMask(SCHEMA).masked(params) == shown


def test_of_an_unknown_template_every_text_is_masked() -> None:
    assert ParamMask(None).masked({"url": "x", "count": 5, "list": [{"a": "b"}], "none": None}) == {
        "url": "***", "count": 5, "list": [{"a": "***"}], "none": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "stored", "field"),
    [
        ({"token": "***"}, {}, "params.token"),
        ({"token": "***"}, {"token": None}, "params.token"),
        ({"token": "***"}, "no parameters at all", "params.token"),
        ({"headers": {"X-Two": "***"}}, STORED, "params.headers.X-Two"),
        ({"accounts": [{"password": "***"}]}, {}, "params.accounts"),
    ],
)
def test_a_mask_for_which_nothing_is_stored_is_refused_by_name(
    written: dict[str, Any], stored: Any, field: str
) -> None:
    with pytest.raises(InvalidDefinition, match="write the secret") as caught:
        unmasked(written, stored, SCHEMA)
    assert (caught.value.field, caught.value.code) == (field, "masked_secret")


def test_a_key_can_be_put_beside_those_that_are_kept() -> None:
    assert unmasked({"keys": ["new", "***", "***"]}, STORED, SCHEMA)["keys"] == ["new", "k1", "k2"]


def test_when_an_entry_was_taken_out_nobody_guesses_which() -> None:
    with pytest.raises(InvalidDefinition, match="nobody knows which is which"):
        unmasked({"keys": ["***"]}, STORED, SCHEMA)
    assert unmasked({"keys": ["k2"]}, STORED, SCHEMA)["keys"] == ["k2"]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/Gone"},
        {"$ref": "https://example.com/schema"},
        {"anyOf": "no list", "properties": []},
        {"patternProperties": {"(": {"type": "string"}}},
        {"$defs": {"A": {"$ref": "#/$defs/A"}}, "$ref": "#/$defs/A"},
    ],
)
def test_an_odd_schema_hides_nothing_and_breaks_nothing(schema: dict[str, Any]) -> None:
    assert ParamMask(schema).masked({"url": "x"}) == {"url": "x"}
