"""The definitions name functions that exist, and every assumption is defined."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from reprise_pra.analysis.fates import Fate
from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.testing_drills import nominal_drill

_README = (Path(__file__).parents[3] / "pra" / "README.md").read_text(encoding="utf-8")


def test_every_function_named_exists() -> None:
    """`module.function` in the definitions is a function of the analysis."""
    named = set(re.findall(r"`([a-z_]+)\.([a-z_]+)`", _README))
    modules = {
        path.stem
        for path in (
            Path(__file__).parents[3] / "pra" / "reprise_pra" / "analysis"
        ).glob("*.py")
    }
    functions = {
        (module, name)
        for module, name in named
        if module in modules and name not in {"json", "yaml"}  # files
    }
    assert len(functions) > 25
    for module, name in functions:
        assert callable(
            getattr(importlib.import_module(f"reprise_pra.analysis.{module}"), name)
        )


def test_every_assumption_verdict_and_fate_is_defined() -> None:
    """What a report may print is defined for who audits it."""
    results = judge(nominal_drill().run())
    for assumption in results.assumptions:
        assert f".{assumption.name}`" in _README
    for verdict in results.verdicts:
        assert f"| {verdict.name} |" in _README
    for fate in Fate:
        assert f"| {fate.value} |" in _README
