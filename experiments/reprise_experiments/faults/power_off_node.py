"""A node loses its power: every process of it dies at once, its link goes down.

Where a site can only approximate that (`power_off: kubernetes`), it loses its pods at once
and takes no others; the evidence says which of the two was seen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from reprise_experiments.faults.commands import carry_out
from reprise_experiments.faults.sightings import (
    Sighting,
    no_check,
    wait_until_back,
    wait_until_down,
    wait_until_emptied,
)
from reprise_experiments.ledger import Baseline, UndoCommand
from reprise_experiments.site import Site
from reprise_experiments.targets import Scope, Target
from reprise_platform.remote.ways import TAINT, Kind

NAME = "power_off_node"
SCOPES = frozenset({Scope.NODE, Scope.ANY_NODE, Scope.ZONE, Scope.ANY_ZONE})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PowerOffNode:
    """Power off the target nodes; undo powers them on again."""

    site: Site
    targets: tuple[Target, ...]
    baseline: Baseline

    @property
    def command(self) -> UndoCommand:
        """What undoes it."""
        machines = tuple(target.name for target in self.targets)
        return UndoCommand(undo="power_on", args={"machines": machines})

    def inject(self) -> None:
        """Cut the power of all targets at once."""
        self.site.breaker.power_off([target.name for target in self.targets])

    def wait_until_taken(
        self, within_s: float, check: Callable[[], None] = no_check
    ) -> Sighting:
        """Watch until every target is silent and NotReady, or empty where that is all.

        Raises:
            NotTaken: it was not seen within `within_s` seconds.
        """
        if self.site.access.ways.get("power_off") == Kind.KUBERNETES:
            return wait_until_emptied(
                self.site.observer,
                self.targets,
                taint=TAINT,
                within_s=within_s,
                check=check,
            )
        return wait_until_down(
            self.site.observer,
            self.targets,
            self.baseline,
            within_s=within_s,
            check=check,
        )

    def undo(self) -> None:
        """Give the power back; harmless when it is there."""
        carry_out(self.command, self.site.breaker)

    def wait_until_undone(
        self, within_s: float, check: Callable[[], None] = no_check
    ) -> Sighting:
        """Watch until the targets are Ready and as many pods are Ready as before.

        Raises:
            NotUndone: it was not seen within `within_s` seconds.
        """
        return wait_until_back(
            self.site.observer,
            self.targets,
            self.baseline,
            within_s=within_s,
            check=check,
        )
