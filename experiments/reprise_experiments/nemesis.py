"""Inject and undo, in the one order that cannot leak.

Targets are named, the ledger is written and synced, the lease is asked, and only then is
the fault injected and watched until it takes. Every undo, by whomever (the experiment, its
lease, a person), is `undo_entry`, under one lock.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable
from pathlib import Path

from reprise_experiments.errors import Refused
from reprise_experiments.faults import check_scope, check_ways, fault_of, make_fault
from reprise_experiments.faults.commands import carry_out
from reprise_experiments.faults.sightings import Sighting, no_check
from reprise_experiments.ledger import Baseline, Opened, Outcome, new_id
from reprise_experiments.locking import locked
from reprise_experiments.observe import Snapshot, snapshot
from reprise_experiments.site import Site
from reprise_experiments.targets import BlastRadius, Scope, Selector, resolve
from reprise_platform.access import REMOTE
from reprise_pra.history import JsonValue, Kind, Recorder, boot_id, utc_now

# How long past the sum of its own limits a fault may stay open before its runner counts
# as hung.
_SLACK_S = 60.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each part of a fault may last, in seconds."""

    take_s: float
    hold_s: float
    undo_s: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """A fault that was seen to take.

    Attributes:
        started_ns: CLOCK_MONOTONIC just before the injection: a disaster's t0.
        before: the whole site as it was, for the residue.
    """

    entry: Opened
    started_ns: int
    sighting: Sighting
    before: Snapshot


def inject(
    site: Site,
    *,
    fault: str,
    selector: Selector,
    radius: BlastRadius,
    limits: Limits,
    recorder: Recorder,
    history: Path,
    check: Callable[[], None] | None,
) -> Injection:
    """Inject a fault and watch it take.

    Args:
        check: raises when the lease is lost; None only for a fault no lease may undo.
        history: the folder of `recorder`, so that whoever undoes can say so there.

    Raises:
        Refused: before anything is touched.
        NotTaken: injected, not seen; the ledger keeps it open, so it will be undone.
        Stopped: the lease was lost; the same.
        PlatformError: the provider failed; the same.
    """
    entry, before = _prepare(
        site,
        fault=fault,
        selector=selector,
        radius=radius,
        limits=limits,
        history=history,
        leased=check is not None,
    )
    if check is not None:
        check()
    made = fault_of(entry, site)
    site.ledger.open(entry)
    value: dict[str, JsonValue] = {
        "fault": fault,
        "targets": entry.target_names,
        "ledger_id": entry.id,
    }
    started_ns = time.monotonic_ns()
    recorder.record(Kind.INVOKE, "inject", entry.id, value, at_ns=started_ns)
    # Left as it is when neither success nor a failure ended the attempt but a signal.
    kind, said = Kind.INFO, {**value, "reason": "interrupted"}
    sighting = None
    try:
        made.inject()
        sighting = made.wait_until_taken(limits.take_s, check or no_check)
        kind = Kind.OK
        said = {**value, "observer": sighting.observer, "evidence": sighting.evidence}
    except Exception as error:
        kind, said = Kind.FAIL, {**value, "reason": _reason(error)}
        raise
    finally:
        at_ns = sighting.seen_ns if sighting else None
        recorder.record(kind, "inject", entry.id, said, at_ns=at_ns)
    return Injection(
        entry=entry, started_ns=started_ns, sighting=sighting, before=before
    )


def _prepare(
    site: Site,
    *,
    fault: str,
    selector: Selector,
    radius: BlastRadius,
    limits: Limits,
    history: Path,
    leased: bool,
) -> tuple[Opened, Snapshot]:
    """Settle everything about a fault without touching the site."""
    access = site.access
    if access.production:
        msg = (
            f"site {access.site} is marked production: nothing is broken there without an"
            " approval in its file, which this version does not read; rehearse elsewhere"
        )
        raise Refused(msg)
    check_scope(fault, selector.scope)
    check_ways(fault, access)
    if leased and selector.scope is Scope.SITE:
        msg = f"{fault} hits the whole site: only a drill may, and no lease undoes it"
        raise Refused(msg)
    site.ledger.check_clear()
    uid = site.observer.cluster_uid()
    if uid != access.primary.uid:
        msg = (
            f"context {access.primary.context} leads to cluster {uid}, but site"
            f" {access.site} is {access.primary.uid}: check the kubeconfig"
        )
        raise Refused(msg)
    before = snapshot(site.observer)
    bearers = {
        node
        for workload in before.workloads
        if (workload.namespace, workload.name) == (access.namespace, selector.bearing)
        for node in workload.bearers
    }
    targets = resolve(
        selector,
        nodes=before.nodes,
        zones=access.zones,
        radius=radius,
        bearers=bearers,
    )
    baseline = Baseline(nodes=before.nodes, workloads=before.workloads)
    made = make_fault(fault, site=site, targets=targets, baseline=baseline)
    now_ns = time.monotonic_ns()
    lasts_s = limits.take_s + limits.hold_s + limits.undo_s + _SLACK_S
    entry = Opened(
        id=new_id(),
        fault=fault,
        targets=targets,
        undo=made.command,
        baseline=baseline,
        leased=leased,
        # An embedded machine is processes of this host, which its reboot ends.
        expires_with_boot=access.provider != REMOTE,
        expires_ns=now_ns + int(lasts_s * 1e9),
        undo_within_s=limits.undo_s,
        history=str(history.resolve()),
        runner=os.getpid(),
        opened_ns=now_ns,
        boot_id=boot_id(),
        utc=utc_now(),
    )
    return entry, before


def undo_entry(
    site: Site,
    entry: Opened,
    *,
    by: str,
    recorder: Recorder | None,
    check: Callable[[], None] = no_check,
) -> Sighting | None:
    """Undo one fault of the ledger, watch it go, and close it.

    Args:
        by: who undoes: `runner`, `lease`, `recover`, or the `drill` that cleans.

    Returns:
        What was seen; None when somebody else had undone it already.

    Raises:
        NotUndone: not seen to be undone; the ledger keeps it open.
        Refused: it is one that nothing undoes here.
        PlatformError: the provider failed; the ledger keeps it open.
    """
    lock = site.access.state / "undo.lock"
    with locked(lock, within_s=entry.undo_within_s + _SLACK_S):
        if entry.id not in {left.id for left in site.ledger.read().open}:
            return None
        value: dict[str, JsonValue] = {
            "fault": entry.fault,
            "targets": entry.target_names,
            "by": by,
        }
        _say(recorder, Kind.INVOKE, entry, value)
        kind, said = Kind.INFO, {**value, "reason": "interrupted"}
        sighting = None
        try:
            carry_out(entry.undo, site.breaker)
            sighting = fault_of(entry, site).wait_until_undone(
                entry.undo_within_s, check
            )
            site.ledger.close(entry, outcome=Outcome.UNDONE, by=by)
            kind = Kind.OK
            said = {
                **value,
                "observer": sighting.observer,
                "evidence": sighting.evidence,
            }
        except Exception as error:
            kind, said = Kind.FAIL, {**value, "reason": _reason(error)}
            raise
        finally:
            at_ns = sighting.seen_ns if sighting else None
            _say(recorder, kind, entry, said, at_ns=at_ns)
        return sighting


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _say(
    recorder: Recorder | None,
    kind: Kind,
    entry: Opened,
    value: dict[str, JsonValue],
    *,
    at_ns: int | None = None,
) -> None:
    # A full disk may cost the history a line; it must not cost the site its undo.
    with contextlib.suppress(OSError):
        if recorder is not None:
            recorder.record(kind, "undo", entry.id, value, at_ns=at_ns)
