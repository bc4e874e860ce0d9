"""The watchman's alert: when it fires, when it resolves, and what it is not fooled by."""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reprise_loadtests.sentinel import Change, Watch
from reprise_platform.waiting import until
from reprise_pra.history import Event, Kind, read_history

_SECOND_NS = 1_000_000_000
_LIMIT_S = 30


def _see(looks: str, *, after_s: int = 5, resolve_s: int = 3) -> dict[int, Change]:
    """Look once a second at a front door that works (`.`) or not (`x`)."""
    watch = Watch(after_ns=after_s * _SECOND_NS, resolve_ns=resolve_s * _SECOND_NS)
    changes: dict[int, Change] = {}
    for second, look in enumerate(looks, start=1):
        at_ns = second * _SECOND_NS
        change = watch.saw(works=look == ".", began_ns=at_ns, ended_ns=at_ns)
        if change is not None:
            changes[second] = change
    return changes


def test_it_fires_once_after_continuous_failure() -> None:
    """Five seconds of nothing but failures fire the alert, once, since the first one."""
    assert _see("..xxxxxxxxxx") == {8: Change(state="firing", since_ns=3 * _SECOND_NS)}


def test_one_success_starts_the_count_again() -> None:
    """An unsteady front door that works now and then is not down."""
    assert _see("xxxx.xxxx.xxxx.") == {}


def test_it_resolves_after_continuous_success() -> None:
    """A relapse while it is firing delays the end; a stable stretch resolves it."""
    assert _see("xxxxxx..x....") == {
        6: Change(state="firing", since_ns=1 * _SECOND_NS),
        13: Change(state="resolved", since_ns=10 * _SECOND_NS),
    }


@given(st.text(".x", max_size=60))
def test_firing_and_resolved_alternate(looks: str) -> None:
    """The alert never fires twice without resolving, and starts by firing."""
    states = [change.state for change in _see(looks).values()]
    assert states == ["firing", "resolved"] * (len(states) // 2) + ["firing"] * (
        len(states) % 2
    )


def test_a_real_outage_is_told_from_start_to_end(
    fake: Any, mode: Any, credentials_file: Path, tmp_path: Path
) -> None:
    """A hang fires the alert about `after_s` later; it resolves when answers come again."""
    history_dir = tmp_path / "history"
    process = _start(fake.url, credentials_file, history_dir)
    try:
        until(lambda: fake.requests, within_s=_LIMIT_S, every_s=0.05, what="a look")
        with fake.failing(mode.FREEZE):
            frozen_ns = time.monotonic_ns()
            firing = _alert(history_dir, "firing")
        resolved = _alert(history_dir, "resolved")
    finally:
        process.terminate()
    assert process.wait(_LIMIT_S) == 0
    assert _SECOND_NS <= firing.at_ns - frozen_ns < 4 * _SECOND_NS
    since_ns = firing.value["since_ns"]
    assert isinstance(since_ns, int)
    assert abs(since_ns - frozen_ns) < _SECOND_NS
    assert resolved.at_ns > firing.at_ns
    events = read_history([history_dir / "sentinel.jsonl"]).events
    assert events[0].value == {"alert": "FrontDoorDown"}
    assert (events[0].kind, events[0].at_ns < frozen_ns) == (Kind.OK, True)
    assert [event.operation for event in events] == [
        "watch",
        "alert",
        "alert",
        "load_stopped",
    ]


def test_a_wrong_password_is_no_outage(
    fake: Any, credentials_file: Path, tmp_path: Path
) -> None:
    """A watchman who may not enter says so and leaves; he raises no alarm."""
    credentials_file.write_text('{"username": "clerk", "password": "wrong"}')
    process = _start(fake.url, credentials_file, tmp_path / "history")
    assert process.wait(_LIMIT_S) == 1


def _start(
    url: str, credentials_file: Path, history_dir: Path
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "reprise_loadtests.sentinel"),
            *("--url", url, "--history", str(history_dir)),
            *("--after-s", "1", "--resolve-s", "0.5"),
            *("--every-s", "0.2", "--timeout-s", "0.5"),
        ],
        env={**os.environ, "REPRISE_CLINIC_CREDENTIALS": str(credentials_file)},
    )


def _alert(history_dir: Path, state: str) -> Event:
    def found() -> Event | None:
        for event in read_history([history_dir / "sentinel.jsonl"]).events:
            if event.operation == "alert" and event.value["state"] == state:
                return event
        return None

    return until(found, within_s=_LIMIT_S, every_s=0.05, what=f"the alert {state}")
