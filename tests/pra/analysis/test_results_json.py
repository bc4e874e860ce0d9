"""`results.json` is byte-stable, read back equal, and follows its published schema."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest

from reprise_pra.analysis.errors import InputError
from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.results import Results
from reprise_pra.analysis.results_json import dumps, json_schema, loads, rounded
from reprise_pra.analysis.testing import Script
from reprise_pra.analysis.testing_drills import nominal_drill

_SCHEMA = Path(__file__).parents[3] / "reports" / "results.schema.json"


@pytest.fixture(scope="module")
def whole() -> Results:
    """The results of a whole drill."""
    return judge(nominal_drill().run())


@pytest.fixture(scope="module")
def bare() -> Results:
    """The results of a run of which almost nothing is left."""
    return judge(Script().mark("t0", 5).run())


def test_the_published_schema_is_up_to_date() -> None:
    """The file in the repository is what the types say today.

    To write it anew: python -m reprise_pra.analysis > reports/results.schema.json
    """
    assert _SCHEMA.read_text(encoding="utf-8") == json_schema()


def test_results_follow_the_schema(whole: Results, bare: Results) -> None:
    """Whole or almost empty, what is written validates, and nothing else does."""
    validator = jsonschema.Draft202012Validator(json.loads(json_schema()))
    for results in (whole, bare):
        validator.validate(json.loads(dumps(results)))
    broken = json.loads(dumps(whole))
    broken["surplus"] = 1
    broken["verdicts"][0]["outcome"] = "perhaps"
    del broken["marks"]
    assert len(list(validator.iter_errors(broken))) == 3


def test_reading_gives_back_what_was_written(whole: Results, bare: Results) -> None:
    """Text to results to text is the same to the byte, and equal as values."""
    for results in (whole, bare):
        text = dumps(results)
        assert loads(text) == results
        assert dumps(loads(text)) == text


def test_numbers_are_at_the_published_precision(whole: Results) -> None:
    """Six decimals, no minus zero, no infinity."""
    odd = dataclasses.replace(whole, rta_s=1 / 3, wrt_s=-0.0)
    assert '"rta_s": 0.333333,' in dumps(odd)
    assert '"wrt_s": 0.0' in dumps(odd)
    with pytest.raises(AssertionError):
        rounded(float("inf"))


def test_another_version_is_refused(whole: Results) -> None:
    """Results of another schema are recomputed, never guessed."""
    text = dumps(whole)
    newer = text.replace('"schema_version": 2', '"schema_version": 3')
    with pytest.raises(InputError, match="recompute") as refused:
        loads(newer)
    assert "older" not in str(refused.value)
    with pytest.raises(InputError, match=r"older version.*recompute.*analyse"):
        loads(text.replace('"schema_version": 2', '"schema_version": 1'))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"outcome": "met"', '"outcome": "fine"'),
        ('"rta_s": 66.05', '"rta_s": "long"'),
        ('\n "assumptions"', '\n "guesses"'),
    ],
)
def test_what_is_no_result_is_refused(whole: Results, old: str, new: str) -> None:
    """A wrong value is named by its key."""
    text = dumps(whole)
    assert old in text
    with pytest.raises(InputError, match=r"results\.json: "):
        loads(text.replace(old, new))


def test_not_json_is_refused() -> None:
    """A cut file is one clear problem."""
    with pytest.raises(InputError, match="not JSON"):
        loads('{"schema_version": 2')
