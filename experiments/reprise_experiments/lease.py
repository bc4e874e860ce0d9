"""The lease holder: a process of its own that undoes what a dead or late runner left.

It is the runner's child in a session of its own, so that neither Ctrl-C nor a closed
terminal reaches it, joined to it by a socket pair. The kernel closes that socket when
either dies, even by SIGKILL, so each learns of the other's death at once; beats over it
tell that the other still runs. Three things end the lease:

- the runner lets go of it, with no fault open: the holder just exits;
- the runner is dead: the holder undoes what the ledger lists of it, then exits;
- the runner is *late* (no beat, or a fault open past its own limits): the holder kills it
  first, since a runner that woke up later could inject after the undo, then undoes.

It undoes faults only: never a switch, a restore, or the loss of a whole site.
"""

from __future__ import annotations

import argparse
import dataclasses
import enum
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from reprise_experiments.ledger import Opened
from reprise_experiments.locking import try_lock
from reprise_experiments.nemesis import undo_entry
from reprise_experiments.recording import open_recorder
from reprise_experiments.site import Site, reach

READY, BUSY, BEAT, BYE = b"R", b"B", b".", b"X"
LATE_S = 20.0
BEAT_S = 0.5
_ATTEMPTS = 3
_DEATH_WITHIN_S = 10.0

_log = logging.getLogger("reprise_experiments.lease")


class End(enum.StrEnum):
    """Why a lease ended."""

    RELEASED = "released"
    RUNNER_DEAD = "runner dead"
    RUNNER_LATE = "runner late"
    FAULT_EXPIRED = "a fault is open past its limits"
    TOLD = "told to end"


# A holder told to end leaves its runner alive to undo and stop by itself.
_FENCED = frozenset({End.RUNNER_DEAD, End.RUNNER_LATE, End.FAULT_EXPIRED})


def lock_path(state: Path) -> Path:
    """Return the lock that the one holder of a site's lease has while it lives."""
    return state / "lease.lock"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """The runner, as its holder sees it: a socket, and a process that cannot be mistaken."""

    link: socket.socket
    runner: int
    pidfd: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Hold the lease of one site for the process that started this one.

    Returns:
        0 when no fault is left, 1 when one could not be undone, 3 when another holder
        has the site.
    """
    parser = argparse.ArgumentParser(prog="python -m reprise_experiments.lease")
    parser.add_argument("--site", required=True)
    parser.add_argument("--link", type=int, required=True)
    parser.add_argument("--runner", type=int, required=True)
    parser.add_argument("--late-s", type=float, default=LATE_S)
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    link = socket.socket(fileno=options.link)
    tenant = Tenant(link=link, runner=options.runner, pidfd=_pidfd(options.runner))
    # Everything an undo needs is loaded and proved now, not when it is too late.
    site = reach(options.site)
    lock = try_lock(lock_path(site.access.state))
    if lock is None:
        _send(link, BUSY)
        return 3
    os.truncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()} for {options.runner}\n".encode(), 0)
    _send(link, READY)
    _log.info("holding the lease of %s for %d", options.site, options.runner)
    end = End.RUNNER_DEAD
    if tenant.pidfd >= 0:
        end = watch(site, tenant, late_s=options.late_s, told=told)
    _log.info("the lease ends: %s", end.value)
    if end in _FENCED:
        _fence(tenant)
    # From here on nobody is left to tell: a second runner must find the lock taken.
    link.close()
    return 0 if undo_all(site, options.runner) else 1


def _pidfd(runner: int) -> int:
    """Return a descriptor for the runner, or -1 when it is dead already.

    A pid alone may have been given to another process; the parent's cannot.
    """
    try:
        pidfd = os.pidfd_open(runner)
    except ProcessLookupError:
        return -1
    return pidfd if os.getppid() == runner else -1


def watch(site: Site, tenant: Tenant, *, late_s: float, told: list[int]) -> End:
    """Watch the runner until the lease ends; see the module's text for the ways."""
    poll = select.poll()
    poll.register(tenant.link, select.POLLIN)
    poll.register(tenant.pidfd, select.POLLIN)
    expiry = _Expiry(site, tenant.runner)
    beat_ns = time.monotonic_ns()
    while not told:
        ready = dict(poll.poll(int(BEAT_S * 1000)))
        if tenant.link.fileno() in ready:
            said = receive(tenant.link)
            # Told before a death: a runner may let go and end at the same instant.
            if BYE in said or not said:
                return End.RELEASED if BYE in said else End.RUNNER_DEAD
            beat_ns = time.monotonic_ns()
            _send(tenant.link, BEAT)
        elif tenant.pidfd in ready:
            return End.RUNNER_DEAD
        now_ns = time.monotonic_ns()
        if now_ns - beat_ns > late_s * 1e9:
            return End.RUNNER_LATE
        if expiry.before(now_ns):
            return End.FAULT_EXPIRED
    return End.TOLD


class _Expiry:
    """When the first open fault is past its limits; reads the ledger when it changed."""

    def __init__(self, site: Site, runner: int) -> None:
        self._site, self._runner = site, runner
        self._stamp = (-1, -1)
        self._first_ns: int | None = None

    def before(self, now_ns: int) -> bool:
        """Tell whether a fault should have been over by now."""
        try:
            stat = self._site.ledger.path.stat()
        except FileNotFoundError:
            return False
        stamp = (stat.st_mtime_ns, stat.st_size)
        if stamp != self._stamp:
            self._stamp = stamp
            ends = [entry.expires_ns for entry in _leased(self._site, self._runner)]
            self._first_ns = min(ends, default=None)
        return self._first_ns is not None and self._first_ns < now_ns


def undo_all(site: Site, runner: int) -> bool:
    """Undo every open fault of a runner that a lease may undo; tell whether none is left."""
    for attempt in range(1, _ATTEMPTS + 1):
        for entry in _leased(site, runner):
            _undo_one(site, entry, attempt)
        if not _leased(site, runner):
            return True
    _log.error(
        "faults are left open; `python -m reprise_experiments recover` tries again"
    )
    return False


def _undo_one(site: Site, entry: Opened, attempt: int) -> None:
    try:
        with open_recorder(Path(entry.history), "lease") as recorder:
            undo_entry(site, entry, by="lease", recorder=recorder)
    except Exception:  # noqa: BLE001 - a process boundary: the next attempt must come
        _log.exception("%s, attempt %d", entry.id, attempt)
    else:
        _log.info("%s %s undone", entry.fault, entry.id)


def _leased(site: Site, runner: int) -> tuple[Opened, ...]:
    found = site.ledger.read().open
    return tuple(entry for entry in found if entry.leased and entry.runner == runner)


def _fence(tenant: Tenant) -> None:
    """Make sure that the runner can inject nothing any more."""
    if tenant.pidfd < 0:
        return
    try:
        signal.pidfd_send_signal(tenant.pidfd, signal.SIGKILL)
    except ProcessLookupError:
        return
    poll = select.poll()
    poll.register(tenant.pidfd, select.POLLIN)
    if not poll.poll(int(_DEATH_WITHIN_S * 1000)):
        _log.error("the runner does not die; undoing all the same")


def receive(link: socket.socket) -> bytes:
    """Return what the other end said; nothing means that it is dead."""
    try:
        return link.recv(4096)
    except OSError:
        return b""


def _send(link: socket.socket, word: bytes) -> None:
    # The runner may be gone by now: the next look at the socket says so.
    try:
        link.send(word, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except OSError as error:
        _log.debug("the runner does not listen: %s", error)


if __name__ == "__main__":
    sys.exit(main())
