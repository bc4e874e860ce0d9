"""Programs, waits and works side by side: what is said when they go wrong."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_platform.command import TIED, run
from reprise_platform.embedded import bringup, teardown
from reprise_platform.embedded.progress import Progress, side_by_side
from reprise_platform.embedded.stepwords import step_name
from reprise_platform.errors import CommandError, PlatformError, WaitTimeout
from reprise_platform.waiting import patience, until


def test_output_is_returned() -> None:
    """What a program writes on standard output is the result; standard error is not."""
    assert run(["sh", "-c", "echo out; echo err >&2"]) == "out\n"


def test_failure_has_the_line_to_paste_and_the_output() -> None:
    """A failure can be tried again by hand, and tells what the program said."""
    command = ["sh", "-c", "echo 'it went wrong' >&2; exit 7"]
    with pytest.raises(CommandError) as caught:
        run(command)
    message = str(caught.value)
    assert "exit code 7" in message
    assert "it went wrong" in message
    line = next(line for line in message.splitlines() if line.startswith("  $ "))
    assert shlex.split(line.removeprefix("  $ ")) == command


@settings(max_examples=25)
@given(word=st.text(st.characters(exclude_categories=["C"]), min_size=1))
def test_pasted_line_means_the_same(word: str) -> None:
    """Whatever an argument holds, the line in the message is that argument in a shell."""
    with pytest.raises(CommandError) as caught:
        run(["false", word])
    shown = str(caught.value).split("  $ ", 1)[1].removesuffix("\n")
    assert shlex.split(shown) == ["false", word]


def test_no_such_program() -> None:
    """A program that is not there is an operating error that names it."""
    with pytest.raises(CommandError, match="no such program: reprise-none"):
        run(["reprise-none", "x"])


def test_time_out_kills(tmp_path: Path) -> None:
    """A program that takes too long is dead when the error is raised."""
    pid_file = tmp_path / "pid"
    with pytest.raises(CommandError, match=r"not finished after 0\.5 s"):
        run(["sh", "-c", f"echo $$ > {pid_file}; exec sleep 60"], within_s=0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
def test_tied_program_ends_with_its_parent(tmp_path: Path) -> None:
    """A program that makes much dies with a killed `up`, children and mounts included."""
    script = f"mount -t tmpfs t {tmp_path} && (sleep 61 & sleep 61)"
    code = (
        "from reprise_platform.command import TIED, run;"
        f"run([*TIED, 'sh', '-c', {script!r}])"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)

    def family() -> list[str]:
        found = subprocess.run(
            ["pgrep", "--session", str(parent.pid), "--full", "sleep 61"],
            check=False,
            capture_output=True,
            text=True,
        )
        return found.stdout.split()

    until(lambda: len(family()) >= 2, within_s=30, every_s=0.05, what="the program")
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert TIED[0] == "setpriv"
    parent.kill()
    parent.wait()
    until(lambda: not family(), within_s=10, every_s=0.05, what="the end of all")


def test_standard_input_and_environment() -> None:
    """Secrets travel by standard input or the environment, never on the line."""
    assert run(["cat"], stdin="secret") == "secret"
    assert run(["cat"]) == ""
    assert run(["sh", "-c", "echo $WORD"], env={"WORD": "x"}) == "x\n"


def test_long_output_is_cut_at_its_end() -> None:
    """The end of a long output is shown: the reason stands there."""
    script = "head -c 100000 /dev/zero | tr '\\0' x; echo the end; exit 1"
    with pytest.raises(CommandError, match="the end") as caught:
        run(["sh", "-c", script])
    assert len(str(caught.value)) < 5000


def test_until_returns_what_it_found() -> None:
    """The first true value is returned, after as many tries as it takes."""
    values = iter([None, "", 0, "found", "later"])
    found = until(lambda: next(values), within_s=10, every_s=0, what="it")
    assert found == "found"


def test_until_tries_at_least_once_and_tells_what() -> None:
    """Even with no time at all the condition is looked at; the error names it."""
    tries: list[int] = []
    with pytest.raises(WaitTimeout, match=r"waited 0 s in vain for: node b1"):
        until(lambda: tries.append(1), within_s=0, every_s=1, what="node b1")
    assert tries == [1]


def test_until_keeps_its_limit() -> None:
    """A pause longer than what is left is cut short, with one last look at the end."""
    began_s = time.monotonic()
    with pytest.raises(WaitTimeout):
        until(lambda: None, within_s=0.2, every_s=30, what="never")
    assert 0.2 <= time.monotonic() - began_s < 10


@pytest.mark.parametrize("asked", ["", "0.1", "-3", "much"])
def test_patience_never_shortens(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no factor of 1 or more leaves every limit as it is."""
    monkeypatch.setenv("REPRISE_PATIENCE", asked)
    assert patience() == 1


def test_patience_is_of_programs_and_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine said to be slow, what would come too late is waited for."""
    monkeypatch.setenv("REPRISE_PATIENCE", "1000")
    run(["sleep", "0.2"], within_s=0.05)
    began_s = time.monotonic()
    until(
        lambda: time.monotonic() > began_s + 0.2,
        within_s=0.05,
        every_s=0.01,
        what="a moment",
    )


def test_errors_of_a_condition_are_not_swallowed() -> None:
    """Only the limit is waited for: a condition that raises ends the wait."""

    def broken() -> bool:
        msg = "refused"
        raise PlatformError(msg)

    with pytest.raises(PlatformError, match="refused"):
        until(broken, within_s=10, every_s=0, what="it")


def test_side_by_side_ends_all_then_raises_the_first() -> None:
    """One work's failure leaves none at work, and the first error is the one raised."""
    ended: list[str] = []
    failed = threading.Event()

    def fails() -> None:
        failed.set()
        msg = "first"
        raise PlatformError(msg)

    def slow() -> None:
        assert failed.wait(30)
        ended.append("slow")

    def fails_later() -> None:
        assert failed.wait(30)
        until(lambda: bool(ended), within_s=30, every_s=0.01, what="the slow one")
        msg = "second"
        raise PlatformError(msg)

    with pytest.raises(PlatformError, match="first"):
        side_by_side(slow, fails, fails_later)
    assert ended == ["slow"]


def test_side_by_side_outlasts_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is raised when nothing is at work any more: cleaning may begin at once."""
    ended: list[str] = []
    go_on = threading.Event()
    real = threading.Thread.join
    interrupted: list[bool] = []

    def join(thread: threading.Thread, timeout: float | None = None) -> None:
        if not interrupted:
            interrupted.append(True)
            go_on.set()
            raise KeyboardInterrupt
        real(thread, timeout)

    def work() -> None:
        assert go_on.wait(30)
        ended.append("work")

    monkeypatch.setattr(threading.Thread, "join", join)
    with pytest.raises(KeyboardInterrupt):
        side_by_side(work)
    assert ended == ["work"]


def test_steps_are_told_in_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal each step has a line when it begins and one when it ends."""
    progress = Progress(2)
    with progress.step("network [bold]"):
        pass
    progress.close()
    progress.table()
    told = capsys.readouterr().err
    assert "network [bold] ..." in told
    assert "network [bold]: 0.0 s" in told
    assert [each.step for each in progress.times] == ["network [bold]"]


def test_steps_are_told_in_french(capsys: pytest.CaptureFixture[str]) -> None:
    """In French as well; what is kept of them has one name in every language."""
    progress = Progress(2, "fr")
    with progress.step("  servers: etcd"), progress.step("nodes ready"):
        pass
    with pytest.raises(FileNotFoundError), progress.step("mounts"):
        Path("nowhere/at/all").unlink()
    progress.close()
    progress.table()
    told = capsys.readouterr().err
    assert "  serveurs : etcd ..." in told
    assert "nœuds prêts: 0.0 s" in told
    assert "montages: échec après 0.0 s" in told
    assert "secondes" in told
    assert [each.step for each in progress.times] == ["nodes ready", "  servers: etcd"]


def test_every_step_has_a_french_name() -> None:
    """No step of `up` or `down` is told in English to who reads French."""
    names = [*bringup.BEFORE, *(name for name, _ in bringup.STEPS)]
    names += [name for name, _ in teardown.STEPS]
    same = {name for name in names if step_name(name).fr == name}
    assert same == {"machines", "cgroups"}
    assert step_name("a step of tomorrow").fr == "a step of tomorrow"


def test_help_and_bad_arguments() -> None:
    """The command line explains itself, and refuses a bad argument with 2."""
    command = [sys.executable, "-m", "reprise_platform"]
    assert "exit codes" in run([*command, "--help"])
    done = subprocess.run([*command, "sideways"], check=False, capture_output=True)
    assert done.returncode == 2
