"""What one `chaos run` process knows: its site, its history, its lease, its fault.

The Chaos Toolkit calls plain functions and passes nothing between them, so this is the one
place with state. The recorder opens it, the guard vouches for it, the actions use it.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import select
import threading
from pathlib import Path

from reprise_experiments.errors import Refused, Stopped
from reprise_experiments.lessee import Lease, take
from reprise_experiments.nemesis import Injection
from reprise_experiments.recording import open_recorder
from reprise_experiments.site import Site, reach
from reprise_pra.history import Recorder


@dataclasses.dataclass(slots=True, kw_only=True)
class Session:
    """One run of one experiment.

    Attributes:
        guarded: whether the guard found everything an injection needs in its place.
        stop_reason: why the run must end, or empty.
    """

    site_name: str
    site: Site
    history: Path
    nemesis: Recorder
    activities: Recorder
    guarded: bool = False
    stop_reason: str = ""
    lease: Lease | None = None
    injection: Injection | None = None

    def check(self) -> None:
        """Do nothing while the run may go on.

        Raises:
            Stopped: the lease holder, or the drill that started this, is gone.
        """
        if self.stop_reason:
            raise Stopped(self.stop_reason)
        if self.lease is not None:
            self.lease.check()

    def take_lease(self) -> None:
        """Start a lease holder unless there is one.

        Raises:
            Refused: there is none to be had.
        """
        if self.lease is None:
            self.lease = take(self.site_name, self.site.access.state)
        self.check()


_open: list[Session] = []
_interruptions: list[str] = []


def note_interruption(reason: str) -> None:
    """Remember why the run is interrupted: the Chaos Toolkit's journal does not say."""
    _interruptions.append(reason)


def interruption() -> str:
    """Return why the run was interrupted, or nothing."""
    return "; ".join(dict.fromkeys(_interruptions))


def open_session(site_name: str, history: str) -> Session:
    """Open the session of this process.

    Args:
        history: folder for the events; empty for one of its own in the site's folder.

    Raises:
        PlatformError: there is no such site.
    """
    close_session()
    site = reach(site_name)
    if history:
        folder = Path(history)
    else:
        utc = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        folder = site.access.state / "experiments" / f"{utc}-{os.getpid()}" / "history"
    session = Session(
        site_name=site_name,
        site=site,
        history=folder,
        nemesis=open_recorder(folder, "nemesis"),
        activities=open_recorder(folder, "experiment"),
    )
    _open.append(session)
    return session


def current() -> Session:
    """Return the session of this process.

    Raises:
        Refused: the recorder did not open one.
    """
    if not _open:
        msg = (
            "no recorder: an experiment needs the control"
            " reprise_experiments.controls.recorder and a site that is up (see its log)"
        )
        raise Refused(msg)
    return _open[-1]


def close_session() -> None:
    """Let go of the lease and the files; with a fault open, the holder undoes it."""
    while _open:
        session = _open.pop()
        if session.lease is not None:
            session.lease.release()
        session.nemesis.close()
        session.activities.close()


def watch_parent(session: Session, parent: int) -> None:
    """Stop the run when the process that started it dies, SIGKILL included."""
    reason = f"the drill that started this (process {parent}) is dead"
    try:
        pidfd = os.pidfd_open(parent)
    except ProcessLookupError:
        session.stop_reason = reason
        return
    if os.getppid() != parent:
        session.stop_reason = reason
        os.close(pidfd)
        return

    def wait() -> None:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.poll()
        session.stop_reason = reason

    threading.Thread(target=wait, name="reprise-parent", daemon=True).start()
