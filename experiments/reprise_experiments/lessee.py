"""The runner's side of the lease: start a holder, beat, and notice when it is gone."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from reprise_experiments import lease
from reprise_experiments.errors import Refused, Stopped
from reprise_platform.remote import asking

_START_WITHIN_S = 60.0
_END_WITHIN_S = 10.0


class Lease:
    """A live lease on one site; `check` raises once its holder is gone."""

    def __init__(
        self, *, process: subprocess.Popen[bytes], link: socket.socket, late_s: float
    ) -> None:
        """Beat in a thread of its own from now on; use `take` to get one."""
        self._process = process
        self._link = link
        self._late_s = late_s
        self._lost = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._beat, name="reprise-lease", daemon=True
        )
        self._thread.start()

    @property
    def holder(self) -> int:
        """The holder's process id."""
        return self._process.pid

    def check(self) -> None:
        """Do nothing while the lease lives.

        Raises:
            Stopped: its holder is gone; the caller must undo and end.
        """
        if self._lost:
            raise Stopped(self._lost)

    def release(self) -> int | None:
        """Let go of the lease; return the holder's exit code, None if it lingers.

        With a fault still open, the holder undoes it before it exits.
        """
        self._ended.set()
        self._thread.join()
        try:
            self._link.send(lease.BYE, socket.MSG_NOSIGNAL)
        except OSError:
            pass
        finally:
            self._link.close()
        try:
            return self._process.wait(timeout=_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            return None

    def _beat(self) -> None:
        """Exchange beats until released, or until the holder is dead or late."""
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        heard_ns = time.monotonic_ns()
        while not self._ended.is_set():
            try:
                self._link.send(lease.BEAT, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
            except BlockingIOError:
                pass  # a stopped holder lets the socket fill: it is late, told below
            except OSError:
                self._lost = self._say("is dead")
                return
            if poll.poll(int(lease.BEAT_S * 1000)):
                if not lease.receive(self._link):
                    self._lost = self._say("is dead")
                    return
                heard_ns = time.monotonic_ns()
                self._ended.wait(lease.BEAT_S)
            elif time.monotonic_ns() - heard_ns > self._late_s * 1e9:
                self._lost = self._say(f"has been silent for {self._late_s:g} s")
                return

    def _say(self, what: str) -> str:
        return f"the lease holder (process {self._process.pid}) {what}"


def take(
    site_name: str,
    state: Path,
    *,
    within_s: float = _START_WITHIN_S,
    late_s: float = lease.LATE_S,
) -> Lease:
    """Start a lease holder for this process and wait until it holds the site.

    Raises:
        Refused: it did not come up in time, or another runner has the site.
    """
    state.mkdir(parents=True, exist_ok=True)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    log = state / "lease.log"
    with theirs, log.open("ab") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "reprise_experiments.lease",
                f"--site={site_name}",
                f"--link={theirs.fileno()}",
                f"--runner={os.getpid()}",
                f"--late-s={late_s}",
            ],
            env={**os.environ, **asking.handed_on()},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    ours.settimeout(within_s)
    try:
        word = ours.recv(1)
    except TimeoutError:
        word = b""
    ours.settimeout(None)
    if word == lease.READY:
        return Lease(process=process, link=ours, late_s=late_s)
    ours.close()
    if word == lease.BUSY:
        process.wait(timeout=_END_WITHIN_S)
        other = lease.lock_path(state).read_text(encoding="utf-8").strip()
        msg = f"another runner has the lease of the site (holder {other}): wait for it"
        raise Refused(msg)
    process.kill()
    process.wait()
    msg = f"no lease holder within {within_s:g} s, so nothing is injected; see {log}"
    raise Refused(msg)
