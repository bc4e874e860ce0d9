"""The prober keeps its grid whatever happens, and names what it met."""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_loadtests.credentials import Credentials
from reprise_loadtests.errors import LoadError
from reprise_loadtests.probe import (
    NS_PER_MS,
    Grid,
    Outcome,
    Probed,
    failed_connection,
    status_of,
)
from reprise_loadtests.targets import read_target
from reprise_platform.waiting import until
from reprise_pra.history import Event, Kind, read_history

_PERIOD_MS = 40
_LIMIT_S = 30

_grids = st.builds(
    Grid, period_ns=st.integers(1, 10**9), offset_ns=st.integers(0, 10**9)
)
_instants = st.integers(0, 10**18)


@given(_grids, _instants)
def test_the_first_slot_is_the_next_of_the_grid(grid: Grid, at_ns: int) -> None:
    """The slot is on the grid, not before the instant, and less than a period after."""
    first = grid.first_from(at_ns)
    assert (first - grid.offset_ns) % grid.period_ns == 0
    assert 0 <= first - at_ns < grid.period_ns


@given(_instants, st.integers(1, 10**9))
def test_two_probers_stay_half_a_period_apart(at_ns: int, half_ns: int) -> None:
    """Grids of one period and offsets 0 and T/2 alternate, whenever each started."""
    one = Grid(period_ns=2 * half_ns, offset_ns=0).first_from(at_ns)
    other = Grid(period_ns=2 * half_ns, offset_ns=half_ns).first_from(at_ns)
    assert abs(one - other) == half_ns


@given(_grids, _instants, st.integers(0, 10**11))
def test_late_slots_are_skipped_and_counted(
    grid: Grid, at_ns: int, late_ns: int
) -> None:
    """After a stall one slot is sent, less than a period late; the rest are counted."""
    due_ns = grid.first_from(at_ns)
    slot_ns, skipped = grid.catch_up(due_ns, due_ns + late_ns)
    assert slot_ns == due_ns + skipped * grid.period_ns
    assert 0 <= due_ns + late_ns - slot_ns < grid.period_ns


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n", 200),
        (b"HTTP/1.0 503", 503),
        (b"HTTP/1.1 20", None),
        (b"HT", None),
        (b"", None),
    ],
)
def test_a_status_is_read_as_its_bytes_come(head: bytes, status: int | None) -> None:
    """Three digits make a status; fewer bytes make nobody guess."""
    assert status_of(head) == status


@pytest.mark.parametrize("head", [b"SSH-2.0-x", b"HTTP/1.1 abc"])
def test_what_is_not_http_is_said_to_be(head: bytes) -> None:
    """Another protocol on the port is an error and not a status."""
    with pytest.raises(ValueError, match=r"not HTTP|invalid literal"):
        status_of(head)


@pytest.mark.parametrize(
    ("outcome", "status", "kind"),
    [
        (Outcome.OK, 200, Kind.OK),
        (Outcome.HTTP, 404, Kind.FAIL),
        (Outcome.HTTP, 401, Kind.INFO),
        (Outcome.HTTP, 503, Kind.INFO),
        (Outcome.HTTP, None, Kind.INFO),
        (Outcome.REFUSED, None, Kind.FAIL),
        (Outcome.RESET, None, Kind.INFO),
        (Outcome.TIMEOUT, None, Kind.INFO),
    ],
)
def test_only_certain_failures_are_failures(
    outcome: Outcome, status: int | None, kind: Kind
) -> None:
    """A write probe that timed out may have been done."""
    probed = Probed(
        service_class="write",
        sched_ns=0,
        sent_ns=0,
        connected_ns=None,
        end_ns=1,
        outcome=outcome,
        status=status,
    )
    assert probed.kind is kind


def test_a_name_leads_to_its_address(credentials: Credentials) -> None:
    """A front door may have a name; what is no URL of a web server is refused."""
    target = read_target("https://localhost", credentials)
    assert target.address.now() in {("127.0.0.1", 443), ("::1", 443)}
    assert target.address.host == "localhost"
    target.address.close()
    with pytest.raises(LoadError, match="http or https"):
        read_target("ftp://127.0.0.1", credentials)


def test_an_unreachable_host_is_refused_by_name() -> None:
    """Whatever says that nobody is there is `refused`; a late time-out is one."""
    assert failed_connection(111) is Outcome.REFUSED
    assert failed_connection(113) is Outcome.REFUSED
    assert failed_connection(104) is Outcome.RESET
    assert failed_connection(110) is Outcome.TIMEOUT


class Watch:
    """Runs real probers and reads what they write."""

    def __init__(self, fake: Any, credentials_file: Path, history_dir: Path) -> None:
        self.fake = fake
        self.credentials_file = credentials_file
        self.history_dir = history_dir
        self.started: list[subprocess.Popen[bytes]] = []

    def start(
        self, service_class: str = "read", index: int = 0, *extra: str
    ) -> subprocess.Popen[bytes]:
        """Start one prober and wait for its first probe."""
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "reprise_loadtests.prober"),
                *("--class", service_class, "--index", str(index)),
                *("--url", self.fake.url, "--history", str(self.history_dir)),
                *("--period-ms", str(_PERIOD_MS)),
                *("--offset-ms", str(index * _PERIOD_MS / 2), *extra),
            ],
            env={
                **os.environ,
                "REPRISE_CLINIC_CREDENTIALS": str(self.credentials_file),
            },
        )
        self.started.append(process)
        name = f"prober-{service_class}-{index}"
        until(
            lambda: self.history_dir.is_dir() and self.probes(name),
            within_s=_LIMIT_S,
            every_s=0.02,
            what="a first probe",
        )
        return process

    def probes(self, process: str = "prober-read-0") -> list[Event]:
        """Return the probes recorded so far, in the order they were sent."""
        events = read_history(self.history_dir.glob(f"{process}.jsonl")).events
        return sorted(
            (event for event in events if event.operation == "probe"),
            key=lambda event: _ns(event, "sched_ns"),
        )


@pytest.fixture
def watch(fake: Any, credentials_file: Path, tmp_path: Path) -> Iterator[Watch]:
    """Probers that end with the test."""
    made = Watch(fake, credentials_file, tmp_path / "history")
    yield made
    for process in made.started:
        process.kill()
        process.wait()


def test_probes_are_on_the_grid_and_tell_their_times(watch: Watch) -> None:
    """Every slot is sent or counted, and a probe's instants are in order."""
    process = watch.start()
    _pause(1.5)
    process.terminate()
    assert process.wait(_LIMIT_S) == 0
    probes = watch.probes()
    assert len(probes) > 15
    answered = [event for event in probes if event.value["outcome"] == "ok"]
    assert len(answered) > len(probes) / 2  # a busy machine may hold some answers back
    for event in answered:
        assert _ns(event, "sched_ns") % (_PERIOD_MS * NS_PER_MS) == 0
        times = [
            _ns(event, key) for key in ("sched_ns", "sent_ns", "connected_ns", "end_ns")
        ]
        assert times == sorted(times)
        assert event.at_ns == times[-1]
        assert times[1] - times[0] < 2 * _PERIOD_MS * NS_PER_MS
    _assert_complete(probes)
    events = read_history(watch.history_dir.glob("*")).events
    assert events[-1].operation == "load_stopped"


def test_a_frozen_server_does_not_move_the_grid(watch: Watch, mode: Any) -> None:
    """Held requests time out after 300 ms each, and every slot has its probe."""
    watch.start()
    with watch.fake.failing(mode.FREEZE):
        frozen_ns = time.monotonic_ns()

        def held() -> list[Event]:
            """Return what was sent and given up while the server was frozen."""
            sent = [one for one in watch.probes() if _ns(one, "sent_ns") > frozen_ns]
            return sent if len(sent) > 5 else []

        # A machine that is busy with other things leaves slots out, and counts them.
        given_up = until(held, within_s=_LIMIT_S, every_s=0.1, what="six held probes")
    _until_outcome(watch, "ok")
    probes = watch.probes()
    _assert_complete(probes)
    for event in given_up:
        assert event.value["outcome"] == "timeout"
        assert event.kind is Kind.INFO
        took_ns = _ns(event, "end_ns") - _ns(event, "sent_ns")
        assert took_ns >= 300 * NS_PER_MS


def test_what_goes_wrong_is_named(watch: Watch, mode: Any) -> None:
    """Refused, reset and an HTTP error are three different things."""
    watch.start()
    for way, outcome in (("ERROR", "http"), ("RESET", "reset")):
        with watch.fake.failing(mode[way]):
            _until_outcome(watch, outcome)
    watch.fake.refuse()
    _until_outcome(watch, "refused")
    watch.fake.listen()
    _until_outcome(watch, "ok")


def test_a_stall_is_counted_not_made_up_for(watch: Watch) -> None:
    """Stopped for half a second: one probe, then the grid, and a count of what was missed."""
    process = watch.start()
    process.send_signal(signal.SIGSTOP)
    stopped_ns = time.monotonic_ns()
    _pause(0.5)
    process.send_signal(signal.SIGCONT)
    _pause(0.5)
    probes = watch.probes()
    _assert_complete(probes)
    after = [event for event in probes if _ns(event, "sent_ns") > stopped_ns]
    assert any(int(str(event.value.get("skipped", 0))) >= 8 for event in after)
    gaps = [
        _ns(b, "sent_ns") - _ns(a, "sent_ns") for a, b in itertools.pairwise(after[1:])
    ]
    assert sum(gap < 5 * NS_PER_MS for gap in gaps) <= 1


def test_an_answer_that_came_during_a_stall_is_no_time_out(
    watch: Watch, mode: Any
) -> None:
    """The socket is looked at once more before an answer is said not to have come."""
    process = watch.start()
    with watch.fake.failing(mode.FREEZE):
        _pause(0.1)
        process.send_signal(signal.SIGSTOP)
        stopped_ns = time.monotonic_ns()
    _pause(0.6)
    process.send_signal(signal.SIGCONT)
    _pause(0.3)
    held = [e for e in watch.probes() if _ns(e, "sent_ns") < stopped_ns < e.at_ns]
    assert held
    assert all(event.value["outcome"] == "ok" for event in held)


def test_a_write_probe_writes_small_observations(watch: Watch) -> None:
    """Each acknowledged probe is one observation on the patient given."""
    process = watch.start(
        "write", 0, "--patient", "11111111-0000-4000-8000-000000000000"
    )
    _pause(0.5)
    process.terminate()
    assert process.wait(_LIMIT_S) == 0
    probes = watch.probes("prober-write-0")
    assert all(event.value["status"] == 201 for event in probes)
    assert len(watch.fake.objects["obs"]) == len(probes)


def test_nobody_listening_on_the_way_is_no_crash(watch: Watch) -> None:
    """Bytes that are no HTTP end the probe, not the prober."""
    process = watch.start()
    watch.fake.refuse()
    with socket.create_server(
        ("127.0.0.1", int(watch.fake.url.rpartition(":")[2]))
    ) as odd:
        odd.settimeout(_LIMIT_S)
        for _ in range(3):
            connection, _ = odd.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 mail.example ESMTP\r\n")
        assert process.poll() is None
    errors = [event.value.get("error") for event in watch.probes()]
    assert "not HTTP" in errors


def _assert_complete(probes: list[Event]) -> None:
    """Assert that each slot between the first and the last was sent or counted."""
    period_ns = _PERIOD_MS * NS_PER_MS
    for before, after in itertools.pairwise(probes):
        slots = (_ns(after, "sched_ns") - _ns(before, "sched_ns")) // period_ns
        assert slots == 1 + int(str(after.value.get("skipped", 0)))


def _until_outcome(watch: Watch, outcome: str) -> None:
    began_ns = time.monotonic_ns()

    def seen() -> bool:
        return any(
            event.value["outcome"] == outcome and _ns(event, "sent_ns") > began_ns
            for event in watch.probes()
        )

    until(seen, within_s=_LIMIT_S, every_s=0.05, what=f"a probe that ends {outcome}")


def _ns(event: Event, key: str) -> int:
    value = event.value[key]
    assert isinstance(value, int)
    return value


def _pause(seconds: float) -> None:
    end_s = time.monotonic() + seconds
    until(
        lambda: time.monotonic() >= end_s,
        within_s=seconds + 5,
        every_s=0.01,
        what="a while",
    )
