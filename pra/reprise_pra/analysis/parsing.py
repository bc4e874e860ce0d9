"""Files become types here, once; every problem of a file is told at once.

A person who mistypes two keys of a plan must not learn it in two runs of an hour, so
problems are collected: the file, the key's path, what is wrong, what is accepted. What
is accepted stands in each field's `description`, beside its constraint.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Hashable
from pathlib import Path
from typing import Any, Never

import pydantic
import yaml

from reprise_pra.analysis.errors import InputError

_SHOWN_CHARACTERS = 60


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML that refuses a key written twice: the last one would silently win."""


def _construct_mapping(
    loader: _UniqueKeyLoader, node: yaml.MappingNode
) -> dict[Hashable, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            msg = f"the key {key!r} stands twice"
            raise yaml.MarkedYAMLError(problem=msg, problem_mark=key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping
)


def parse_yaml[M: pydantic.BaseModel](path: Path, model: type[M]) -> M:
    """Read a YAML file as `model`.

    Raises:
        InputError: every problem, one line each.
    """
    text = _read(path)
    try:
        raw = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise InputError([f"{path}: not YAML: {_one_line(str(error))}"]) from error
    return validate(raw, model, source=str(path))


def parse_json[M: pydantic.BaseModel](path: Path, model: type[M]) -> M:
    """Read a JSON file as `model`.

    Raises:
        InputError: every problem, one line each.
    """
    try:
        raw = json.loads(_read(path))
    except json.JSONDecodeError as error:
        raise InputError([f"{path}: not JSON: {error}"]) from error
    return validate(raw, model, source=str(path))


def validate[M: pydantic.BaseModel](raw: object, model: type[M], *, source: str) -> M:
    """Check parsed data against `model`; `source` names the file in the problems.

    Raises:
        InputError: every problem, one line each.
    """
    if not isinstance(raw, dict):
        fields = ", ".join(sorted(model.model_fields))
        msg = f"{source}: empty or not a mapping; accepted: the keys {fields}"
        raise InputError([msg])
    try:
        return model.model_validate(raw)
    except pydantic.ValidationError as error:
        raise InputError(_problems(error, model, source)) from error


def _problems(
    error: pydantic.ValidationError, model: type[pydantic.BaseModel], source: str
) -> list[str]:
    lines = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        line = f"{source}: {key}: " if key else f"{source}: "
        if problem["type"] == "missing":
            line += "missing"
        elif problem["type"] == "extra_forbidden":
            line += "unknown key"
        else:
            given = repr(problem["input"])
            # A rule between several keys has the whole mapping for input: too much to show.
            shown = "" if isinstance(problem["input"], dict) else f"; got {given}"
            line += problem["msg"].removeprefix("Value error, ")
            line += shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[:60]}…"
        accepted = _accepted(model, problem["loc"])
        lines.append(f"{line}; accepted: {accepted}" if accepted else line)
    return lines


def _accepted(
    model: type[pydantic.BaseModel], loc: tuple[int | str, ...]
) -> str | None:
    """Follow `loc` through the models and return what its field's description accepts."""
    annotation: object = model
    said: str | None = None
    for part in loc:
        if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
            field = annotation.model_fields.get(str(part))
            if field is None:
                return "the keys " + ", ".join(sorted(annotation.model_fields))
            said = field.description
            annotation = field.annotation
        else:  # the name of an entry in a mapping, or an index: go to the values' type
            annotation = (*typing.get_args(annotation), None)[-2:][0]
    return said


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        _refuse(f"{path}: no such file")
    except (OSError, UnicodeDecodeError) as error:
        _refuse(f"{path}: cannot be read: {error}")


def _refuse(problem: str) -> Never:
    raise InputError([problem])


def _one_line(text: str) -> str:
    return " ".join(text.split())
