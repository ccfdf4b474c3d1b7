"""In how many segments a short message travels, and which numbers it may go to."""

import pytest

from scheduler_daemon.notifications.notifiers.sms_message import compose_sms
from shared.errors import InvalidDefinition
from shared.sms_segments import Segments, segments_of


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("é" * 160, "gsm7", 1),
        ("€" * 80, "gsm7", 1),
        ("€" * 80 + "a", "gsm7", 2),
        # 153 septets are odd: the 77th euro of a segment does not fit, and may not be cut.
        ("€" * 76 * 2, "gsm7", 2),
        ("€" * 76 * 2 + "€", "gsm7", 3),
        ("a" + "€" * 76 * 2, "gsm7", 2),
        ("{}[]~^|\\" * 10, "gsm7", 1),
        ("ç", "ucs2", 1),
        ("Ç", "gsm7", 1),
        ("я" * 70, "ucs2", 1),
        ("я" * 71, "ucs2", 2),
        ("я" * 134, "ucs2", 2),
        ("я" * 135, "ucs2", 3),
        ("😀" * 35, "ucs2", 1),
        # 67 units are odd: the 34th emoji of a segment goes into the next one.
        ("😀" * 66, "ucs2", 2),
        ("😀" * 67, "ucs2", 3),
        ("a" * 100 + "\u2019", "ucs2", 2),
        ("line\nbreak", "gsm7", 1),
        ("`", "ucs2", 1),
    ],
)
def test_segments(text: str, encoding: str, count: int) -> None:
    assert segments_of(text) == Segments(encoding, count)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["33123456789", "+0123456789", "+331234", "+1234567890123456", "+33 123456789", ""])
def test_what_is_no_number_in_e164_is_refused_by_name(number: str) -> None:
    with pytest.raises(InvalidDefinition, match=r"recipient\.address.*\+33123456789"):
        compose_sms("i", "<i@h>", number, "text", 10)


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidDefinition, match=r"3 segments \(gsm7\).*SMS_MAX_SEGMENTS"):
        compose_sms("i", "<i@h>", "+33123456789", "a" * 400, 2)
