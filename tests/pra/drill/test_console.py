"""People see phases, times, the load and what is awaited, with or without a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from reprise_pra.drill import words
from reprise_pra.drill.console import Console
from reprise_pra.drill.journal import Journal
from reprise_pra.history import Kind, Recorder


def test_plain_lines_tell_each_event(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal each event is a line, with its time and the drill's clock."""
    with (
        Console(tmp_path, language="en", plain=True) as console,
        Journal(tmp_path, "drill", heard=console.heard) as journal,
    ):
        journal.record(Kind.INVOKE, "phase", "baseline", {"phase": "baseline"})
        console.awaiting("the steady state")
        journal.check("steady_state", holds=True, detail="all well")
        journal.check("residue", holds=None, detail="nobody looked")
        journal.mark("t0", "lost")
        journal.record(
            Kind.FAIL, "phase", "baseline", {"phase": "baseline", "reason": "broken"}
        )
    lines = capsys.readouterr().out.splitlines()
    assert "▶ baseline" in lines[0]
    assert "… the steady state" in lines[1]
    assert "✔ steady_state: all well" in lines[2]
    assert "? residue: nobody looked" in lines[3]
    assert "t0: lost" in lines[4]
    assert "✘ baseline: failed" in lines[5]
    assert lines[5].endswith("broken")
    assert all(line[2] == ":" and "+00:" in line for line in lines)


def test_the_live_error_rate_is_that_of_the_last_seconds(tmp_path: Path) -> None:
    """What is shown is now: old operations fall out, arrivals are no operations."""
    console = Console(tmp_path, language="en", plain=True)
    assert console.load_line() == ""
    with Recorder(tmp_path, "load-1") as load:
        load.record(Kind.OK, "arrival", "a1")
        assert console.load_line() == "no operation over the last 10 s"
        load.record(Kind.INVOKE, "search", "0")
        old_ns = time.monotonic_ns() - 60_000_000_000
        load.record(Kind.INFO, "search", "0", at_ns=old_ns)
        for number in range(3):
            load.record(Kind.OK, "search", str(number))
        load.record(Kind.INFO, "search", "4")
    assert console.load_line() == "0.4 operations/s, 25.0% errors over the last 10 s"


def test_french_is_spoken_to_the_french(monkeypatch: pytest.MonkeyPatch) -> None:
    """The locale decides, unless told otherwise."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert words.preferred() == "fr"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert words.preferred() == "en"
    assert words.say("UNKNOWN", "fr") == "non concluant"
    assert words.phase("continuity-2", "fr").endswith("2")


def test_the_live_display_stands_aside_and_comes_back(tmp_path: Path) -> None:
    """On a terminal it renews itself, leaves it to another display, and is left whole."""
    code = f"""
        from pathlib import Path
        from reprise_pra.drill.console import Console
        from reprise_pra.drill.journal import Journal
        from reprise_pra.history import Kind
        folder = Path({str(tmp_path)!r})
        with Console(folder, language="fr", plain=False) as console:
            with Journal(folder, "drill", heard=console.heard) as journal:
                journal.record(Kind.INVOKE, "phase", "provision", {{}})
                with console.aside():
                    print("another display")
                journal.record(Kind.OK, "phase", "provision", {{}})
                journal.record(Kind.INVOKE, "phase", "restore", {{}})
                console.awaiting("something")
    """
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(master)
    assert process.wait(timeout=30) == 0, shown.decode()
    text = shown.decode()
    assert "another display" in text
    assert "en attente de something" in text
    assert "✔ mise en place du site" in text
    assert "▶ restauration" in text
