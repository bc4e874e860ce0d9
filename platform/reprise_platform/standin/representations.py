"""The `v=` parameter: ref, default, full, or a list of properties of one's own.

`custom:(uuid,person:(gender,age),location:ref)`: a property alone takes its default
representation, a colon gives it another, parentheses nest.
"""

from __future__ import annotations

import dataclasses
import enum
import functools

from reprise_platform.standin import errors

_PREFIX = "custom:"


class Form(enum.Enum):
    """The kind of a representation."""

    REF = "ref"
    DEFAULT = "default"
    FULL = "full"
    CUSTOM = "custom"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """A form and, for the custom one, its fields."""

    form: Form
    fields: tuple[Field, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A property and the representation of what it holds."""

    name: str
    representation: Representation


REF = Representation(form=Form.REF)
DEFAULT = Representation(form=Form.DEFAULT)
FULL = Representation(form=Form.FULL)


def parse(text: str | None, otherwise: Representation) -> Representation:
    """Read a `v=` parameter; any word that is none is the default one, as in OpenMRS.

    Raises:
        ApiError: it is empty (500, as OpenMRS fails on it).
    """
    if text is None:
        return otherwise
    if not text:
        raise errors.empty_representation()
    if text.startswith(_PREFIX):
        return _custom(text)
    return {"ref": REF, "full": FULL}.get(text, DEFAULT)


@functools.lru_cache(maxsize=512)
def _custom(text: str) -> Representation:
    return Representation(form=Form.CUSTOM, fields=fields(text.removeprefix(_PREFIX)))


def fields(text: str) -> tuple[Field, ...]:
    """Read a list of properties; a last parenthesis may be missing, as OpenMRS allows."""
    inner = text.strip().removeprefix("(")
    if text.strip().startswith("(") and inner.count("(") < inner.count(")"):
        inner = inner.removesuffix(")")
    return tuple(_field(part) for part in _split(inner) if part)


def _split(text: str) -> list[str]:
    """Cut at the commas that are outside parentheses."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]


def _field(text: str) -> Field:
    name, _, rest = text.partition(":")
    shape = {"ref": REF, "full": FULL}.get(rest, DEFAULT)
    if rest.startswith("("):
        shape = Representation(form=Form.CUSTOM, fields=fields(rest))
    return Field(name=name, representation=shape)
