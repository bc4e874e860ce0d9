"""The loss of the primary site: recorded and watched as any fault, never undone here."""

from __future__ import annotations

from pathlib import Path

from reprise_experiments.faults import power_off_site
from reprise_experiments.ledger import Outcome
from reprise_experiments.nemesis import Injection, Limits, inject
from reprise_experiments.site import site_of
from reprise_experiments.targets import BlastRadius, Scope, Selector
from reprise_platform.access import Access
from reprise_pra.history import Recorder


def lose_primary(
    access: Access, *, recorder: Recorder, history: Path, take_within_s: float = 60.0
) -> Injection:
    """Power off the whole primary site and watch it go silent.

    Args:
        recorder: of the process `nemesis`; `history` is its folder.

    Returns:
        The injection; its `started_ns` is the disaster's t0.

    Raises:
        Refused: a fault is open, a node already down: nothing was touched.
        NotTaken: something still answered after `take_within_s` seconds.
        PlatformError: the provider could not carry it out.
    """
    nodes = sum(len(names) for names in access.zones.values())
    return inject(
        site_of(access),
        fault=power_off_site.NAME,
        selector=Selector(scope=Scope.SITE),
        radius=BlastRadius(max_nodes=nodes, max_zones=len(access.zones)),
        limits=Limits(take_s=take_within_s, hold_s=0, undo_s=0),
        recorder=recorder,
        history=history,
        check=None,
    )


def close_disaster(access: Access) -> tuple[str, ...]:
    """Say in the ledger that a lost primary was rebuilt; return the entries closed.

    Only for the plan's return phase, once it has brought the primary back.
    """
    ledger = site_of(access).ledger
    return tuple(
        entry.id
        for entry in ledger.read().open
        if not entry.leased and ledger.close(entry, outcome=Outcome.REBUILT, by="plan")
    )
