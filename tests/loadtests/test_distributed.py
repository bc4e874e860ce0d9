"""A master and its workers, real processes: what they play together is the schedule."""

from __future__ import annotations

import signal
import socket
import subprocess

import pytest

from reprise_loadtests.account import accounts
from reprise_platform.waiting import until
from reprise_pra.history import Event, History, Kind
from tests.loadtests.loads import LIMIT_S, Load, integer, uncompleted

_RATE_PER_S = 12.0
_LAG_S = 5.0
"""Several processes on a busy machine are late at times; they must lose nothing."""


class _Crew:
    """A master, and workers that come and go."""

    def __init__(self, load: Load, *, workers: int) -> None:
        self.load = load
        load.profile(rate_per_s=_RATE_PER_S)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        self.master = load.start(
            *("--master", "--master-bind-host", "127.0.0.1"),
            *("--master-bind-port", str(self.port)),
            *("--expect-workers", str(workers)),
        )
        self.workers = [self.hire() for _ in range(workers)]

    def hire(self) -> subprocess.Popen[bytes]:
        """Start a worker."""
        return self.load.locust(
            *("--worker", "--master-host", "127.0.0.1"),
            *("--master-port", str(self.port)),
        )

    def files(self) -> dict[str, str]:
        """Return the process that each worker records as, by the worker's name."""
        return {
            str(event.value["worker"]): event.process
            for event in self.load.history().events
            if event.operation == "clock"
        }

    def strangers(self) -> set[str]:
        """Return who was heard of and was not there from the beginning."""
        told = [e for e in self.load.history().events if e.operation == "worker"]
        joined = {e.value["worker"] for e in told if e.value["what"] == "joined"}
        return {str(e.value["worker"]) for e in told} - joined


def _arrivals(events: tuple[Event, ...], process: str) -> list[int]:
    return [
        integer(event, "instance")
        for event in events
        if event.operation == "arrival" and event.process == process
    ]


@pytest.mark.timeout(300)
def test_a_worker_killed_and_another_come_lose_nothing_silently(load: Load) -> None:
    """SIGKILL, an heir, SIGTERM: every arrival is played once or told to be turned away."""
    crew = _Crew(load, workers=2)
    load.until_begun()
    load.until_arrived(15)
    victim = crew.workers.pop(0)
    victim.send_signal(signal.SIGKILL)
    victim.wait(LIMIT_S)
    crew.workers.append(crew.hire())
    (heir,) = until(crew.strangers, within_s=2 * LIMIT_S, every_s=0.1, what="the heir")
    load.until_arrived(4, process=crew.files()[heir])
    crew.master.terminate()
    assert crew.master.wait(2 * LIMIT_S) == 0, load.log.read_text()
    for worker in crew.workers:
        assert worker.wait(LIMIT_S) == 0, load.log.read_text()
    history = load.history()
    (told,) = accounts(history.events)
    assert told.problems(lag_s=_LAG_S) == ()
    assert told.arrived + told.turned_away == told.planned
    # A busy machine's living workers fall silent, too: what they were dealt they play.
    away = [
        event
        for event in history.events
        if event.operation == "arrival" and event.kind is Kind.FAIL
    ]
    reasons = {event.value.get("reason") for event in away}
    assert reasons == {"its worker was lost"}
    _check_ledgers(load, history)


def _check_ledgers(load: Load, history: History) -> None:
    """Look at the workers' files: whole, but for what was under way at the kill."""
    stopped = {e.process for e in history.events if e.operation == "load_stopped"}
    (victim,) = {e.process for e in history.events} - stopped
    open_ = [key for key in uncompleted(history) if key.partition(".")[0].isdigit()]
    instances = [int(key.partition(".")[0]) for key in open_]
    assert len(instances) == len(set(instances))
    assert set(instances) <= set(_arrivals(history.events, victim))
    announced = {e.value["uuid"] for e in history.events if "digest" in e.value}
    assert load.stored() <= announced
    for event in history.events:
        if event.operation == "clock":
            # One boot has one clock: what is measured must agree with that.
            assert abs(integer(event, "offset_ns")) <= integer(event, "bound_ns")
            assert event.value["shift_ns"] == 0
