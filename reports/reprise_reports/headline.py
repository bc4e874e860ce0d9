"""What the report says in more than one place, found once.

The cover, the synthesis, the sections, the CSV and the figures' texts all read these.
"""

from __future__ import annotations

import dataclasses

from reprise_pra.analysis.results import (
    Assumption,
    DataLoss,
    Outcome,
    Results,
    Verdict,
)
from reprise_reports.clock import RunClock, run_clock
from reprise_reports.document import Tone
from reprise_reports.voice import measured

TONES = {
    Outcome.MET: Tone.GOOD,
    Outcome.UNKNOWN: Tone.DOUBT,
    Outcome.MISSED: Tone.BAD,
}
EMBEDDED = "embedded"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The run's main facts; None where the results do not have them.

    `acknowledged` counts the writes acknowledged before the disaster, `lost` those of
    them that are gone.
    """

    rto: Verdict | None
    rpo: Verdict | None
    dmia: Verdict | None
    rta_s: float | None
    rpa_s: float | None
    rpa_is_lower_bound: bool
    worst_case_s: float | None
    acknowledged: int | None
    lost: int
    holes: int
    altered: int
    duplicated: int
    missed: tuple[Verdict, ...]
    unknown: tuple[Verdict, ...]
    broken: tuple[Assumption, ...]
    unchecked: tuple[Assumption, ...]
    is_embedded: bool
    clock: RunClock


def headline(results: Results) -> Headline:
    """Return the facts several parts of the report share."""
    rpo, clock = verdict_of(results, "rpo"), run_clock(results)
    accounts = [account for loss in results.losses for account in loss.accounts]
    actual = measured(rpo.actual) if rpo else None
    worst_cases = [measured(loss.worst_case_s) for loss in results.losses]
    return Headline(
        rto=verdict_of(results, "rto"),
        rpo=rpo,
        dmia=verdict_of(results, "dmia"),
        rta_s=measured(results.rta_s),
        rpa_s=actual if rpo else _worst_rpa(results.losses),
        rpa_is_lower_bound=bool(rpo and rpo.is_lower_bound),
        worst_case_s=max((s for s in worst_cases if s is not None), default=None),
        acknowledged=_before(results, clock),
        lost=sum(account.lost for account in accounts),
        holes=sum(account.holes for account in accounts),
        altered=sum(account.altered for account in accounts),
        duplicated=sum(account.duplicated for account in accounts),
        missed=_with(results, Outcome.MISSED),
        unknown=_with(results, Outcome.UNKNOWN),
        broken=tuple(a for a in results.assumptions if a.holds is False),
        unchecked=tuple(a for a in results.assumptions if a.holds is None),
        is_embedded=results.provenance.provider == EMBEDDED,
        clock=clock,
    )


def verdict_of(results: Results, name: str) -> Verdict | None:
    """Return the verdict of an objective of the whole site: `rto`, `rpo`, `dmia`."""
    return next((v for v in results.verdicts if v.name.lower() == name), None)


def _with(results: Results, outcome: Outcome) -> tuple[Verdict, ...]:
    return tuple(v for v in results.verdicts if v.outcome is outcome)


def _before(results: Results, clock: RunClock) -> int | None:
    """Count the writes acknowledged before the disaster: only they can be lost by it."""
    if clock.t0_s is None or not results.losses:
        return None
    return sum(write.acknowledged_s < clock.t0_s for write in results.writes)


def _worst_rpa(losses: tuple[DataLoss, ...]) -> float | None:
    known = [measured(loss.rpa_s) for loss in losses]
    if not known or None in known:
        return None  # one unknown store could be the worst
    return max(s for s in known if s is not None)
