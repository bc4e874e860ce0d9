"""The commands: a drill's exit code and signals pass through nox untouched."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STAND_IN = """#!/bin/sh
# Stands for the environment's Python: tells its process and arguments, then ends as told.
[ "$1" = -c ] && exit 0
trap 'echo undone; exit 2' INT
echo "drill $$ $*"
[ "$DRILL" = wait ] || exit "$DRILL"
while :; do sleep 0.05; done
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy the noxfile beside an environment whose Python is a stand-in."""
    shutil.copy(ROOT / "noxfile.py", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "platform" / "python", tmp_path / "platform" / "python")
    python = tmp_path / ".nox" / "reprise" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(STAND_IN, encoding="utf-8")
    python.chmod(0o755)
    script = (
        "import noxfile as n; "
        "print(n._digest(n.HERE / 'pyproject.toml', n.CONSTRAINTS), end='')"
    )
    digest = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, cwd=tmp_path
    ).stdout
    (tmp_path / ".nox" / "reprise" / "stamp").write_bytes(digest)
    return tmp_path


def _start(tree: Path, *arguments: str, drill: str) -> subprocess.Popen[str]:
    """Start `nox -s pra -- ARGUMENTS` in the copied tree."""
    return subprocess.Popen(
        [sys.executable, "-m", "nox", "-s", "pra", "--", *arguments],
        cwd=tree,
        env={**os.environ, "DRILL": drill},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.parametrize("code", [0, 1, 2, 254, 255])
def test_exit_code_is_the_drills(tree: Path, code: int) -> None:
    """Met, missed, unknown, refused and crashed stay five answers."""
    with _start(tree, drill=str(code)) as nox:
        nox.communicate()
    assert nox.returncode == code


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "pra/drills/quarterly.yaml"),
        (["quick"], "pra/drills/quick.yaml"),
        (["quick", "--name", "ci"], "pra/drills/quick.yaml --name ci"),
        (["--name", "ci"], "pra/drills/quarterly.yaml --name ci"),
    ],
    ids=["default", "quick", "quick-named", "named"],
)
def test_arguments_name_the_plan(tree: Path, arguments: list[str], words: str) -> None:
    """The first word is the plan, quarterly when there is none; the rest passes on."""
    with _start(tree, *arguments, drill="0") as nox:
        output, _ = nox.communicate()
    assert output.split(" ", 2)[2] == f"-m reprise_pra drill {words}\n"


def test_interrupt_reaches_the_drill_alone(tree: Path) -> None:
    """Ctrl-C is the drill's: nox, in whose place it runs, cannot cut its clean-up short."""
    # Started in the background these tests ignore Ctrl-C, and so would what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with _start(tree, drill="wait") as nox:
        assert nox.stdout is not None
        process = int(nox.stdout.readline().split(" ")[1])
        assert process == nox.pid
        nox.send_signal(signal.SIGINT)
        output, _ = nox.communicate()
    assert (nox.returncode, output) == (2, "undone\n")


def test_documented_sessions_exist() -> None:
    """Every `nox -s NAME` in the documents is a session, every `-t` a tag."""
    tree = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))
    sessions = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }
    for document in [*ROOT.glob("*.md"), *ROOT.glob("*/README.md")]:
        text = document.read_text("utf-8")
        for names in re.findall(r"nox -s ((?:[a-z]+ ?)+)", text):
            assert set(names.split()) <= sessions, document.name
        assert set(re.findall(r"nox -t (\w+)", text)) <= {"check"}, document.name


def test_default_sessions_need_no_root() -> None:
    """A bare `nox` runs what any developer may run: no site, no drill."""
    listed = subprocess.run(
        [sys.executable, "-m", "nox", "--list"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    ).stdout
    chosen = re.findall(r"^\* (\w+)", listed, flags=re.MULTILINE)
    assert chosen == ["lint", "types", "imports", "tests", "packaging"]
