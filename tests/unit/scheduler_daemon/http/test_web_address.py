"""Addresses as people enter them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from scheduler_daemon.http.web_address import WebAddress, origin_of

ADDRESS = TypeAdapter(WebAddress)


@pytest.mark.parametrize(
    "text",
    ["https://example.com", "http://example.com:8080/a/b?c=d", "https://[2606:4700::1111]/", "https://bücher.de/"],
)
def test_an_http_address_is_taken_as_it_is(text: str) -> None:
    assert ADDRESS.validate_python(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "example.com", "/path", "ftp://example.com/", "file:///etc/passwd", "http://", "http:///x", "http://h:99999/",
     "https://exa mple.com/", "https://example.com/a\nb", "https://[::1", "javascript:alert(1)"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        ADDRESS.validate_python(text)


@pytest.mark.parametrize("text", ["https://ada:secret@example.com/", "https://ada@example.com/", "https://:x@h/"])
def test_credentials_in_an_address_are_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValidationError, match="secret header `Authorization`"):
        ADDRESS.validate_python(text)


def test_errors_name_the_server_without_path_and_query() -> None:
    assert origin_of("https://example.com:8443/hook/T0KEN?key=1") == "https://example.com:8443"
