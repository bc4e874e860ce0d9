"""What the documents tell a reader to run or to open is there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("*/README.md")])
_FENCED = re.compile(r"^```(?:sh|console|bash)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def _commands() -> list[str]:
    """Return every command of a fenced block, without comments, once."""
    lines = [
        line.partition("  #")[0].removeprefix("$ ").strip()
        for document in DOCUMENTS
        for block in _FENCED.findall(document.read_text("utf-8"))
        for line in block.replace("\\\n", " ").splitlines()
    ]
    return sorted({line for line in lines if line and not line.startswith("#")})


def _help_of(command: str) -> tuple[str, ...] | None:
    """Return the module and subcommand of a `python -m reprise_x sub ...` line."""
    words = shlex.split(command)
    if words[:2] != ["python", "-m"] or not words[2].startswith("reprise_"):
        return None
    has_subcommand = len(words) > 3 and re.fullmatch(r"[a-z]+", words[3])
    return tuple(words[2 : 4 if has_subcommand else 3])


@pytest.mark.parametrize(
    "module", sorted({found for line in _commands() if (found := _help_of(line))})
)
def test_documented_command_exists(module: tuple[str, ...]) -> None:
    """`--help` answers for each command and subcommand that a document shows."""
    done = subprocess.run(
        [sys.executable, "-m", *module, "--help"],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()


def test_documented_files_exist() -> None:
    """Each file of the tree that a documented command names is there.

    What a run leaves (reports/runs/) is not in the tree.
    """
    named = {
        word
        for command in _commands()
        for word in shlex.split(command)
        if re.fullmatch(r"\w[\w./-]*\.(?:ya?ml|py|json)", word)
    }
    assert {word for word in named if not (ROOT / word).exists()} == set()


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_links_lead_somewhere(document: Path) -> None:
    """A relative link in a document opens a file of the tree."""
    links = _LINK.findall(document.read_text("utf-8"))
    assert {link for link in links if not (document.parent / link).exists()} == set()
