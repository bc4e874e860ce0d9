"""What an install of this tree adds to a machine: five packages, and nothing shadowed."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("experiments", "loadtests", "platform", "pra", "reports")
PACKAGES = {f"reprise_{folder}" for folder in FOLDERS}
# Programs and plugins that we start by name and never import.
RUN_ONLY = {"chaostoolkit"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """Build the wheel once, with what is installed."""
    folder = tmp_path_factory.mktemp("dist")
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run(
        [sys.executable, *build, str(ROOT)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_wheel_holds_five_packages_only(wheel: zipfile.ZipFile) -> None:
    """An install adds reprise_* names only, never "platform" or "reports"."""
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_wheel_holds_every_module_and_template(wheel: zipfile.ZipFile) -> None:
    """Nothing that git tracks in a package is left out of the wheel."""
    names = set(wheel.namelist())
    for folder in FOLDERS:
        package = ROOT / folder / f"reprise_{folder}"
        for path in _tracked(package):
            assert path.relative_to(ROOT / folder).as_posix() in names


def test_wheel_states_its_licence_and_python(wheel: zipfile.ZipFile) -> None:
    """The metadata tells the licence, with its text, and the oldest Python."""
    (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    text = wheel.read(name).decode()
    assert "License-Expression: Apache-2.0\n" in text
    assert "Requires-Python: >=3.12\n" in text
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())


def test_no_top_level_folder_is_a_package() -> None:
    """A `platform/__init__.py` would shadow the standard library's module."""
    assert [str(path) for path in ROOT.glob("*/__init__.py")] == []


def test_tests_are_no_packages() -> None:
    """`tests/platform/__init__.py` would shadow it in pytest's collection."""
    assert [str(path) for path in ROOT.glob("tests/**/__init__.py")] == []


def test_no_loose_module_in_a_source_root() -> None:
    """The five folders are on the path: a loose file there would be a module's name."""
    loose = {path.name for folder in FOLDERS for path in (ROOT / folder).glob("*.py")}
    assert loose <= {"locustfile.py"}


@pytest.mark.parametrize("how", [["-c"], ["-P", "-c"]], ids=["path", "safe-path"])
def test_platform_is_still_the_standard_library(how: list[str]) -> None:
    """From the root of the tree, `import platform` is Python's own."""
    script = "import platform; print(platform.system())"
    done = subprocess.run(
        [sys.executable, *how, script],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout.strip() == "Linux"


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    """The dependencies are exactly what the packages import, and what they start."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {_normal(re.split(r"[<>=\[ ]", d)[0]) for d in project["dependencies"]}
    distributions = importlib.metadata.packages_distributions()
    imported: set[str] = set()
    for name in _third_party_imports():
        owners = {_normal(owner) for owner in distributions.get(name, [name])}
        imported |= owners & declared or owners
    assert imported - declared == set(), "imported, not declared in pyproject.toml"
    assert declared - imported - RUN_ONLY == set(), "declared, never imported"


def test_every_dependency_is_pinned() -> None:
    """The environment of a drill is made of versions that were tried together."""
    lines = (ROOT / "platform/python/constraints.txt").read_text("utf-8").splitlines()
    pinned = {_normal(line.partition("==")[0]) for line in lines if "==" in line}
    data = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = data["dependency-groups"].values()
    wanted = [*data["project"]["dependencies"], *(d for group in groups for d in group)]
    names = {_normal(re.split(r"[<>=\[ ]", d)[0]) for d in wanted if isinstance(d, str)}
    assert names - pinned == set(), "run `nox -s lock`"


def _third_party_imports() -> set[str]:
    """Return the top names that the packages import and neither we nor Python own.

    The stand-in is left out: it runs in an image with packages of its own.
    """
    names: set[str] = set()
    for folder in FOLDERS:
        for path in _tracked(ROOT / folder / f"reprise_{folder}", suffix=".py"):
            if "standin" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    names.add(node.module.partition(".")[0])
    return names - PACKAGES - set(sys.stdlib_module_names)


def _tracked(folder: Path, *, suffix: str = "") -> list[Path]:
    """Return the package's files, what Python and tools leave there excepted."""
    files = (path for path in folder.rglob(f"*{suffix}") if path.is_file())
    return [path for path in files if "__pycache__" not in path.parts]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
