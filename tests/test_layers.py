"""What import-linter cannot say: who may use nothing but the standard library."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLATFORM = ROOT / "platform" / "reprise_platform"
STANDARD = frozenset(sys.stdlib_module_names)
# Debian's packages in the stand-in's image.
IN_THE_IMAGE = frozenset({"flask", "pymysql", "waitress", "werkzeug"})


def _imports(path: Path) -> set[str]:
    """Return the full names of the modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _beyond(path: Path, allowed: frozenset[str], *ours: str) -> set[str]:
    """Return what a file imports besides `allowed` top names and `ours` prefixes."""
    return {
        name
        for name in _imports(path)
        if name.partition(".")[0] not in allowed and not name.startswith(ours)
    }


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "pra" / "reprise_pra" / "history.py",
        *sorted((ROOT / "platform" / "python").glob("*.py")),
    ],
    ids=lambda path: path.name,
)
def test_is_standard_library_alone(path: Path) -> None:
    """History is read in ten years; the interpreter's finder runs before any install."""
    assert _beyond(path, STANDARD) == set()


@pytest.mark.parametrize(
    "path",
    [
        PLATFORM / "__init__.py",
        PLATFORM / "openmrs.py",
        *sorted(PLATFORM.glob("standin/**/*.py")),
    ],
    ids=lambda path: path.relative_to(PLATFORM).as_posix(),
)
def test_stand_in_needs_nothing_its_image_lacks(path: Path) -> None:
    """The image holds Debian's Python, three libraries, and these files alone."""
    ours = ("reprise_platform.standin", "reprise_platform.openmrs")
    assert _beyond(path, STANDARD | IN_THE_IMAGE, *ours) == set()
