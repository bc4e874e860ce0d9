"""A zone is cut off: its nodes run on, and nothing gets into or out of the zone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from reprise_experiments.faults.commands import carry_out
from reprise_experiments.faults.sightings import (
    Sighting,
    no_check,
    wait_until_back,
    wait_until_down,
)
from reprise_experiments.ledger import Baseline, UndoCommand
from reprise_experiments.site import Site
from reprise_experiments.targets import Scope, Target

NAME = "isolate_zone"
SCOPES = frozenset({Scope.ZONE, Scope.ANY_ZONE})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class IsolateZone:
    """Isolate the zones of the target nodes; undo lets them be reached again."""

    site: Site
    targets: tuple[Target, ...]
    baseline: Baseline

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones hit."""
        return tuple(sorted({target.zone for target in self.targets}))

    @property
    def command(self) -> UndoCommand:
        """What undoes it."""
        return UndoCommand(undo="restore_zone", args={"zones": self.zones})

    def inject(self) -> None:
        """Cut the zones off, one after the other."""
        for zone in self.zones:
            self.site.breaker.isolate_zone(zone)

    def wait_until_taken(
        self, within_s: float, check: Callable[[], None] = no_check
    ) -> Sighting:
        """Watch until every node of the zones is silent and NotReady.

        Raises:
            NotTaken: it was not seen within `within_s` seconds.
        """
        return wait_until_down(
            self.site.observer,
            self.targets,
            self.baseline,
            within_s=within_s,
            check=check,
        )

    def undo(self) -> None:
        """Join the zones again; harmless when they are."""
        carry_out(self.command, self.site.breaker)

    def wait_until_undone(
        self, within_s: float, check: Callable[[], None] = no_check
    ) -> Sighting:
        """Watch until the nodes are Ready and as many pods are Ready as before.

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
