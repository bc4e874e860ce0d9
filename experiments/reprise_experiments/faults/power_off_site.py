"""The disaster: the whole primary site loses its power, control plane included.

No lease undoes it. The site stays down, and fenced, until the plan's return brings it
back or it is taken down: two sites must never serve at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from reprise_experiments.errors import Refused
from reprise_experiments.faults.commands import carry_out
from reprise_experiments.faults.sightings import Sighting, no_check, wait_until_lost
from reprise_experiments.ledger import Baseline, UndoCommand
from reprise_experiments.site import Site
from reprise_experiments.targets import Scope, Target

NAME = "power_off_site"
SCOPES = frozenset({Scope.SITE})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PowerOffSite:
    """Power off everything of the primary site."""

    site: Site
    targets: tuple[Target, ...]
    baseline: Baseline

    @property
    def command(self) -> UndoCommand:
        """Nothing undoes it here: bringing a site back is the plan's."""
        return UndoCommand(undo="none", args={})

    def inject(self) -> None:
        """Cut the power of the whole site."""
        self.site.breaker.power_off_primary()

    def wait_until_taken(
        self, within_s: float, check: Callable[[], None] = no_check
    ) -> Sighting:
        """Watch until neither a node nor the cluster's API answers.

        Raises:
            NotTaken: it was not seen within `within_s` seconds.
        """
        return wait_until_lost(
            self.site.observer, self.targets, within_s=within_s, check=check
        )

    def undo(self) -> None:
        """Refuse: the return to the primary is a phase of the plan, not an undo.

        Raises:
            Refused: always.
        """
        carry_out(self.command, self.site.breaker)

    def wait_until_undone(
        self, within_s: float, check: Callable[[], None] = no_check
    ) -> Sighting:
        """Refuse, as `undo` does.

        Raises:
            Refused: always.
        """
        del within_s, check
        msg = "power_off_site is not undone here; the plan's return or `down` ends it"
        raise Refused(msg)
