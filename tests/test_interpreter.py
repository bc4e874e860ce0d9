"""A Python new enough is found, or the refusal tells exactly what to do."""

from __future__ import annotations

import platform
import stat
import sys
from pathlib import Path

import interpreter
import pytest


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Leave one empty folder on PATH, and make the running Python an old one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("REPRISE_PYTHON", raising=False)
    _program(folder / "python-old", "echo")
    monkeypatch.setattr(sys, "executable", str(folder / "python-old"))
    return folder


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_running_python_is_taken_first(tmp_path: Path) -> None:
    """No other Python is looked for when the running one is new enough."""
    assert interpreter.find_or_make(tmp_path) == sys.executable


def test_a_name_on_path_that_does_not_run_is_passed_over(
    bare_path: Path, tmp_path: Path
) -> None:
    """Pyenv puts names on PATH for versions that are not active; they fail when run."""
    _program(bare_path / "python3.12", "echo 'not active' >&2; exit 127")
    _program(bare_path / "python3.13", "echo /opt/python3.13")
    assert interpreter.find_or_make(tmp_path) == "/opt/python3.13"


def test_asked_for_python_must_be_new_enough(
    bare_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REPRISE_PYTHON is obeyed or refused, never replaced by another in silence."""
    _program(bare_path / "python3.13", "echo /opt/python3.13")
    monkeypatch.setenv("REPRISE_PYTHON", str(bare_path / "python-old"))
    with pytest.raises(interpreter.NoInterpreterError, match="is no Python"):
        interpreter.find_or_make(tmp_path)


@pytest.mark.usefixtures("bare_path")
def test_refusal_names_the_remedy(tmp_path: Path) -> None:
    """Without any way to a newer Python, the message says how to get or name one."""
    with pytest.raises(interpreter.NoInterpreterError) as raised:
        interpreter.find_or_make(tmp_path / "cache")
    message = str(raised.value)
    assert platform.python_version() in message
    assert "mmdebstrap is missing" in message
    assert "REPRISE_PYTHON=/path/to/python3.12" in message


def test_a_cut_download_leaves_nothing_behind(bare_path: Path, tmp_path: Path) -> None:
    """A copy appears whole or not at all, so the next start makes it anew."""
    _program(bare_path / "mmdebstrap", "exit 25")
    cache = tmp_path / "cache"
    with pytest.raises(interpreter.NoInterpreterError, match="exit status 25"):
        interpreter.find_or_make(cache)
    assert list(cache.iterdir()) == []


def test_an_unfinished_copy_is_made_anew(bare_path: Path, tmp_path: Path) -> None:
    """A copy that does not run is no copy: it is not trusted for being there."""
    _program(bare_path / "mmdebstrap", "exit 25")
    cache = tmp_path / "cache"
    machine = platform.machine()
    executable = cache / f"python-3.13-debian-trixie-{machine}" / "usr/bin/python3.13"
    executable.parent.mkdir(parents=True)
    _program(executable, "exit 1")
    with pytest.raises(interpreter.NoInterpreterError):
        interpreter.find_or_make(cache)
    _program(executable, f"echo {executable}")
    assert interpreter.find_or_make(cache) == str(executable)
