"""The prober: gives an outage its edges, to a few milliseconds.

One thread, one epoll, a fixed grid of instants. Every probe is a fresh TCP connection (and
a whole TLS handshake where the front door asks for one: a session taken up again would not
look at the certificate), one small request, 300 ms to answer for all of it; no kept
connection, no retry, no redirect. A name's address is known before: another thread asks.
What earlier probes do never moves the grid. It shares nothing with the load generator,
whose own stalls it must not inherit.
"""

from __future__ import annotations

import argparse
import dataclasses
import errno
import itertools
import selectors
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path

from reprise_loadtests.credentials import find_authority, find_credentials
from reprise_loadtests.errors import LoadError
from reprise_loadtests.probe import (
    NS_PER_MS,
    Grid,
    Outcome,
    Probed,
    failed_connection,
    status_of,
)
from reprise_loadtests.targets import Target, read_target, write_target
from reprise_pra.history import Kind, Recorder

_NS_PER_S = 1_000_000_000
_CHUNK = 4096


@dataclasses.dataclass(slots=True)
class _Flight:
    """A probe under way; `ended` once its outcome is known and only the rest is read."""

    sched_ns: int
    sent_ns: int
    skipped: int
    connected_ns: int | None = None
    asked: bool = False
    head: bytes = b""
    ended: bool = False


class Prober:
    """One process' probes."""

    def __init__(
        self, *, target: Target, grid: Grid, timeout_ns: int, recorder: Recorder
    ) -> None:
        """Prepare; nothing is sent before `run`."""
        self._target = target
        self._grid = grid
        self._timeout_ns = timeout_ns
        self._recorder = recorder
        self._selector = selectors.EpollSelector()
        self._flights: dict[socket.socket, _Flight] = {}
        self._numbers = itertools.count(1)

    def run(self, stopping: Callable[[], bool]) -> None:
        """Probe until `stopping`, then let the probes under way end."""
        due_ns = self._grid.first_from(time.monotonic_ns())
        while not stopping():
            self._turn(due_ns)
            now_ns = time.monotonic_ns()
            if now_ns >= due_ns:
                due_ns, skipped = self._grid.catch_up(due_ns, now_ns)
                self._send(due_ns, skipped)
                due_ns += self._grid.period_ns
        while self._flights:
            self._turn(time.monotonic_ns() + self._timeout_ns)
        self._selector.close()

    def _turn(self, due_ns: int) -> None:
        """Wait for the network, the next slot or the next time-out, and deal with it."""
        wait_ns = min(due_ns, self._next_limit_ns()) - time.monotonic_ns()
        self._deal_with(self._selector.select(max(0, wait_ns) / _NS_PER_S))
        now_ns = time.monotonic_ns()
        if now_ns >= self._next_limit_ns():
            # An answer may have come while this process was not running: look once more
            # before saying that there was none.
            self._deal_with(self._selector.select(0))
            self._give_up(now_ns)

    def _deal_with(self, ready: list[tuple[selectors.SelectorKey, int]]) -> None:
        for key, _ in ready:
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            self._advance(sock, self._flights[sock])

    def _next_limit_ns(self) -> int:
        # Flights are in the order they were sent, so the first one ends first.
        for flight in self._flights.values():
            return flight.sent_ns + self._timeout_ns
        return 1 << 62

    def _send(self, sched_ns: int, skipped: int) -> None:
        where = self._target.address.now()
        # Only an address of version 6 has a colon.
        family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)  # noqa: FBT003 - the socket's own signature
        if self._target.context is not None:
            sock = self._target.context.wrap_socket(
                sock,
                server_hostname=self._target.address.host,
                do_handshake_on_connect=False,
            )
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flight = _Flight(
            sched_ns=sched_ns, sent_ns=time.monotonic_ns(), skipped=skipped
        )
        self._flights[sock] = flight
        self._selector.register(sock, selectors.EVENT_WRITE)
        code = sock.connect_ex(where)
        if code not in {0, errno.EINPROGRESS}:
            self._fail(sock, flight, code)

    def _advance(self, sock: socket.socket, flight: _Flight) -> None:
        try:
            if flight.connected_ns is None and not self._connected(sock, flight):
                return
            if not flight.asked:
                self._ask(sock, flight)
            else:
                self._receive(sock, flight)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except ssl.SSLError as error:
            # The server, or who stands in for it, is not who it should be, or left.
            self._end(sock, flight, Outcome.RESET, error=error.reason or "TLS")
            self._drop(sock)
        except OSError as error:
            self._fail(sock, flight, error.errno or 0)

    def _connected(self, sock: socket.socket, flight: _Flight) -> bool:
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._fail(sock, flight, code)
            return False
        flight.connected_ns = time.monotonic_ns()
        self._selector.modify(sock, selectors.EVENT_READ)
        return True

    def _ask(self, sock: socket.socket, flight: _Flight) -> None:
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
        sock.send(self._target.request())
        flight.asked = True

    def _receive(self, sock: socket.socket, flight: _Flight) -> None:
        data = sock.recv(_CHUNK)
        # What TLS has already read makes no event of its own.
        while isinstance(sock, ssl.SSLSocket) and (more := sock.pending()):
            data += sock.recv(more)
        if not data:
            self._end(sock, flight, Outcome.RESET, error="EOF")
            self._drop(sock)
            return
        if flight.ended:
            return
        first_ns = time.monotonic_ns()
        flight.head += data
        try:
            status = status_of(flight.head)
        except ValueError:
            self._end(sock, flight, Outcome.HTTP, error="not HTTP")
            return
        if status is not None:
            wanted = status == self._target.wanted_status
            self._end(
                sock,
                flight,
                Outcome.OK if wanted else Outcome.HTTP,
                status=status,
                end_ns=first_ns,
            )

    def _give_up(self, now_ns: int) -> None:
        for sock, flight in tuple(self._flights.items()):
            if now_ns - flight.sent_ns < self._timeout_ns:
                break
            self._end(sock, flight, Outcome.TIMEOUT)
            self._drop(sock)

    def _fail(self, sock: socket.socket, flight: _Flight, code: int) -> None:
        name = errno.errorcode.get(code, str(code))
        self._end(sock, flight, failed_connection(code), error=name)
        self._drop(sock)

    def _end(
        self,
        sock: socket.socket,
        flight: _Flight,
        outcome: Outcome,
        *,
        status: int | None = None,
        end_ns: int | None = None,
        error: str | None = None,
    ) -> None:
        assert sock in self._flights
        if flight.ended:
            return  # what comes after the answer is only read to leave politely
        flight.ended = True
        probed = Probed(
            service_class=self._target.service_class,
            sched_ns=flight.sched_ns,
            sent_ns=flight.sent_ns,
            connected_ns=flight.connected_ns,
            end_ns=time.monotonic_ns() if end_ns is None else end_ns,
            outcome=outcome,
            status=status,
            skipped=flight.skipped,
            error=error,
        )
        self._recorder.record(
            probed.kind,
            "probe",
            str(next(self._numbers)),
            probed.event_value(),
            at_ns=probed.end_ns,
        )

    def _drop(self, sock: socket.socket) -> None:
        del self._flights[sock]
        self._selector.unregister(sock)
        sock.close()


def main(arguments: list[str] | None = None) -> int:
    """Probe until SIGTERM or SIGINT; 0 after a clean end, 1 with the reason otherwise."""
    parser = argparse.ArgumentParser(prog="python -m reprise_loadtests.prober")
    parser.add_argument(
        "--class", dest="service_class", choices=("read", "write"), required=True
    )
    parser.add_argument("--index", type=int, choices=(0, 1), required=True)
    parser.add_argument("--url", required=True, help="http(s)://ADDRESS:PORT")
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--patient", help="uuid of the patient who bears the writes")
    parser.add_argument("--period-ms", type=float, default=40.0)
    parser.add_argument("--offset-ms", type=float, default=0.0)
    parser.add_argument("--timeout-ms", type=float, default=300.0)
    given = parser.parse_args(arguments)
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: stopped.append(number))
    try:
        credentials, authority = find_credentials(), find_authority()
        if given.service_class == "read":
            target = read_target(given.url, credentials, authority=authority)
        elif given.patient:
            target = write_target(
                given.url, credentials, patient=given.patient, authority=authority
            )
        else:
            parser.error("--class write needs --patient")
    except LoadError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    grid = Grid(
        period_ns=round(given.period_ms * NS_PER_MS),
        offset_ns=round(given.offset_ms * NS_PER_MS),
    )
    process = f"prober-{given.service_class}-{given.index}"
    with Recorder(given.history, process) as recorder:
        prober = Prober(
            target=target,
            grid=grid,
            timeout_ns=round(given.timeout_ms * NS_PER_MS),
            recorder=recorder,
        )
        prober.run(lambda: bool(stopped))
        recorder.record(Kind.OK, "load_stopped", "load_stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
