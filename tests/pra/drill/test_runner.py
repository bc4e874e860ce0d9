"""Whatever a phase does, the drill cleans; a person can stop it, and can insist."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reprise_pra.drill.journal import Journal
from reprise_pra.drill.runner import EXIT_CRASHED, Interruptions, Phase, run_phases
from reprise_pra.history import read_history


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal that nobody watches."""
    with Journal(tmp_path, "drill", heard=lambda _event: None) as made:
        yield made


def ended(folder: Path) -> list[str]:
    """Return how each phase ended, in order."""
    events = read_history(folder.glob("drill.jsonl")).events
    return [f"{event.op_id} {event.kind}" for event in events if event.kind != "invoke"]


def phase(name: str, act: Callable[[], object] = lambda: None) -> Phase:
    """Make a phase from anything that can be called."""

    def run() -> None:
        act()

    return Phase(name=name, act=run)


def fail() -> None:
    """Fail as code fails."""
    message = "broken"
    raise ZeroDivisionError(message)


def test_phases_run_in_order(journal: Journal, tmp_path: Path) -> None:
    """All of them, then the closing ones."""
    interruptions = Interruptions(told=fail)
    assert run_phases(
        journal,
        [phase("a"), phase("b")],
        [phase("clean")],
        closing_begins=interruptions.closing,
    )
    assert ended(tmp_path) == ["a ok", "b ok", "clean ok"]


def test_a_failed_phase_stops_the_drill_and_cleans(
    journal: Journal, tmp_path: Path
) -> None:
    """What comes after a failure does not run, but for the closing phases."""
    interruptions = Interruptions(told=fail)
    assert not run_phases(
        journal,
        [phase("a"), phase("b", fail), phase("c")],
        [phase("clean")],
        closing_begins=interruptions.closing,
    )
    assert ended(tmp_path) == ["a ok", "b fail", "clean ok"]
    last = read_history(tmp_path.glob("drill.jsonl")).events[3]
    assert last.value["reason"] == {
        "fr": "erreur ZeroDivisionError : broken",
        "en": "ZeroDivisionError: broken",
    }


def test_a_failed_closing_phase_keeps_no_other_from_running(
    journal: Journal, tmp_path: Path
) -> None:
    """A fault that cannot be undone must not leave the site up as well."""
    interruptions = Interruptions(told=fail)
    assert not run_phases(
        journal,
        [phase("a")],
        [phase("undo", fail), phase("clean")],
        closing_begins=interruptions.closing,
    )
    assert ended(tmp_path) == ["a ok", "undo fail", "clean ok"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_the_phase_and_cleans(
    journal: Journal, tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C, or a cancelled job: the running phase is left, the closing ones run."""
    told: list[str] = []
    interruptions = Interruptions(told=lambda: told.append("told"))
    before = signal.getsignal(number)
    with interruptions.heard():
        done = run_phases(
            journal,
            [phase("a", lambda: os.kill(os.getpid(), number)), phase("b")],
            [phase("clean")],
            closing_begins=interruptions.closing,
        )
    assert not done
    assert told == ["told"]
    assert ended(tmp_path) == ["a info", "clean ok"]
    assert signal.getsignal(number) is before


def test_no_phase_can_swallow_an_interruption(journal: Journal, tmp_path: Path) -> None:
    """A phase that catches every Exception is interrupted all the same."""

    def stubborn() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except Exception:  # noqa: BLE001 - what is tested
            return

    interruptions = Interruptions(told=lambda: None)
    with interruptions.heard():
        run_phases(
            journal,
            [phase("a", stubborn), phase("b")],
            [],
            closing_begins=interruptions.closing,
        )
    assert ended(tmp_path) == ["a info"]


def test_a_first_interruption_does_not_cut_the_cleaning(
    journal: Journal, tmp_path: Path
) -> None:
    """While it cleans, a drill only says that it does: a half cleaned site helps nobody."""
    told: list[str] = []
    interruptions = Interruptions(told=lambda: told.append("told"))
    with interruptions.heard():
        assert run_phases(
            journal,
            [phase("a")],
            [phase("clean", lambda: os.kill(os.getpid(), signal.SIGINT))],
            closing_begins=interruptions.closing,
        )
    assert told == ["told"]
    assert ended(tmp_path) == ["a ok", "clean ok"]


def test_a_second_interruption_leaves_at_once(tmp_path: Path) -> None:
    """A person may know better than the cleaning: the process is gone, its record is not."""
    code = f"""
        import os, signal, time
        from pathlib import Path
        from reprise_pra.drill.journal import Journal
        from reprise_pra.drill.runner import Interruptions, Phase, run_phases

        def twice():
            os.kill(os.getpid(), signal.SIGINT)

        journal = Journal(Path({str(tmp_path)!r}), "drill", heard=lambda event: None)
        interruptions = Interruptions(told=lambda: print("told", flush=True))
        with interruptions.heard():
            run_phases(
                journal,
                [Phase(name="a", act=twice)],
                [Phase(name="clean", act=twice), Phase(name="never", act=twice)],
                closing_begins=interruptions.closing,
            )
        print("not reached")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (EXIT_CRASHED, "told\n"), done.stderr
    assert ended(tmp_path) == ["a info"]
