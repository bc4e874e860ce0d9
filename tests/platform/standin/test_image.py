"""What goes into the image runs there: Debian 12's Python and its few libraries."""

from __future__ import annotations

import ast
import pathlib
import sys
from collections.abc import Iterator

import pytest

import reprise_platform

_PACKAGE = pathlib.Path(reprise_platform.__file__).parent
_FILES = sorted(
    [
        _PACKAGE / "__init__.py",
        _PACKAGE / "openmrs.py",
        *(_PACKAGE / "standin").rglob("*.py"),
    ]
)
_LIBRARIES = {"flask", "pymysql", "waitress", "werkzeug"}
_OURS = ("reprise_platform.standin", "reprise_platform.openmrs")


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.relative_to(_PACKAGE))
def test_file_suits_the_image(path: pathlib.Path) -> None:
    """It parses as Python 3.11 and imports nothing that the image does not hold."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 11))
    for name in _imports(tree):
        top = name.partition(".")[0]
        if top == "reprise_platform":
            assert name == top or name.startswith(_OURS), name
        else:
            assert top in sys.stdlib_module_names | _LIBRARIES, name


def test_packages_are_listed() -> None:
    """The recipe of the image names the library of each import."""
    recipe = _PACKAGE.parent / "images" / "openmrs" / "packages.txt"
    lines = recipe.read_text(encoding="utf-8").splitlines()
    packages = {line for line in lines if line and not line.startswith("#")}
    wanted = {f"python3-{name}" for name in _LIBRARIES - {"werkzeug"}}
    assert packages == wanted | {"python3"}


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "reprise_platform":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
