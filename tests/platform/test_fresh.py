"""The trials on a machine where nobody has installed anything: what they run and believe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import debian
import listing
import pytest
import readme
import virtual

from reprise_platform import content

ROOT = Path(__file__).resolve().parents[2]
_README = """# Thing

```sh
nox -s pra
```

```sh
nox -t check
```
"""


def test_the_readme_has_its_two_commands() -> None:
    """The README's first two shell blocks are the drill and the tests, as promised."""
    found = readme.commands((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found[readme.DRILL].endswith("nox -s pra")
    assert found[readme.CHECK].endswith("nox -t check")


@pytest.mark.parametrize(
    "text",
    [
        "",
        _README.replace("nox -t check", "nox -t check\nmore"),
        _README.replace("nox -s pra", "make drill"),
        _README.replace("```sh", "```bash"),
    ],
    ids=["empty", "two lines", "another command", "no shell block"],
)
def test_a_readme_that_promises_something_else_is_refused(text: str) -> None:
    """What is run is what is written: without it the trial is no trial."""
    with pytest.raises(readme.NoCommandError):
        readme.commands(text)


def test_the_copy_is_what_a_newcomer_gets(tmp_path: Path) -> None:
    """Files that git ignores stay behind; new ones and changed ones go along."""
    tree, target = tmp_path / "tree", tmp_path / "target"
    tree.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=tree, check=True)
    (tree / ".gitignore").write_text("built/\n")
    (tree / "built").mkdir()
    (tree / "built" / "left").write_text("x")
    (tree / "sub").mkdir()
    (tree / "sub" / "new").write_text("y")

    debian.copy(tree, target)

    found = {str(path.relative_to(target)) for path in target.rglob("*")}
    assert found == {".gitignore", "sub", "sub/new"}


@pytest.mark.parametrize(
    ("console", "ended"),
    [
        ("boot\r\ntrial ended: well\r\n", "well"),
        (
            "trial ended: well\r\ntrial ended: ; up: exit code 1\r\n",
            "; up: exit code 1",
        ),
        ("kernel panic", "without a word"),
        ("", "without a word"),
    ],
)
def test_only_the_trial_says_that_it_went_well(console: str, ended: str) -> None:
    """A machine that dies, hangs or says nothing has not passed."""
    assert virtual.trial_ended(console) == ended


def test_a_machine_is_emulated_unless_the_processor_helps(tmp_path: Path) -> None:
    """KVM is used where its device is there and the processor has what it needs."""
    there, missing = tmp_path, tmp_path / "missing"
    assert virtual.accelerator("flags : fpu vmx", there) == "kvm"
    assert virtual.accelerator("flags : fpu svm", there) == "kvm"
    assert virtual.accelerator("flags : fpu vmx", missing).startswith("tcg")
    assert virtual.accelerator("flags : fpu hypervisor", there).startswith("tcg")


def test_a_trial_with_a_failed_step_does_not_end_well(tmp_path: Path) -> None:
    """The script of the machine names each step that failed on its last line."""
    script = (ROOT / "platform/fresh/trial.sh").read_text(encoding="utf-8")
    head, _, tail = script.partition("step() {")
    steps = f"failed=\nstep() {{{tail.partition('scope_is_delegated')[0]}"
    end = script.splitlines()[-1]
    for line, ended in (("step true", "well"), ("step false", "; false: exit code 1")):
        file = tmp_path / "script.sh"
        file.write_text(f"{steps}\n{line}\n{end}\n")
        done = subprocess.run(
            ["bash", file], check=True, stdout=subprocess.PIPE, text=True
        )
        assert virtual.trial_ended(done.stdout) == ended
    assert "cd /root/reprise || exit" in head


def test_a_change_of_the_machine_is_a_failure(tmp_path: Path) -> None:
    """The listing, run as a program, ends with 1 when something differs from before."""
    before = tmp_path / "before"
    program = [sys.executable, str(ROOT / "platform/fresh/listing.py")]
    before.write_text("sysctl net/ipv4/ip_forward=planted\n")
    done = subprocess.run(
        [*program, "--since", before], check=False, capture_output=True
    )
    assert done.returncode == 1
    assert b"- sysctl net/ipv4/ip_forward=planted" in done.stdout

    assert listing.differences(["a=1"], ["a=1"]) == ([], [])


def test_what_is_used_again_is_as_if_made_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cached thing's time is its last use: what an `up` needs can be told from the rest."""
    monkeypatch.setenv("REPRISE_CACHE", str(tmp_path))
    folder = content.made("tools", "thing", "1", lambda out: (out / "a").touch())
    os.utime(folder, (1, 1))
    assert content.made("tools", "thing", "1", lambda _: None) == folder
    assert folder.stat().st_mtime > 1
