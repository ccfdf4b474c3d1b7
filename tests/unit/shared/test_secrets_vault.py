"""Sealing and opening secret parameters."""

import base64
from typing import Any

import pytest
from bson import decode, encode
from bson.binary import Binary
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from shared.errors import InvalidDefinition
from shared.secrets_vault import Vault, is_sealed, read_keys

FIRST, SECOND = bytes(range(32)), bytes(range(32, 64))


class Inner(BaseModel):
    name: str
    code: SecretStr


class Parameters(BaseModel):
    url: str = ""
    token: SecretStr | None = None
    headers: dict[str, SecretStr] = {}
    entries: list[Inner] = []
    login: dict[str, Any] = Field({}, json_schema_extra={"writeOnly": True})


SCHEMA = Parameters.model_json_schema()


def stored(params: dict[str, Any]) -> dict[str, Any]:
    """As it comes back from MongoDB."""
    found: dict[str, Any] = decode(encode(params))
    return found


_SECRETS = st.text(max_size=50)


@given(
    params=st.fixed_dictionaries(
        {
            "url": st.text(max_size=20),
            "token": st.none() | _SECRETS,
            "headers": st.dictionaries(st.text(st.characters(exclude_characters="\0", codec="utf-8")), _SECRETS),
            "entries": st.lists(st.fixed_dictionaries({"name": st.text(max_size=5), "code": _SECRETS}), max_size=4),
            "login": st.dictionaries(st.sampled_from(["user", "password"]), st.text() | st.integers(0, 9)),
        }
    ),
    job_id=st.text(max_size=30),
)
def test_what_was_sealed_is_opened_unchanged(params: dict[str, Any], job_id: str) -> None:
    vault = Vault([FIRST])
    sealed = vault.sealed(params, SCHEMA, job_id)
    assert sealed["url"] == params["url"]
    assert is_sealed(sealed["login"])
    assert all(map(is_sealed, sealed["headers"].values()))
    assert vault.opened(stored(sealed), job_id) == params


def test_no_secret_can_be_read_in_what_is_stored() -> None:
    params = {"token": "hunter2", "headers": {"X": "hunter2"}, "entries": [{"name": "a", "code": "hunter2"}]}
    assert b"hunter2" not in encode(Vault([FIRST]).sealed(params, SCHEMA, "job"))


@pytest.mark.parametrize("position", range(8 + 12 + 9 + 16))
def test_a_changed_bit_is_noticed(position: int) -> None:
    vault = Vault([FIRST])
    whole = bytearray(vault.sealed({"token": "hunter2"}, SCHEMA, "job")["token"])
    assert len(whole) == 8 + 12 + 9 + 16
    whole[position] ^= 1
    with pytest.raises(InvalidDefinition) as fault:
        vault.opened({"token": Binary(bytes(whole), 128)}, "job")
    assert fault.value.field == "params.token"


@pytest.mark.parametrize("cut", [0, 5, 8, 19, 25])
def test_a_cut_one_is_noticed(cut: int) -> None:
    vault = Vault([FIRST])
    whole = vault.sealed({"token": "hunter2"}, SCHEMA, "job")["token"]
    with pytest.raises(InvalidDefinition):
        vault.opened({"token": Binary(whole[:cut], 128)}, "job")


def test_a_secret_is_bound_to_its_job_and_its_field() -> None:
    vault = Vault([FIRST])
    sealed = vault.sealed({"token": "a", "headers": {"X": "b"}}, SCHEMA, "job")
    with pytest.raises(InvalidDefinition):
        vault.opened(sealed, "other")
    with pytest.raises(InvalidDefinition):
        vault.opened({"headers": {"X": sealed["token"]}}, "job")
    with pytest.raises(InvalidDefinition):
        vault.opened({"headers": {"Y": sealed["headers"]["X"]}}, "job")
    assert vault.openable({"token": sealed["headers"]["X"], "url": "u"}, "job") == {"token": None, "url": "u"}


def test_fields_that_are_called_like_numbers_are_no_list() -> None:
    vault = Vault([FIRST])
    headers = vault.sealed({"headers": {"1": "a", "*": "b"}}, SCHEMA, "job")["headers"]
    for name, value in (("1", "*"), ("*", "1"), ("2", "1")):
        with pytest.raises(InvalidDefinition):
            vault.opened({"headers": {name: headers[value]}}, "job")


def test_half_a_character_is_sealed_like_any_other() -> None:
    vault = Vault([FIRST])
    assert vault.opened(vault.sealed({"token": "\ud800"}, SCHEMA, "job"), "job") == {"token": "\ud800"}


def test_entries_of_a_list_may_change_places() -> None:
    vault = Vault([FIRST])
    sealed = vault.sealed({"entries": [{"name": "a", "code": "1"}, {"name": "b", "code": "2"}]}, SCHEMA, "job")
    sealed["entries"].reverse()
    assert [each["code"] for each in vault.opened(sealed, "job")["entries"]] == ["2", "1"]


def test_a_secret_that_did_not_change_stays_as_it_is_stored() -> None:
    vault = Vault([FIRST])
    before = vault.sealed({"token": "a", "headers": {"X": "b"}}, SCHEMA, "job")
    after = vault.sealed({"token": "a", "headers": {"X": "c"}}, SCHEMA, "job", before)
    assert after["token"] == before["token"]
    assert after["headers"] != before["headers"]


def test_keys_are_changed_one_after_the_other() -> None:
    old = Vault([FIRST]).sealed({"token": "a"}, SCHEMA, "job")
    both = Vault([SECOND, FIRST])
    assert both.opened(old, "job") == {"token": "a"}
    new = both.sealed({"token": "a"}, SCHEMA, "job", old)
    assert Vault([SECOND]).opened(new, "job") == {"token": "a"}
    with pytest.raises(InvalidDefinition, match="not in SECRETS_KEY") as fault:
        Vault([SECOND]).opened(old, "job")
    assert fault.value.code == "secret_unreadable"


def test_without_a_key_a_secret_is_refused_and_nothing_else() -> None:
    with pytest.raises(InvalidDefinition, match="SECRETS_KEY") as fault:
        Vault().sealed({"headers": {"X": "a"}}, SCHEMA, "job")
    assert (fault.value.field, fault.value.code) == ("params.headers.X", "no_secrets_key")
    assert Vault().sealed({"url": "u", "token": None}, SCHEMA, "job") == {"url": "u", "token": None}
    assert Vault().opened({"token": "a plain one of former times"}, "job") == {"token": "a plain one of former times"}


@pytest.mark.parametrize("text", ["", "x", base64.b64encode(bytes(31)).decode(), "a" * 44 + "!", ","])
def test_what_is_no_key_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError, match="openssl rand -base64 32") as fault:
        read_keys(text)
    assert text in ("", "x", ",") or text not in str(fault.value)


def test_several_keys_have_commas_between() -> None:
    text = ", ".join(base64.b64encode(key).decode() for key in (FIRST, SECOND))
    assert read_keys(text) == (FIRST, SECOND)
