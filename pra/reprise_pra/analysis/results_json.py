"""`results.json`: written byte for byte the same, read back equal, its schema published.

Keys are sorted; durations, ratios and latencies are rounded to six decimals (a
microsecond, a millionth); outcomes are words. Reading refuses another schema version:
old runs keep their history, and their results are recomputed.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from typing import Any

import pydantic

from reprise_pra.analysis.errors import InputError
from reprise_pra.analysis.results import SCHEMA_VERSION, Outcome, Results
from reprise_pra.history import JsonValue

PRECISION_DECIMALS = 6
_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ADAPTER = pydantic.TypeAdapter(Results)


def dumps(results: Results) -> str:
    """Write results as JSON text that ends with a line feed."""
    plain = _plain(results)
    return (
        json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
        + "\n"
    )


def loads(text: str) -> Results:
    """Read what `dumps` wrote.

    Raises:
        InputError: it is not such a text, or of another schema version.
    """
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        msg = f"results.json: not JSON: {error}"
        raise InputError([msg]) from error
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version != SCHEMA_VERSION:
        age = (
            "written by an older version: "
            if isinstance(version, int) and version < SCHEMA_VERSION
            else ""
        )
        msg = (
            f"results.json: {age}schema_version: got {version!r}; "
            f"accepted: {SCHEMA_VERSION}; recompute the results from the run's history: "
            "python -m reprise_pra analyse RUN"
        )
        raise InputError([msg])
    try:
        return _ADAPTER.validate_python(_outcomes_from_words(raw))
    except pydantic.ValidationError as error:
        raise InputError(
            [
                f"results.json: {'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
                for one in error.errors(include_url=False)
            ]
        ) from error


def json_schema() -> str:
    """Return the JSON Schema of `results.json` as text that ends with a line feed."""
    schema: dict[str, Any] = _ADAPTER.json_schema(mode="serialization")
    definitions = schema["$defs"]
    definitions["Outcome"] = {
        "description": "met < unknown < missed: the worst of several stands.",
        "enum": [_word(outcome) for outcome in Outcome],
        "type": "string",
    }
    for definition in (schema, *definitions.values()):
        if definition.get("type") == "object":
            definition["additionalProperties"] = False
            # Every key is always written, also those that have a default.
            definition["required"] = sorted(definition["properties"])
    schema["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    schema["$schema"] = _SCHEMA_DIALECT
    schema["title"] = "results.json of a Reprise run"
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def rounded(value: float) -> float:
    """Return a number at the published precision; minus zero is zero."""
    assert math.isfinite(value), "a result is a number or None"
    return round(value, PRECISION_DECIMALS) + 0.0


def _plain(value: object) -> JsonValue:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Outcome):
        return _word(value)
    if isinstance(value, float):
        return rounded(value)
    assert value is None or isinstance(value, (bool, int, str)), type(value)
    return value.value if isinstance(value, enum.StrEnum) else value


def _word(outcome: Outcome) -> str:
    return outcome.name.lower()


def _outcomes_from_words(raw: dict[str, Any]) -> dict[str, Any]:
    words = {_word(outcome): outcome for outcome in Outcome}
    verdicts = raw.get("verdicts")
    if isinstance(verdicts, list):
        raw["verdicts"] = [
            {**one, "outcome": words.get(str(one.get("outcome")), one.get("outcome"))}
            if isinstance(one, dict)
            else one
            for one in verdicts
        ]
    raw["outcome"] = words.get(str(raw.get("outcome")), raw.get("outcome"))
    return raw
