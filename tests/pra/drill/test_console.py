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

from reprise_platform.language import preferred, spoken
from reprise_pra.analysis.results import Outcome, Text
from reprise_pra.drill import words
from reprise_pra.drill.console import Console
from reprise_pra.drill.journal import Journal
from reprise_pra.history import JsonValue, Kind, Recorder


def test_plain_lines_tell_each_event(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal each event is a line, with its time and the drill's clock."""
    with (
        Console(tmp_path, language="en", plain=True) as console,
        Journal(tmp_path, "drill", heard=console.heard) as journal,
    ):
        tell_all(console, journal)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("+00:00 ")[2] for line in lines] == [
        "▶ baseline",
        "  … the steady state",
        "  ✔ steady state: all well",
        "  ? site left as it was: nobody looked",
        "  t0, disaster: lost",
        "  activate (by the plan)",
        "  backup picked: b2",
        "  switch to the recovery site …",
        "  switch to the recovery site: done",
        "✘ baseline: failed, 0.0 s: broken",
    ]
    assert all(line[2] == ":" for line in lines)


def tell_all(console: Console, journal: Journal) -> None:
    """Let one event of each kind happen."""
    journal.record(Kind.INVOKE, "phase", "baseline", {"phase": "baseline"})
    console.awaiting(Text(fr="le régime établi", en="the steady state"))
    journal.check("steady_state", holds=True, detail=Text(fr="tout va", en="all well"))
    nobody = Text(fr="personne n'a regardé", en="nobody looked")
    journal.check("residue", holds=None, detail=nobody)
    journal.mark("t0", Text(fr="perdu", en="lost"))
    what: JsonValue = {"fr": "activation", "en": "activate"}
    journal.record(Kind.OK, "decision", "a", {"what": what, "who": "drill"})
    journal.record(Kind.OK, "backup_chosen", "b2", {"name": "b2"})
    for kind in (Kind.INVOKE, Kind.OK):
        journal.record(kind, "switch", "switch-recovery", {"to": "recovery"})
    value: dict[str, JsonValue] = {"phase": "baseline"}
    value["reason"] = {"fr": "cassé", "en": "broken"}
    journal.record(Kind.FAIL, "phase", "baseline", value)


def test_french_lines_are_french(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names, details and states: a French operator reads no English."""
    with (
        Console(tmp_path, language="fr", plain=True) as console,
        Journal(tmp_path, "drill", heard=console.heard) as journal,
    ):
        tell_all(console, journal)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("+00:00 ")[2] for line in lines] == [
        "▶ régime établi",
        "  … le régime établi",
        "  ✔ régime établi : tout va",
        "  ? site remis en état : personne n'a regardé",
        "  t0, sinistre : perdu",
        "  activation (par l'exercice, selon le plan)",
        "  sauvegarde retenue : b2",
        "  bascule vers le site de secours …",
        "  bascule vers le site de secours : terminé",
        "✘ régime établi : échec, 0,0 s : cassé",
    ]


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
    assert console.load_line() == "0.4 operations/s, 25.00% errors over the last 10 s"


def test_french_is_spoken_to_the_french(monkeypatch: pytest.MonkeyPatch) -> None:
    """The locale decides, unless told otherwise."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert preferred() == "fr"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert preferred() == "en"
    assert spoken(words.OUTCOMES[Outcome.UNKNOWN], "fr") == "non concluant"


def test_the_live_display_stands_aside_and_comes_back(tmp_path: Path) -> None:
    """On a terminal it renews itself, leaves it to another display, and is left whole."""
    code = f"""
        from pathlib import Path
        from reprise_pra.analysis.results import Text
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
                console.awaiting(Text(fr="quelque chose", en="something"))
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
    assert "en attente de : quelque chose" in text
    assert "✔ mise en place du site" in text
    assert "▶ restauration" in text
