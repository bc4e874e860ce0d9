"""Recorded runs give their expected results, to the byte, from their files alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprise_pra.analysis import analyse
from reprise_pra.analysis.results_json import dumps
from reprise_pra.analysis.verdicts import exit_code

_HISTORIES = Path(__file__).parents[2] / "histories"
_RECORDED = sorted(path.parent for path in _HISTORIES.glob("*/expected.json"))
_EXIT_CODES = {"met": 0, "older-backup": 1, "killed": 2}


@pytest.mark.parametrize("folder", _RECORDED, ids=lambda folder: folder.name)
def test_a_recorded_run_is_judged_as_expected(folder: Path) -> None:
    """The same files give the same bytes, whoever computes them and when."""
    results = analyse(folder)
    expected = (folder / "expected.json").read_text(encoding="utf-8")
    assert dumps(results) == expected


@pytest.mark.parametrize(("name", "expected"), _EXIT_CODES.items())
def test_the_three_verdicts_have_a_run_each(name: str, expected: int) -> None:
    """Met, missed and unknown are each shown by a recorded run."""
    assert exit_code(analyse(_HISTORIES / name).outcome) == expected
