"""The load's bench: the same requests for all, and the arithmetic of what they cost."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from reprise_loadtests.bench import tables, tape
from reprise_loadtests.bench.loads import Cost, Lag, Measured
from reprise_loadtests.bench.spending import spend
from reprise_loadtests.credentials import read_credentials
from reprise_platform.alone.clinic import Clinic
from reprise_platform.errors import CommandError


def _measured() -> Measured:
    costs = tuple(
        Cost(name=name, requests=1000, operations=900, cpu_s=cpu_s)
        for name, cpu_s in (("FastHttpUser", 2.0), ("journeys, ledger", 2.5))
    )
    lag = Lag(
        pace=50, arrivals=9, done_per_s=49.6, median_ms=1.25, p99_ms=9.9, turned_away=0
    )
    return Measured(costs=costs, lags=(lag,), served=(100.0, 5.0, 9.0))


def test_cost_is_told_beside_the_bare_user() -> None:
    """Half the bare user's cost is 2.00, twice is 0.50."""
    table = tables.costs(_measured())
    assert "| journeys, ledger | 1000 | 900 | 2.50 | 0.80 |" in table
    assert "| 50 | 9 | 50 | 1.2 | 9.9 | 0 |" in tables.lags(_measured())


def test_processor_time_is_the_programs_own(tmp_path: Path) -> None:
    """A program that works costs processor time, one that waits costs time alone."""
    work = "import time\nwhile time.process_time() < 0.3: pass"
    busy = spend(
        [sys.executable, "-c", work], tmp_path / "busy.log", env={}, within_s=60
    )
    wait = "import threading; threading.Event().wait(0.3)"
    idle = spend(
        [sys.executable, "-c", wait], tmp_path / "idle.log", env={}, within_s=60
    )
    assert busy.cpu_s >= 0.3
    assert idle.wall_s >= 0.3
    assert idle.cpu_s < busy.cpu_s


@pytest.mark.parametrize(
    ("program", "match"),
    [("raise SystemExit('no good')", "no good"), ("input", "-9")],
)
def test_program_that_fails_or_hangs_is_told(
    tmp_path: Path, program: str, match: str
) -> None:
    """A failure is told with its last words, a hang is ended."""
    if program == "input":
        program = "import threading; threading.Event().wait()"
    with pytest.raises(CommandError, match=match):
        spend([sys.executable, "-c", program], tmp_path / "log", env={}, within_s=2)


def test_taped_journeys_can_be_sent_again(alone: Clinic, tmp_path: Path) -> None:
    """Twice over, every request succeeds: what must be new each time was left open."""
    login = read_credentials(alone.credentials)
    (taken,) = tape.record(alone.url, login, tmp_path, users=1, seed=3)
    assert tape.operations(tmp_path) > 10
    assert len(taken) >= tape.operations(tmp_path)
    assert sum(each.gives_number for each in taken) == 1
    assert sum(each.logs_in for each in taken) == len(tape.JOURNEYS_TAPED)
    sent = "".join(f"{each.path}{each.body}" for each in taken)
    assert sent.count(tape.FRESH) >= 10
    assert tape.NUMBER in sent
    file = tmp_path / "tape.json"
    tape.write(file, [taken], login)
    assert file.stat().st_mode & 0o077 == 0
    for head in ("abcdef01", "abcdef02"):
        _replay(alone, taken, head)


def _replay(clinic: Clinic, taken: tuple[tape.Taped, ...], head: str) -> None:
    number = ""
    client = httpx.Client(base_url=clinic.url, timeout=60)
    for each in taken:
        if each.logs_in:
            client.cookies.clear()
        path, body = (
            None
            if text is None
            else text.replace(tape.FRESH, head)
            .replace(tape.NUMBER, number)
            .replace(tape.NOW, _now())
            for text in (each.path, each.body)
        )
        assert path is not None
        answer = client.request(
            each.method,
            path,
            content=None if body is None else body.encode(),
            headers={"Content-Type": "application/json"},
            auth=(clinic.username, clinic.password) if each.logs_in else None,
        )
        assert answer.status_code < 300, (each, answer.text)
        if each.gives_number:
            number = answer.json()["identifier"]
    client.close()


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000+0000"
