"""Headers as people enter them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from scheduler_daemon.http.headers import HeaderName, HeaderValue, SecretHeaderName, SecretHeaderValue, repeated

OPEN = TypeAdapter(dict[HeaderName, HeaderValue])
SECRET = TypeAdapter(dict[SecretHeaderName, SecretHeaderValue])


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "X-Client-Secret"])
def test_a_header_that_holds_a_secret_is_sent_to_the_masked_ones(name: str) -> None:
    with pytest.raises(ValidationError, match="secretHeaders"):
        OPEN.validate_python({name: "x"})
    assert SECRET.validate_python({name: "x"})[name].get_secret_value() == "x"


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "webhook-id", "Webhook-Signature"])
@pytest.mark.parametrize("kind", [OPEN, SECRET])
def test_headers_of_the_call_itself_are_refused(kind: TypeAdapter[object], name: str) -> None:
    with pytest.raises(ValidationError, match="leave it out"):
        kind.validate_python({name: "x"})


@pytest.mark.parametrize("name", ["", "X One", "X:One", "X\r\nEvil", "Ü"])
def test_what_is_no_header_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        OPEN.validate_python({name: "x"})


@pytest.mark.parametrize("kind", [OPEN, SECRET])
@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\x00", "grün"])
def test_a_value_cannot_begin_another_header(kind: TypeAdapter[object], value: str) -> None:
    with pytest.raises(ValidationError, match="one line"):
        kind.validate_python({"X-One": value})


def test_names_differ_by_more_than_their_case() -> None:
    assert repeated(["X-One", "x-two"]) is None
    assert repeated(["X-One", "x-one"]) == "x-one"
