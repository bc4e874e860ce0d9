"""The load as a drill runs it: real Locust processes against a server that fails."""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reprise_loadtests import launch
from reprise_loadtests.content import CLINICAL_TYPES
from reprise_loadtests.profile import load_profile
from reprise_loadtests.schedule import NS_PER_S, arrivals
from reprise_platform.waiting import until
from reprise_pra.history import Event, History, Kind, read_history

_SEED = 11
_LIMIT_S = 60


class Load:
    """Starts Locust with a small busy profile and reads what it writes."""

    def __init__(self, fake: Any, credentials_file: Path, folder: Path) -> None:
        self.fake = fake
        self.credentials_file = credentials_file
        self.folder = folder
        self.history_dir = folder / "history"
        self.log = folder / "load.log"
        self.started: list[subprocess.Popen[bytes]] = []

    def profile(
        self, *, rate_per_s: float = 6.0, max_live: int = 500, timeout_s: float = 10.0
    ) -> Path:
        """Write a profile file."""
        path = self.folder / "busy.yaml"
        path.write_text(
            "name: busy\n"
            f"arrivals: {{rate_per_s: {rate_per_s}, max_live: {max_live}}}\n"
            "mix: {register: 0.4, consult: 0.3, audiogram: 0.3}\n"
            "think_time: {median_s: 0.05, sigma: 0.5, max_s: 0.2}\n"
            f"client: {{timeout_s: {timeout_s}}}\n"
            "known_patients: 5\n"
        )
        return path

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start Locust, headless, on the fake's URL."""
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "locust", "-f", str(launch.LOCUSTFILE)),
                    *("--headless", "--only-summary", "--exit-code-on-error", "0"),
                    *("--host", self.fake.url, "--seed", str(_SEED)),
                    *("--load-profile", str(self.folder / "busy.yaml")),
                    *("--history", str(self.history_dir), *arguments),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "REPRISE_CLINIC_CREDENTIALS": str(self.credentials_file),
                },
            )
        self.started.append(process)
        return process

    def history(self) -> History:
        """Read what is written so far."""
        return read_history(self.history_dir.glob("load-*.jsonl"))

    def until_begun(self, *, then_s: float = 0.0) -> int:
        """Wait for the schedule and `then_s` more; return the schedule's origin, ns."""

        def begun() -> Event | None:
            if not self.history_dir.is_dir():
                return None
            for event in self.history().events:
                if event.operation == "schedule":
                    return event
            return None

        event = until(begun, within_s=_LIMIT_S, every_s=0.05, what="the schedule")
        start_ns = event.value["start_ns"]
        assert isinstance(start_ns, int)
        _wait_for(start_ns + round(then_s * NS_PER_S))
        return start_ns


@pytest.fixture
def load(fake: Any, credentials_file: Path, tmp_path: Path) -> Iterator[Load]:
    """A load that leaves no process behind."""
    made = Load(fake, credentials_file, tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.wait()


def test_a_frozen_server_meets_every_arrival_and_shows_its_freeze(
    load: Load, mode: Any
) -> None:
    """For 5 s nothing is answered: arrivals go on as scheduled, latencies tell the wait."""
    profile = load_profile(load.profile())
    process = load.start("--duration-s", "9")
    start_ns = load.until_begun(then_s=2.0)
    frozen_ns = time.monotonic_ns()
    with load.fake.failing(mode.FREEZE):
        _wait_for(start_ns + 7 * NS_PER_S)
        thawed_ns = time.monotonic_ns()
    assert process.wait(_LIMIT_S) == 0
    events = load.history().events
    planned = {
        arrival.instance: start_ns + arrival.offset_ns
        for arrival in _planned(profile, duration_s=9)
    }
    arrived = {
        _int(event, "instance"): _int(event, "intended_ns")
        for event in events
        if event.operation == "arrival"
    }
    assert arrived == planned
    lags = sorted(_int(e, "lag_ns") for e in events if e.operation == "arrival")
    # A busy machine may delay some; the freeze of 5 s must not.
    assert lags[math.floor(0.95 * len(lags))] < NS_PER_S
    met = [at for at in planned.values() if frozen_ns < at < thawed_ns]
    assert len(met) > 10
    logins = _latencies(events, "login")
    for instance, intended_ns in planned.items():
        if frozen_ns < intended_ns < thawed_ns:
            assert logins[instance] >= thawed_ns - intended_ns
        elif intended_ns > thawed_ns + NS_PER_S:
            assert logins[instance] < NS_PER_S
    assert max(logins.values()) > 4 * NS_PER_S
    assert all(e.kind is not Kind.INFO for e in events)


def test_a_full_house_turns_arrivals_away_and_says_so(load: Load, mode: Any) -> None:
    """Beyond the limit an arrival is a failed operation; none is merely missing."""
    profile = load_profile(load.profile(max_live=3, timeout_s=2.0))
    process = load.start("--duration-s", "4")
    with load.fake.failing(mode.WORK):
        start_ns = load.until_begun(then_s=0.2)
    with load.fake.failing(mode.FREEZE):
        assert process.wait(_LIMIT_S) == 0
    events = load.history().events
    arrivals_seen = [event for event in events if event.operation == "arrival"]
    assert len(arrivals_seen) == len(_planned(profile, duration_s=4))
    away = [event for event in arrivals_seen if event.value["turned_away"]]
    assert away
    assert all(event.kind is Kind.FAIL for event in away)
    assert all(event.kind is Kind.OK for event in arrivals_seen if event not in away)
    stopped = events[-1]
    assert stopped.operation == "load_stopped"
    assert stopped.value["turned_away"] == len(away)
    assert start_ns < stopped.at_ns


def test_a_killed_load_leaves_a_whole_ledger(load: Load) -> None:
    """SIGKILL in mid-load: every object the server has was announced, none is torn off."""
    load.profile(rate_per_s=25.0)
    process = load.start()
    load.until_begun(then_s=3.0)
    process.send_signal(signal.SIGKILL)
    process.wait(_LIMIT_S)
    history = load.history()
    announced = {
        event.value["uuid"]
        for event in history.events
        if event.kind is Kind.INVOKE and "digest" in event.value
    }
    stored = {uuid for kind in CLINICAL_TYPES for uuid in load.fake.objects[kind]}
    assert len(stored) > 5
    assert stored <= announced
    # One operation of each journey may be under way, never two.
    under_way = [op_id.partition(".")[0] for op_id in _uncompleted(history)]
    assert len(under_way) == len(set(under_way))
    acknowledged = {
        event.value["uuid"]
        for event in history.events
        if event.kind is Kind.INVOKE
        and "digest" in event.value
        and _completion(history, event) is Kind.OK
    }
    assert acknowledged <= stored
    assert not any(event.operation == "load_stopped" for event in history.events)


def test_a_stopped_load_leaves_nothing_unknown(load: Load) -> None:
    """SIGTERM: operations under way end, the end is recorded, the exit code is 0."""
    load.profile(rate_per_s=15.0)
    process = load.start()
    load.until_begun(then_s=2.0)
    process.terminate()
    assert process.wait(_LIMIT_S) == 0
    history = load.history()
    assert not _uncompleted(history)
    assert not history.torn
    assert history.events[-1].operation == "load_stopped"
    assert history.events[-1].value["crashed"] == 0


def test_a_wrong_password_stops_the_load_before_it_starts(load: Load) -> None:
    """A refused login is told in a line, with a failing exit code and no history."""
    load.profile()
    load.credentials_file.write_text('{"username": "clerk", "password": "wrong"}')
    process = load.start()
    assert process.wait(_LIMIT_S) == 1
    text = load.log.read_text()
    assert "does not accept user 'clerk'" in text
    assert "Traceback" not in text
    assert "wrong" not in text
    assert not load.history_dir.exists()


@pytest.mark.parametrize("what", ["encountertype", "concept"])
def test_what_the_site_lacks_is_named(load: Load, what: str) -> None:
    """A missing object of OpenMRS' metadata stops the load, by name."""
    from reprise_loadtests.bootstrap import NEEDED  # noqa: PLC0415

    (needed, *_) = [item for item in NEEDED if item.path.startswith(what)]
    load.profile()
    load.fake.missing.add(needed.path.rpartition("/")[2])
    process = load.start()
    assert process.wait(_LIMIT_S) == 1
    assert needed.what in load.log.read_text()


def _planned(profile: Any, *, duration_s: float) -> list[Any]:
    planned = []
    for arrival in arrivals(profile, seed=_SEED):
        if arrival.offset_ns >= duration_s * NS_PER_S:
            break
        planned.append(arrival)
    return planned


def _int(event: Event, key: str) -> int:
    value = event.value[key]
    assert isinstance(value, int)
    return value


def _latencies(events: tuple[Event, ...], operation: str) -> dict[int, int]:
    """Return instance to latency of its first operation, from the intended start, ns."""
    began: dict[str, tuple[int, int]] = {}
    found: dict[int, int] = {}
    for event in events:
        if event.operation != operation:
            continue
        if event.kind is Kind.INVOKE:
            began[event.op_id] = (_int(event, "instance"), _int(event, "intended_ns"))
        elif event.op_id in began:
            instance, intended_ns = began[event.op_id]
            found.setdefault(instance, event.at_ns - intended_ns)
    return found


def _completion(history: History, invoked: Event) -> Kind | None:
    for event in history.events:
        if event.op_id == invoked.op_id and event.kind is not Kind.INVOKE:
            return event.kind
    return None


def _uncompleted(history: History) -> set[str]:
    invoked = {e.op_id for e in history.events if e.kind is Kind.INVOKE}
    return invoked - {e.op_id for e in history.events if e.kind is not Kind.INVOKE}


def _wait_for(at_ns: int) -> None:
    until(
        lambda: time.monotonic_ns() >= at_ns,
        within_s=_LIMIT_S,
        every_s=0.01,
        what="an instant",
    )
