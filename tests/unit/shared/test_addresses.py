"""E-mail addresses: the quick way for plain ones says what the library says."""

import string
from typing import Any

import email_validator
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.models.addresses import EmailAddress

ADDRESS: TypeAdapter[Any] = TypeAdapter(EmailAddress)
PARTS = st.text(string.ascii_letters + string.digits + "._+-", min_size=1, max_size=12)
DOMAINS = st.lists(st.text("abxn019-XÄ", min_size=1, max_size=6), min_size=1, max_size=3).map(".".join)
ENDS = st.sampled_from(["", ".com", ".example", ".test", ".arpa", ".onion", ".local", ".c", ".1", ".xn--p1ai"])


def of_the_library(text: str) -> str | None:
    try:
        found = email_validator.validate_email(text, check_deliverability=False, globally_deliverable=False)
    except email_validator.EmailNotValidError:
        return None
    return found.normalized


@given(st.builds(lambda local, domain, end: f"{local}@{domain}{end}", PARTS, DOMAINS, ENDS))
@example("ada@example.com")
@example("ada@example.arpa")
@example("ada@sub.example.onion")
@example("ada@EXAMPLE.com")
@example("a..b@example.com")
@example(f"{'a' * 65}@example.com")
@example(f"a@{'b' * 64}.com")
@example("a@xn--bcher-kva.example")
def test_an_address_is_read_as_the_library_reads_it(text: str) -> None:
    expected = of_the_library(text)
    if expected is None:
        with pytest.raises(ValidationError):
            ADDRESS.validate_python(text)
    else:
        assert ADDRESS.validate_python(text) == expected
