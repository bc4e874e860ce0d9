"""A master and its workers, real processes: what they play together is the schedule."""

from __future__ import annotations

import signal
import socket
import subprocess

import pytest

from reprise_loadtests.account import accounts
from reprise_pra.history import Event, Kind
from tests.loadtests.loads import LIMIT_S, Load, integer, uncompleted

_RATE_PER_S = 12.0
_LAG_S = 5.0
"""Several processes on a busy machine are late at times; they must lose nothing."""


class _Crew:
    """A master, and workers that come and go."""

    def __init__(self, load: Load, *, workers: int, duration_s: float | None) -> None:
        self.load = load
        load.profile(rate_per_s=_RATE_PER_S)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        lasts = [] if duration_s is None else ["--duration-s", str(duration_s)]
        self.master = load.start(
            *("--master", "--master-bind-host", "127.0.0.1"),
            *("--master-bind-port", str(self.port)),
            *("--expect-workers", str(workers), *lasts),
        )
        self.workers = [self.hire() for _ in range(workers)]

    def hire(self) -> subprocess.Popen[bytes]:
        """Start a worker."""
        return self.load.locust(
            *("--worker", "--master-host", "127.0.0.1"),
            *("--master-port", str(self.port)),
        )

    def files(self) -> dict[str, str]:
        """Return each worker's name by the process that it records as."""
        return {
            event.process: str(event.value["worker"])
            for event in self.load.history().events
            if event.operation == "clock"
        }

    def heard(self, what: str) -> list[Event]:
        """Return what the master told of its workers."""
        return [
            event
            for event in self.load.history().events
            if event.operation == "worker" and event.value["what"] == what
        ]


def _arrivals(events: tuple[Event, ...], process: str) -> list[int]:
    return [
        integer(event, "instance")
        for event in events
        if event.operation == "arrival" and event.process == process
    ]


@pytest.mark.timeout(300)
def test_a_worker_killed_and_another_come_lose_nothing_silently(load: Load) -> None:
    """SIGKILL, then an heir: every arrival is played once or told to be turned away."""
    crew = _Crew(load, workers=2, duration_s=24.0)
    start_ns = load.until_begun(then_s=1.0)
    load.until_arrived(20)
    victim = crew.workers[0]
    victim.send_signal(signal.SIGKILL)
    victim.wait(LIMIT_S)
    crew.workers.append(crew.hire())
    assert crew.master.wait(3 * LIMIT_S) == 0, load.log.read_text()
    for worker in crew.workers[1:]:
        assert worker.wait(LIMIT_S) == 0, load.log.read_text()
    history = load.history()
    (told,) = accounts(history.events)
    assert told.problems(lag_s=_LAG_S) == ()
    assert told.arrived + told.turned_away == told.planned
    assert told.turned_away
    reasons = {e.value.get("reason") for e in history.events if e.value.get("reason")}
    assert "its worker was lost" in reasons
    (silent,) = crew.heard("silent")
    heir = crew.heard("heard")[-1]
    assert heir.value["slot"] == silent.value["slot"]
    names = {name: process for process, name in crew.files().items()}
    played = _arrivals(history.events, names[str(heir.value["worker"])])
    assert played
    assert {number % 2 for number in played} == {silent.value["slot"]}
    master = next(e.process for e in history.events if e.operation == "schedule")
    others = [e for e in history.events if e.process != master]
    # The victim's ledger: at most one operation of each of its journeys is unknown.
    victims = names[str(silent.value["worker"])]
    open_ = [key for key in uncompleted(history) if key.partition(".")[0].isdigit()]
    assert len(open_) == len({key.partition(".")[0] for key in open_})
    assert {key.partition(".")[0] for key in open_} <= {
        str(number) for number in (*_arrivals(history.events, victims), 0)
    }
    announced = {e.value["uuid"] for e in others if "digest" in e.value}
    assert load.stored() <= announced
    for event in others:
        if event.operation == "clock":
            # One boot has one clock: what is measured must agree with that.
            assert abs(integer(event, "offset_ns")) <= integer(event, "bound_ns")
            assert event.value["shift_ns"] == 0
    assert start_ns < history.events[-1].at_ns


@pytest.mark.timeout(300)
def test_a_stopped_master_ends_its_workers(load: Load) -> None:
    """SIGTERM: what was due is on record, each ledger is closed, nothing is unknown."""
    crew = _Crew(load, workers=2, duration_s=None)
    load.until_begun()
    load.until_arrived(15)
    crew.master.terminate()
    assert crew.master.wait(2 * LIMIT_S) == 0, load.log.read_text()
    for worker in crew.workers:
        assert worker.wait(LIMIT_S) == 0, load.log.read_text()
    history = load.history()
    (told,) = accounts(history.events)
    assert told.problems(lag_s=_LAG_S) == ()
    assert not uncompleted(history)
    stopped = [e for e in history.events if e.operation == "load_stopped"]
    assert len(stopped) == 3
    assert all(e.kind is Kind.OK for e in stopped)
