"""A JSON body, read with OpenMRS's rules: what may be there, what must, of which type."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Sequence

from reprise_platform.standin import dates, errors
from reprise_platform.standin.jsonvalues import Json


class Body:
    """The properties of one object that a client sent."""

    def __init__(self, properties: dict[str, Json], kind: str) -> None:
        self._properties = properties
        self._kind = kind

    def __contains__(self, name: str) -> bool:
        return self._properties.get(name) is not None

    @property
    def is_undelete(self) -> bool:
        """Tell whether the body asks for nothing but to bring back what was voided."""
        return self._properties == {"deleted": "false"}

    def has(self, name: str) -> bool:
        """Tell whether a property is there, null included."""
        return name in self._properties

    def allow(self, *names: str) -> None:
        """Refuse properties that may not be set.

        Raises:
            ApiError: there are some.
        """
        others = [name for name in self._properties if name not in names]
        if others:
            raise errors.not_allowed(*others)

    def require(self, *names: str) -> None:
        """Refuse a body without these properties.

        Raises:
            ApiError: some are missing.
        """
        absent = [name for name in names if name not in self]
        if absent:
            raise errors.missing(*absent)

    def without(self, *names: str) -> Body:
        """Return the body but for some properties."""
        kept = {k: v for k, v in self._properties.items() if k not in names}
        return Body(kept, self._kind)

    def raw(self, name: str) -> Json:
        """Return a property as it came."""
        return self._properties.get(name)

    def text(self, name: str) -> str | None:
        """Return a text; numbers are taken as written.

        Raises:
            ApiError: it is an object or a list.
        """
        value = self._properties.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool | dict | list):
            raise self._unreadable(name)
        return str(value)

    def flag(self, name: str, *, otherwise: bool = False) -> bool:
        """Return a truth value; `"true"` counts, as in OpenMRS."""
        value = self._properties.get(name)
        if value is None:
            return otherwise
        return value is True or (isinstance(value, str) and value.lower() == "true")

    def reference(self, name: str) -> str | None:
        """Return the uuid of an object referred to, by uuid or as an object with one.

        Raises:
            ApiError: it is neither.
        """
        value = self._properties.get(name)
        if isinstance(value, dict):
            value = value.get("uuid")
        if value is None or isinstance(value, str):
            return value
        raise self._unreadable(name)

    def references(self, name: str) -> Sequence[str]:
        """Return the uuids of the objects of a list, none if the property is absent.

        Raises:
            ApiError: it is something else.
        """
        value = self._properties.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._unreadable(name)
        given = [each.get("uuid") if isinstance(each, dict) else each for each in value]
        uuids = [each for each in given if isinstance(each, str)]
        if len(uuids) != len(value):
            raise self._unreadable(name)
        return uuids

    def moment(self, name: str) -> dt.datetime | None:
        """Return a date-time.

        Raises:
            ApiError: it is none.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            return dates.parse_datetime(text)
        except ValueError:
            raise self._unreadable(name) from None

    def day(self, name: str) -> dt.date | None:
        """Return a date.

        Raises:
            ApiError: it is none.
        """
        moment = self.moment(name)
        return None if moment is None else moment.date()

    def inner(self, name: str) -> Body:
        """Return an object inside this one.

        Raises:
            ApiError: it is something else.
        """
        value = self._properties.get(name)
        if not isinstance(value, dict):
            raise self._unreadable(name)
        return Body(value, name)

    def items(self, name: str) -> Sequence[Body]:
        """Return the objects of a list, none if the property is absent.

        Raises:
            ApiError: it is something else.
        """
        value = self._properties.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._unreadable(name)
        bodies = []
        for item in value:
            if not isinstance(item, dict):
                raise self._unreadable(name)
            bodies.append(Body(item, name))
        return bodies

    def _unreadable(self, name: str) -> errors.ApiError:
        return errors.conversion(f"{name} on {self._kind}")


def parse(data: bytes, kind: str) -> Body:
    """Read a request's body; an empty one has no properties.

    Raises:
        ApiError: it is not a JSON object.
    """
    if not data:
        return Body({}, kind)
    try:
        value = json.loads(data, parse_constant=_refuse_constant)
    except ValueError:
        msg = "Object"
        raise errors.unreadable(msg, "START_OBJECT") from None
    if not isinstance(value, dict):
        kind_of, token = ("Array", "START_ARRAY")
        if not isinstance(value, list):
            kind_of, token = ("String", "VALUE_STRING")
        raise errors.unreadable(kind_of, token)
    return Body(value, kind)


def to_number(value: Json) -> float | None:
    """Return a finite number, written as one or as text; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _refuse_constant(_: str) -> None:
    """NaN and the infinities are no JSON."""
    raise ValueError
