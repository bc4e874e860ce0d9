"""Search parameters turned into conditions of a query."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from reprise_platform.standin import dates
from reprise_platform.standin.fhir import outcomes

_OPERATORS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "sa": ">", "eb": "<"}
_DAY_LENGTH = len("2026-01-12")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A clause and its values."""

    clause: str
    values: tuple[object, ...]


Maker: TypeAlias = Callable[[str, str, str], Condition]
"""From a parameter's name, modifier and value to a condition."""


def any_of(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that one of several holds."""
    several = tuple(conditions)
    return Condition(
        clause=f"({' OR '.join(each.clause for each in several)})",
        values=tuple(value for each in several for value in each.values),
    )


def uuid(column: str, kind: str = "") -> Maker:
    """Return what compares a reference or an id with a column."""

    def make(_: str, __: str, value: str) -> Condition:
        return Condition(clause=f"{column} = %s", values=(value.removeprefix(kind),))

    return make


def token(column: str) -> Maker:
    """Return what compares a code, its system left aside, with a column."""

    def make(_: str, __: str, value: str) -> Condition:
        code = value.rpartition("|")[2]
        return Condition(clause=f"{column} = %s", values=(code,))

    return make


def text(columns: Sequence[str], frame: str = "{}") -> Maker:
    """Return what looks for a text at the beginning of columns.

    Args:
        frame: where the comparison stands, `{}` in it.
    """

    def make(_: str, modifier: str, value: str) -> Condition:
        escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = {"exact": escaped, "contains": f"%{escaped}%"}.get(
            modifier, f"{escaped}%"
        )
        inner = " OR ".join(f"{column} LIKE %s" for column in columns)
        return Condition(
            clause=frame.format(f"({inner})"), values=(pattern,) * len(columns)
        )

    return make


def moment(column: str) -> Maker:
    """Return what compares a date, with its prefix, with a column."""

    def make(name: str, _: str, value: str) -> Condition:
        prefix = value[:2] if value[:2].isalpha() else "eq"
        written = value[2:] if value[:2].isalpha() else value
        try:
            # A plus sign that was not escaped arrives as a space.
            start = dates.parse_datetime(written.replace(" ", "+"))
        except ValueError:
            raise outcomes.bad_parameter(name, value) from None
        whole_day = len(written) == _DAY_LENGTH
        end = start + (dates.ALMOST_A_DAY if whole_day else dt.timedelta(0))
        if prefix in _OPERATORS:
            edge = end if prefix in {"le", "gt", "sa"} else start
            clause = f"{column} {_OPERATORS[prefix]} %s"
            return Condition(clause=clause, values=(edge,))
        clause = f"{column} BETWEEN %s AND %s"
        if prefix == "ne":
            clause = f"NOT ({clause})"
        elif prefix != "eq":
            raise outcomes.bad_parameter(name, value)
        return Condition(clause=clause, values=(start, end))

    return make
