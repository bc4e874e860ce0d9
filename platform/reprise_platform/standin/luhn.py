"""Patient numbers: a sequence in base 30, closed by a Luhn check character modulo 30."""

from __future__ import annotations

from typing import Final

CHARACTERS: Final = "0123456789ACDEFGHJKLMNPRTUVWXY"
"""Digits and letters, without those that are mistaken for one another."""

_BASE: Final = len(CHARACTERS)


def encode(value: int, width: int) -> str:
    """Write a number in base 30, filled with zeros to `width` characters."""
    digits = []
    while value:
        value, digit = divmod(value, _BASE)
        digits.append(CHARACTERS[digit])
    return "".join(reversed(digits)).rjust(width, CHARACTERS[0])


def decode(text: str) -> int:
    """Read a number in base 30.

    Raises:
        ValueError: a character is not of the set.
    """
    value = 0
    for character in text:
        value = value * _BASE + CHARACTERS.index(character)
    return value


def check_character(text: str) -> str:
    """Return the check character (Luhn modulo N, as OpenMRS's idgen computes it).

    Raises:
        ValueError: a character is not of the set.
    """
    total, factor = 0, 2
    for character in reversed(text):
        addend = factor * CHARACTERS.index(character)
        total += addend // _BASE + addend % _BASE
        factor = 3 - factor
    return CHARACTERS[-total % _BASE]


def identifier(value: int, width: int) -> str:
    """Return the patient number of a place in the sequence."""
    body = encode(value, width)
    return body + check_character(body)


def is_valid(text: str) -> bool:
    """Tell whether the last character is the right one for those before it."""
    if len(text) <= 1 or any(character not in CHARACTERS for character in text):
        return False
    return check_character(text[:-1]) == text[-1]


def mod10(number: str) -> int:
    """Return the check digit that OpenMRS puts behind the numbers of its users."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value // 10 + value % 10
    return (10 - total % 10) % 10
