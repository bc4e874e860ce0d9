"""The `v=` parameter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_platform.standin import errors
from reprise_platform.standin.representations import (
    DEFAULT,
    FULL,
    REF,
    Field,
    Form,
    Representation,
    parse,
)


def _custom(*fields: Field) -> Representation:
    return Representation(form=Form.CUSTOM, fields=fields)


def _field(name: str, representation: Representation) -> Field:
    return Field(name=name, representation=representation)


def test_words() -> None:
    """The three words, and any other one, which is the default."""
    assert parse("ref", DEFAULT) == REF
    assert parse("full", DEFAULT) == FULL
    assert parse("default", REF) == DEFAULT
    assert parse("whatever", REF) == DEFAULT
    assert parse(None, REF) == REF


def test_empty_is_a_failure() -> None:
    """`v=` alone makes OpenMRS fail, with a 500."""
    with pytest.raises(errors.ApiError) as caught:
        parse("", DEFAULT)
    assert caught.value.status == 500


def test_custom_nests() -> None:
    """Properties, their representations, and properties of properties."""
    person = _custom(_field("gender", DEFAULT), _field("names", FULL))
    assert parse("custom:(uuid,person:(gender,names:full),location:ref)", DEFAULT) == (
        _custom(
            _field("uuid", DEFAULT), _field("person", person), _field("location", REF)
        )
    )


def test_last_parenthesis_may_be_missing() -> None:
    """OpenMRS reads it all the same, and clients rely on it."""
    whole = parse("custom:(uuid,person:(gender,names:(display)))", DEFAULT)
    assert parse("custom:(uuid,person:(gender,names:(display))", DEFAULT) == whole


@given(st.text("abc(),: ", max_size=40))
def test_anything_is_read(text: str) -> None:
    """No list of properties makes the reader fail: it comes from outside."""
    parse(f"custom:{text}", DEFAULT)
