"""Patient numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_platform.standin import luhn

_BODY = st.text(luhn.CHARACTERS, min_size=1, max_size=12)


def test_first_numbers_are_those_of_openmrs() -> None:
    """The sequence starts where a fresh OpenMRS starts, with the same check characters."""
    first = luhn.decode("100000")
    numbers = [luhn.identifier(first + place, 6) for place in range(6)]
    assert numbers == ["100000Y", "100001W", "100002U", "100003R", "100004N", "100005L"]


@given(_BODY)
def test_check_character_makes_a_number_valid(body: str) -> None:
    """A number with its own check character is valid, with any other it is not."""
    right = luhn.check_character(body)
    assert luhn.is_valid(body + right)
    wrong = set(luhn.CHARACTERS) - {right}
    assert not any(luhn.is_valid(body + character) for character in wrong)


@given(_BODY, st.data())
def test_one_mistyped_character_is_found(body: str, data: st.DataObject) -> None:
    """Any single wrong character makes a number invalid, as Luhn promises."""
    place = data.draw(st.integers(0, len(body) - 1))
    others = [it for it in luhn.CHARACTERS if it != body[place]]
    mistyped = body[:place] + data.draw(st.sampled_from(others)) + body[place + 1 :]
    assert not luhn.is_valid(mistyped + luhn.check_character(body))


@given(st.integers(0, 30**8))
def test_decoding_undoes_encoding(value: int) -> None:
    """A place in the sequence is read back from its writing."""
    assert luhn.decode(luhn.encode(value, 6)) == value


@pytest.mark.parametrize("text", ["", "Y", "100000I", "100000 ", "Ñ00000Y"])
def test_no_number(text: str) -> None:
    """Too short, or with characters that numbers do not have: not valid, no error."""
    assert not luhn.is_valid(text)
