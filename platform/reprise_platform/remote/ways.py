"""How a remote site does what Kubernetes cannot: by a command, by a person, or not at all.

A site file declares one way for each capability. None is guessed: a capability that is
not declared is `none`, and a fault that needs it is refused before anything is touched.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, LiteralString, Self

import pydantic
import pydantic_core

from reprise_platform.sitebase import Frozen, beside

TAINT: Final = "reprise/power-off"
"""Marks a node whose power cut is approximated, and keeps pods away from it."""
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_WITHIN_S = 120
_NO_PROGRAM: Final = "a command needs a program"
_ACCEPTED: Final = (
    "none, manual, {manual: WHAT TO ASK}, {command: [PROGRAM, ARGUMENT, ...]}"
)


class Kind(enum.StrEnum):
    """Who does it."""

    NONE = "none"
    MANUAL = "manual"
    COMMAND = "command"
    KUBERNETES = "kubernetes"
    PROVISIONED = "provisioned"


class Way(Frozen):
    """One declared way.

    Attributes:
        command: the words of a program run on this machine, with `{placeholders}`.
        within_s: after that many seconds the program is killed, and that is a failure.
        ask: what a person is asked to do.
    """

    kind: Kind = Kind.NONE
    command: tuple[str, ...] = ()
    within_s: int = pydantic.Field(default=_WITHIN_S, ge=1, le=3600)
    ask: str = ""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _written(cls, raw: object) -> object:
        """Turn what people write into the fields above."""
        if isinstance(raw, cls):
            return raw
        if isinstance(raw, str) and raw in set(Kind) - {Kind.COMMAND}:
            return {"kind": raw}
        if isinstance(raw, dict):
            if "kind" in raw:
                return raw
            if set(raw) == {"manual"} and isinstance(raw["manual"], str):
                return {"kind": Kind.MANUAL, "ask": raw["manual"]}
            if "command" in raw and set(raw) <= {"command", "within_s"}:
                return {"kind": Kind.COMMAND, **raw}
        raise _refusal("a way is " + _ACCEPTED)

    @pydantic.field_validator("command")
    @classmethod
    def _program(
        cls, command: tuple[str, ...], info: pydantic.ValidationInfo
    ) -> tuple[str, ...]:
        """A program with a path lies beside the site file; another is looked for in PATH."""
        if command and "/" in command[0]:
            return (str(beside(Path(command[0]), info)), *command[1:])
        return command

    @pydantic.model_validator(mode="after")
    def _has_words(self) -> Self:
        if self.kind is Kind.COMMAND and not self.command:
            raise _refusal(_NO_PROGRAM)
        return self

    def unknown(self, known: frozenset[str]) -> tuple[str, ...]:
        """Return the placeholders of the command that nothing would fill."""
        used = {name for word in self.command for name in _PLACEHOLDER.findall(word)}
        return tuple(sorted(used - known))

    def words(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """Return the command with its placeholders filled; no shell reads it."""

        def filled(word: str) -> str:
            return _PLACEHOLDER.sub(lambda found: values[found.group(1)], word)

        return tuple(filled(word) for word in self.command)


def _refusal(told: LiteralString) -> pydantic_core.PydanticCustomError:
    return pydantic_core.PydanticCustomError("way", told)


class Declared(Frozen):
    """The way of each capability; one that is not written is `none`."""

    power_off: Way = Way(kind=Kind.NONE)
    power_on: Way = Way(kind=Kind.NONE)
    isolate_zone: Way = Way(kind=Kind.NONE)
    restore_zone: Way = Way(kind=Kind.NONE)
    power_off_primary: Way = Way(kind=Kind.NONE)
    fence_primary: Way = Way(kind=Kind.NONE)
    switch: Way = Way(kind=Kind.NONE)
    make_recovery_volumes: Way = Way(kind=Kind.NONE)
    drop_recovery_volumes: Way = Way(kind=Kind.NONE)

    def each(self) -> dict[str, Way]:
        """Return every way by the name of its capability."""
        return {name: getattr(self, name) for name in type(self).model_fields}


PLACEHOLDERS: Final[Mapping[str, frozenset[str]]] = {
    "power_off": frozenset({"site", "node", "machine"}),
    "power_on": frozenset({"site", "node", "machine"}),
    "isolate_zone": frozenset({"site", "zone"}),
    "restore_zone": frozenset({"site", "zone"}),
    "power_off_primary": frozenset({"site"}),
    "fence_primary": frozenset({"site"}),
    "switch": frozenset({"site", "to"}),
    "make_recovery_volumes": frozenset({"site", "namespace"}),
    "drop_recovery_volumes": frozenset({"site", "volume"}),
}
"""What a command may be told, by capability. `machine` is the node's entry in `machines`,
or its name; `to` is primary or recovery."""

# What is begun must be possible to end.
_PAIRS = (
    ("power_off", "power_on"),
    ("isolate_zone", "restore_zone"),
    ("make_recovery_volumes", "drop_recovery_volumes"),
)
_ONLY_THERE = {
    Kind.KUBERNETES: frozenset({"power_off", "power_on"}),
    Kind.PROVISIONED: frozenset({"make_recovery_volumes", "drop_recovery_volumes"}),
}


def contradictions(declared: Declared) -> list[tuple[str, str]]:
    """Return (key, problem) of ways that cannot be, or not together."""
    found = []
    for name, way in declared.each().items():
        if unknown := way.unknown(PLACEHOLDERS[name]):
            known = ", ".join(sorted(PLACEHOLDERS[name]))
            told = ", ".join(unknown)
            found.append((name, f"nothing fills {{{told}}}; there is: {known}"))
        if name not in _ONLY_THERE.get(way.kind, {name}):
            where = ", ".join(sorted(_ONLY_THERE[way.kind]))
            found.append((name, f"{way.kind} is a way of {where} alone"))
    for first, second in _PAIRS:
        begun, ended = getattr(declared, first), getattr(declared, second)
        special = {Kind.KUBERNETES, Kind.PROVISIONED}
        if (begun.kind is Kind.NONE) != (ended.kind is Kind.NONE) or (
            begun.kind is not ended.kind and special & {begun.kind, ended.kind}
        ):
            told = f"{first} is {begun.kind}, this is {ended.kind}: both or neither"
            found.append((second, told))
    return found
