"""In how many segments the networks carry a short message (3GPP TS 23.038 and 23.040). Pure; both programs use it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["gsm7", "ucs2"]

_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Each takes two septets: the escape and itself."""
_SINGLE: Mapping[Encoding, int] = {"gsm7": 160, "ucs2": 70}
_CONCATENATED: Mapping[Encoding, int] = {"gsm7": 153, "ucs2": 67}
"""The header that joins the segments takes the rest."""
_BEYOND_BMP = 0xFFFF


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text travels: the alphabet, and how many segments (what a provider bills)."""

    encoding: Encoding
    count: int


def segments_of(text: str) -> Segments:
    """One character outside of the GSM alphabet makes the whole text UCS-2. No character is cut by a segment's end."""
    if all(character in _GSM7 or character in _GSM7_EXTENSION for character in text):
        return _counted("gsm7", [2 if character in _GSM7_EXTENSION else 1 for character in text])
    return _counted("ucs2", [2 if ord(character) > _BEYOND_BMP else 1 for character in text])


def _counted(encoding: Encoding, sizes: Iterable[int]) -> Segments:
    sizes = list(sizes)
    if sum(sizes) <= _SINGLE[encoding]:
        return Segments(encoding, 1)
    room, count, used = _CONCATENATED[encoding], 1, 0
    for size in sizes:
        if used + size > room:
            count, used = count + 1, 0
        used += size
    return Segments(encoding, count)
