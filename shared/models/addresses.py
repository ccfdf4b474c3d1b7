"""Addresses of people: e-mail and phone."""

import re
from typing import Annotated

import email_validator
from pydantic import AfterValidator, Field, StringConstraints

INTERNAL_DOMAINS = ("local", "localhost", "test", "invalid")
"""Reserved by RFC 6761, yet used inside organisations and in tests; the library refuses them unless told otherwise."""

for _domain in INTERNAL_DOMAINS:
    if _domain in email_validator.SPECIAL_USE_DOMAIN_NAMES:
        email_validator.SPECIAL_USE_DOMAIN_NAMES.remove(_domain)


def _refuse_control(text: str) -> str:
    if not text.isprintable():
        raise ValueError("may not contain line ends or other control characters")
    return text


_PLAIN = re.compile(r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?P<last>[a-z]{2,})")
_LONGEST_PLAIN = 64


def _is_plain(text: str) -> bool:
    """Whether this is an address of the common form, which is normalised already; False: it takes a closer look."""
    found = _PLAIN.fullmatch(text) if len(text) <= _LONGEST_PLAIN else None
    return found is not None and found["last"] not in email_validator.SPECIAL_USE_DOMAIN_NAMES


def _is_address(text: str) -> str:
    if _is_plain(text):
        return text
    try:
        return email_validator.validate_email(text, check_deliverability=False, globally_deliverable=False).normalized
    except email_validator.EmailNotValidError as fault:
        raise ValueError(f"not an e-mail address: {fault}") from None


EmailAddress = Annotated[str, Field(max_length=320), AfterValidator(_is_address)]
"""RFC 5322 addr-spec, normalised; internationalised domains are allowed (RFC 6531)."""


def _is_mailbox(text: str) -> str:
    try:
        email_validator.validate_email(
            text, check_deliverability=False, globally_deliverable=False, allow_display_name=True
        )
    except email_validator.EmailNotValidError as fault:
        raise ValueError(f"not a mailbox: {fault}; write Name <address>, or the address alone") from None
    return text


MailboxText = Annotated[str, Field(max_length=520), AfterValidator(_refuse_control), AfterValidator(_is_mailbox)]
"""`Name <address>` or an address alone, as it stands in a header of an e-mail."""
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
"""E.164, e.g. +33123456789."""
Locale = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")]
"""Of BCP 47, e.g. fr-FR."""
