"""The rules of style that no linter knows."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULE_LINES_MAX = 300
FUNCTION_LINES_MAX = 70
PACKAGES = sorted(ROOT.glob("*/reprise_*/"))
OURS = sorted(
    [
        ROOT / "noxfile.py",
        *ROOT.glob("platform/fresh/*.py"),
        *ROOT.glob("platform/python/*.py"),
        *(path for package in PACKAGES for path in package.rglob("*.py")),
    ]
)
TESTS = sorted(ROOT.glob("tests/**/test_*.py"))
# Written in pieces, so that this file is not a hit of its own search.
REGISTRIES = (
    "pypi" + ".org",
    "files.python" + "hosted",
    "proxy.go" + "lang",
    "deb.deb" + "ian.org",
    "registry.npm" + "js",
    "repo1.mav" + "en",
    "crates" + ".io",
)
PRIVATE_PATHS = re.compile(r"(?<![\w.])/(?:home|wo" + r"rk|Users)/\w")


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", OURS, ids=_shown)
def test_module_is_short(path: Path) -> None:
    """A module is read in one go: 300 lines at most, with a word on why it exists."""
    text = path.read_text("utf-8")
    lines = len(text.splitlines())
    assert lines <= MODULE_LINES_MAX
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", [*OURS, *TESTS], ids=_shown)
def test_functions_are_short(path: Path) -> None:
    """A function fits on a screen: 70 lines at most."""
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert long == []


@pytest.mark.parametrize("path", TESTS, ids=_shown)
def test_every_test_states_its_property(path: Path) -> None:
    """A failing test tells in a sentence what no longer holds."""
    silent = [
        node.name
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("path", OURS, ids=_shown)
def test_only_the_wait_helper_sleeps(path: Path) -> None:
    """Every wait has a condition and a limit: `until` is the only sleep.

    The load's greenlets sleep by gevent, which is theirs alone.
    """
    sleeps = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"time.sleep", "sleep"}
    ]
    assert sleeps == [] or path.name == "waiting.py"


def test_dataclasses_name_their_fields() -> None:
    """A dataclass that others make is made by keyword, and holds its fields alone."""
    loose = [
        f"{_shown(path)}: {node.name}"
        for path in OURS
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        for decorator in map(ast.unparse, node.decorator_list)
        if re.match(r"(dataclasses\.)?dataclass\b", decorator)
        and not ("slots=True" in decorator and "kw_only=True" in decorator)
    ]
    assert loose == []


def test_no_registry_and_no_private_path_is_named() -> None:
    """The tree works with the registries and folders of whoever runs it."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git work tree: its files cannot be told from a tool's")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    hits = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file() or path.suffix == ".sum":
            continue
        text = path.read_text("utf-8", errors="replace")
        hits += [f"{name}: {host}" for host in REGISTRIES if host in text]
        hits += [f"{name}: {found}" for found in PRIVATE_PATHS.findall(text)]
    assert hits == []
