"""Objects to JSON: what a resource is made of, and how a representation shows it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

from reprise_platform.standin import dates, errors
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.representations import (
    Field,
    Form,
    Representation,
    fields,
)

T = TypeVar("T")
Scalar: TypeAlias = "bool | int | float | str | dt.date | None"
Value: TypeAlias = "Scalar | Item | Sequence[Item]"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object, as a resource: it knows its properties by name.

    Attributes:
        alias: the resource's name in links.
        path: where it is, below the REST base.
        bare: a plain object, without links or version.
    """

    alias: str
    path: str
    version: str
    default: tuple[Field, ...]
    full: tuple[Field, ...]
    bare: bool
    voided: bool
    value: Callable[[str], Value]


class Kind(Generic[T]):
    """A resource: its properties and its two fixed representations."""

    def __init__(
        self,
        alias: str,
        *,
        version: str,
        path: Callable[[T], str],
        properties: Mapping[str, Callable[[T], Value]],
        default: str,
        full: str,
        bare: bool = False,
    ) -> None:
        self._alias = alias
        self._version = version
        self._path = path
        self._properties = properties
        self._default = fields(default)
        self._full = fields(full)
        self._bare = bare

    def of(self, subject: T) -> Item:
        """Return an object as an item of this kind."""

        def value(name: str) -> Value:
            getter = self._properties.get(name)
            if getter is None:
                reason = f"{name} on {self._alias}"
                raise errors.conversion(reason)
            return getter(subject)

        return Item(
            alias=self._alias,
            path=self._path(subject),
            version=self._version,
            default=self._default,
            full=self._full,
            bare=self._bare,
            voided="voided" in self._properties and value("voided") is True,
            value=value,
        )

    def maybe(self, subject: T | None) -> Item | None:
        """Return an object as an item, or nothing."""
        return None if subject is None else self.of(subject)

    def all(self, subjects: Sequence[T]) -> Sequence[Item]:
        """Return objects as items."""
        return [self.of(subject) for subject in subjects]


def render(item: Item, representation: Representation, base: str) -> dict[str, Json]:
    """Return an object's JSON.

    Args:
        base: the REST base as the client wrote it, for the links.
    """
    if item.bare:
        return {
            field.name: _json(item.value(field.name), field.representation, base)
            for field in item.default
        }
    if representation.form is Form.REF:
        shown: dict[str, Json] = {
            "uuid": _json(item.value("uuid"), representation, base),
            "display": _json(item.value("display"), representation, base),
        }
        if item.voided:
            shown["voided"] = True
        shown["links"] = [_link(item, base)]
        return shown
    if representation.form is Form.CUSTOM:
        wanted, view = representation.fields, "default"
    elif representation.form is Form.FULL:
        wanted, view = item.full, ""
    else:
        wanted, view = item.default, "full"
    links = [_link(item, base)]
    if view:
        links.append(_link(item, base, view))
    shown = {
        field.name: links
        if field.name == "links"
        else _json(item.value(field.name), field.representation, base)
        for field in wanted
    }
    if representation.form is not Form.CUSTOM:
        shown["links"] = links
    shown["resourceVersion"] = item.version
    return shown


def _json(value: Value, representation: Representation, base: str) -> Json:
    if isinstance(value, Item):
        return render(value, representation, base)
    if isinstance(value, dt.date):
        return dates.format_json(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return [render(item, representation, base) for item in value]


def _link(item: Item, base: str, view: str = "") -> Json:
    query = f"?v={view}" if view else ""
    return {
        "rel": view or "self",
        "uri": f"{base}/{item.path}{query}",
        "resourceAlias": item.alias,
    }
