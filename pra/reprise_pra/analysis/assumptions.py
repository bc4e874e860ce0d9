"""May this run be judged? What must hold for a verdict to mean anything.

Each assumption says whether it holds (None: nothing recorded tells), why, and which
verdicts lose their very observation when it does not: a MISSED stands unless its own
observation is void, a MET needs them all.
"""

from __future__ import annotations

from reprise_pra.analysis.measure import Measured
from reprise_pra.analysis.results import Assumption
from reprise_pra.analysis.trust_disaster import (
    alert_quiet,
    backups_before_disaster,
    faults_observed,
    primary_unreachable,
    recovery_key_proved,
    recovery_target_empty,
    residue,
)
from reprise_pra.analysis.trust_load import (
    load_after_recovery,
    load_in_baseline,
    load_schedule,
    steady_state,
)
from reprise_pra.analysis.trust_recorders import drill_completed, recorders_complete
from reprise_pra.analysis.trust_records import (
    final_reads,
    objectives_unchanged,
    one_boot,
    ordered_clocks,
)
from reprise_pra.analysis.trust_restore import restored_from_backup

_ALL = (
    load_schedule,
    load_in_baseline,
    steady_state,
    faults_observed,
    backups_before_disaster,
    recovery_key_proved,
    alert_quiet,
    primary_unreachable,
    recovery_target_empty,
    restored_from_backup,
    load_after_recovery,
    final_reads,
    one_boot,
    ordered_clocks,
    recorders_complete,
    drill_completed,
    residue,
    objectives_unchanged,
)


def assumptions_of(measured: Measured) -> tuple[Assumption, ...]:
    """Judge every assumption, in the order a drill meets them.

    One (the residue) is only there when the drill had something to leave behind.
    """
    judged = (judge(measured) for judge in _ALL)
    return tuple(one for one in judged if one is not None)
