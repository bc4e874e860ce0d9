"""What can be done to a site, and undone: one fault a file, its undo beside it.

A new fault is a new file with a class of the shape of `Fault`, a row in `FAULTS`, and, if
the ledger must know a new way of undoing, a case in `commands.carry_out`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from reprise_experiments.errors import Refused
from reprise_experiments.faults import isolate_zone, power_off_node, power_off_site
from reprise_experiments.faults.isolate_zone import IsolateZone
from reprise_experiments.faults.power_off_node import PowerOffNode
from reprise_experiments.faults.power_off_site import PowerOffSite
from reprise_experiments.faults.sightings import Sighting, no_check
from reprise_experiments.ledger import Baseline, Opened, UndoCommand
from reprise_experiments.site import Site
from reprise_experiments.targets import Scope, Target
from reprise_platform.access import Access
from reprise_platform.remote.asking import lacking_ways


class Fault(Protocol):
    """Something that can be done to a site, and undone. The two waits only look."""

    @property
    def command(self) -> UndoCommand:
        """What undoes it, as data for the ledger."""

    def inject(self) -> None:
        """Do it; return when the command was carried out."""

    def wait_until_taken(
        self, within_s: float, check: Callable[[], None] = no_check
    ) -> Sighting:
        """Return what was seen of it, or raise NotTaken."""

    def undo(self) -> None:
        """Undo it; safe to repeat, and when it never took."""

    def wait_until_undone(
        self, within_s: float, check: Callable[[], None] = no_check
    ) -> Sighting:
        """Return what was seen of its end, or raise NotUndone."""


class Maker(Protocol):
    """Makes a fault for named targets."""

    def __call__(
        self, *, site: Site, targets: tuple[Target, ...], baseline: Baseline
    ) -> Fault:
        """Make it; nothing is touched."""


FAULTS: Mapping[str, tuple[Maker, frozenset[Scope]]] = {
    power_off_node.NAME: (PowerOffNode, power_off_node.SCOPES),
    isolate_zone.NAME: (IsolateZone, isolate_zone.SCOPES),
    power_off_site.NAME: (PowerOffSite, power_off_site.SCOPES),
}


# Capabilities that each fault needs, to be done and to be undone.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    power_off_node.NAME: ("power_off", "power_on"),
    isolate_zone.NAME: ("isolate_zone", "restore_zone"),
    power_off_site.NAME: ("power_off_primary", "fence_primary"),
}


def make_fault(
    name: str, *, site: Site, targets: tuple[Target, ...], baseline: Baseline
) -> Fault:
    """Return the fault called `name` on those targets.

    Raises:
        Refused: there is none of that name.
    """
    return _kind(name)[0](site=site, targets=targets, baseline=baseline)


def check_scope(name: str, scope: Scope) -> None:
    """Refuse a fault whose targets are named in a way that does not fit it.

    Raises:
        Refused: no such fault, or it cannot be aimed like that.
    """
    scopes = _kind(name)[1]
    if scope not in scopes:
        accepted = ", ".join(sorted(scopes))
        msg = f"{name} is aimed at {accepted}, not at {scope.value}"
        raise Refused(msg)


def check_ways(name: str, access: Access) -> None:
    """Refuse a fault that the site declares no way to do, or to undo.

    Raises:
        Refused: names what the site file lacks.
    """
    lacking = lacking_ways(access, _NEEDS[name])
    if lacking:
        msg = (
            f"{name} cannot be done on site {access.site}: {'; '.join(lacking)};"
            " declare another way in its file, or leave this fault out"
        )
        raise Refused(msg)


def _kind(name: str) -> tuple[Maker, frozenset[Scope]]:
    if name not in FAULTS:
        msg = f"no fault {name!r}; known: {', '.join(sorted(FAULTS))}"
        raise Refused(msg)
    return FAULTS[name]


def fault_of(entry: Opened, site: Site) -> Fault:
    """Return the fault that a ledger entry stands for."""
    return make_fault(
        entry.fault, site=site, targets=entry.targets, baseline=entry.baseline
    )
