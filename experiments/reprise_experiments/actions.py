"""What the experiments' actions call: inject, hold, undo, and undo whatever is left.

A failed action does not stop a Chaos Toolkit run, so each refuses what an earlier failure
made pointless; only the loss of the lease or of the drill above interrupts the run, which
then goes straight to its rollbacks.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping

from chaoslib.exceptions import InterruptExecution

from reprise_experiments import nemesis, session
from reprise_experiments.errors import NotTaken, Refused, Stopped
from reprise_experiments.faults import fault_of
from reprise_experiments.ledger import Opened
from reprise_experiments.nemesis import Limits, undo_entry
from reprise_experiments.observe import snapshot
from reprise_experiments.residue import residue
from reprise_experiments.session import Session
from reprise_experiments.targets import BlastRadius, parse_selector
from reprise_platform.errors import WaitTimeout
from reprise_platform.waiting import until
from reprise_pra.history import JsonValue

__all__ = ["hold", "inject", "undo", "undo_left"]

type Answer = dict[str, JsonValue]

_EVERY_S = 0.5
_STILL_TAKEN_WITHIN_S = 15.0


@contextlib.contextmanager
def _interrupting() -> Iterator[None]:
    """Turn the loss of what keeps the run safe into the Chaos Toolkit's interruption."""
    try:
        yield
    except Stopped as error:
        session.note_interruption(str(error))
        raise InterruptExecution(str(error)) from error


def inject(
    *,
    fault: str,
    target: Mapping[str, JsonValue],
    max_nodes: int,
    max_zones: int,
    take_within_s: float,
    hold_s: float,
    undo_within_s: float,
) -> Answer:
    """Inject a fault, return once it was seen to take.

    Args:
        fault: its name (`reprise_experiments.faults.FAULTS`).
        target: a selector (`reprise_experiments.targets`).
        max_nodes: the blast radius, in nodes; `max_zones` in zones.
        hold_s: how long it will be held, in seconds, for the lease's deadline.

    Raises:
        Refused: nothing was touched.
        NotTaken: it was not seen to take; it will be undone.
    """
    run = session.current()
    if not run.guarded:
        msg = (
            "no guard: an experiment needs the control"
            " reprise_experiments.controls.guard, and what it asks for"
        )
        raise Refused(msg)
    with _interrupting():
        run.take_lease()
        run.injection = nemesis.inject(
            run.site,
            fault=fault,
            selector=parse_selector(target),
            radius=BlastRadius(max_nodes=max_nodes, max_zones=max_zones),
            limits=Limits(take_s=take_within_s, hold_s=hold_s, undo_s=undo_within_s),
            recorder=run.nemesis,
            history=run.history,
            check=run.check,
        )
    entry = run.injection.entry
    return {
        "ledger_id": entry.id,
        "fault": fault,
        "targets": [
            {"name": hit.name, "zone": hit.zone, "uid": hit.uid}
            for hit in entry.targets
        ],
        "taken": True,
        "observer": run.injection.sighting.observer,
        "evidence": run.injection.sighting.evidence,
    }


def hold(*, seconds: float) -> Answer:
    """Leave the fault in place for a while; at the end, see that it still is.

    Raises:
        Refused: no fault was seen to take in this run.
        NotTaken: it was undone by somebody else, or is not to be seen any more.
    """
    run = session.current()
    injection = _injected(run)
    started_ns = time.monotonic_ns()

    def over() -> bool:
        run.check()
        return time.monotonic_ns() - started_ns >= seconds * 1e9

    with _interrupting():
        until(
            over, within_s=seconds + 60, every_s=_EVERY_S, what="the fault to be held"
        )
        _still_open(run)
        fault_of(injection.entry, run.site).wait_until_taken(
            _STILL_TAKEN_WITHIN_S, run.check
        )
    held_s = (time.monotonic_ns() - started_ns) / 1e9
    return {"ledger_id": injection.entry.id, "held_s": round(held_s, 3), "taken": True}


def undo(*, settle_s: float) -> Answer:
    """Undo this run's fault, return once it was seen to be, with what it left behind.

    Args:
        settle_s: how long the rest of the site may take to be as before, in seconds.

    Raises:
        Refused: no fault was injected, or somebody else undid it.
        NotUndone: it was not seen to be undone; the rollback will try again.
    """
    run = session.current()
    left = _ours(run)
    if not left:
        msg = "nothing to undo: no fault of this run is open"
        raise Refused(msg)
    answers: list[JsonValue] = []
    for entry in left:
        seen = undo_entry(run.site, entry, by="runner", recorder=run.nemesis)
        if seen is None:
            msg = f"{entry.id} was undone by somebody else while this run held it"
            raise Refused(msg)
        answers.append({"ledger_id": entry.id, "evidence": seen.evidence})
    return {"undone": answers, "residue": list(_residue(run, settle_s))}


def undo_left() -> Answer:
    """Undo whatever is still open: the rollback, which mostly finds nothing to do.

    Raises:
        NotUndone: a fault was not seen to be undone; the lease holder tries again.
    """
    # With no session nothing was injected: interrupted before it began.
    try:
        run = session.current()
    except Refused:
        return {"undone": []}
    undone: list[JsonValue] = []
    for entry in _ours(run):
        undo_entry(run.site, entry, by="runner", recorder=run.nemesis)
        undone.append(entry.id)
    return {"undone": undone}


def _ours(run: Session) -> list[Opened]:
    """Return the open faults of this process: another's are its own, or `recover`'s."""
    found = run.site.ledger.read().open
    return [entry for entry in found if entry.leased and entry.runner == os.getpid()]


def _injected(run: Session) -> nemesis.Injection:
    if run.injection is None:
        msg = "no fault was seen to take in this run, so there is none to hold"
        raise Refused(msg)
    return run.injection


def _still_open(run: Session) -> None:
    injection = _injected(run)
    if injection.entry.id not in {entry.id for entry in run.site.ledger.read().open}:
        msg = f"{injection.entry.id} was undone by somebody else while it was held"
        raise NotTaken(msg)


def _residue(run: Session, settle_s: float) -> tuple[str, ...]:
    """Return what differs from before, once it had the time to settle."""
    if run.injection is None:
        return ("the fault was not seen to take, so nothing can be compared",)
    before = run.injection.before
    left: list[str] = []

    def clean() -> bool:
        left[:] = residue(before, snapshot(run.site.observer))
        return not left

    with contextlib.suppress(WaitTimeout):
        until(clean, within_s=settle_s, every_s=_EVERY_S, what="no residue")
    return tuple(left)
