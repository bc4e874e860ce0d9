"""Every experiment file is valid, rolls back always, and undoes what it does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reprise_experiments.controls.guard import find_problems
from reprise_experiments.faults import FAULTS
from reprise_experiments.targets import parse_selector

FILES = sorted((Path(__file__).parents[2] / "experiments").glob("*.yaml"))
README = Path(__file__).parents[2] / "experiments" / "README.md"


def _read(file: Path) -> dict[str, Any]:
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert isinstance(raw, dict)
    return raw


def _arguments(experiment: dict[str, Any], func: str) -> Iterator[dict[str, Any]]:
    for activity in experiment["method"]:
        if activity["provider"]["func"] == func:
            yield activity["provider"].get("arguments", {})


def test_there_are_experiments() -> None:
    """The tests below are about something."""
    assert {"node-loss", "zone-loss"} <= {file.stem for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_chaos_toolkit_finds_it_valid_without_a_site(
    file: Path, tmp_path: Path
) -> None:
    """`chaos validate` imports every module and binds every argument, offline."""
    found = subprocess.run(
        [
            sys.executable,
            "-m",
            "chaostoolkit",
            "--no-version-check",
            "--no-log-file",
            "validate",
            str(file),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout + found.stderr
    assert "could not" not in (found.stdout + found.stderr).lower()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_undoes_always_and_is_recorded_and_guarded(file: Path) -> None:
    """Rollbacks play always, call the undo, and the two controls are there."""
    experiment = _read(file)

    assert list(find_problems(experiment)) == []
    modules = [control["provider"]["module"] for control in experiment["controls"]]
    # The recorder opens the session that the guard vouches for: it comes first.
    assert modules[:2] == [
        "reprise_experiments.controls.recorder",
        "reprise_experiments.controls.guard",
    ]
    assert experiment["steady-state-hypothesis"]["probes"]
    funcs = [activity["provider"]["func"] for activity in experiment["method"]]
    assert funcs.index("inject") < funcs.index("hold") < funcs.index("undo")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_its_fault_is_known_and_bounded(file: Path) -> None:
    """The fault exists, is aimed in a way that fits it, and spares most of the site."""
    for arguments in _arguments(_read(file), "inject"):
        _, scopes = FAULTS[arguments["fault"]]
        target = {
            key: 1 if value == "${seed}" else value
            for key, value in arguments["target"].items()
        }
        assert parse_selector(target).scope in scopes
        assert arguments["max_zones"] == 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_variable_has_a_default(file: Path) -> None:
    """An experiment runs alone: nothing has to be set first."""
    configuration = _read(file)["configuration"]

    assert all("default" in value for value in configuration.values())
    used = set()
    for part in json.dumps(_read(file)).split("${")[1:]:
        used.add(part.split("}")[0])
    assert used <= configuration.keys()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_readme_tells_of_it(file: Path) -> None:
    """The table of experiments is complete."""
    assert f"`{file.name}`" in README.read_text(encoding="utf-8")
