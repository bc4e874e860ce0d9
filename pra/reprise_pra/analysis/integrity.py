"""Integrity: what no RPO excuses, judged on the fate of every write."""

from __future__ import annotations

from reprise_pra.analysis import say
from reprise_pra.analysis.fates import Fate
from reprise_pra.analysis.measure import Measured
from reprise_pra.analysis.results import Outcome, Text, Verdict

_WRITES = "writes"


def integrity_verdict(measured: Measured) -> Verdict:
    """Judge what no RPO excuses: it must be zero.

    A hole or an altered write means that no state that ever was has been restored; an
    unexpected one that something answered "refused" and did it; a write acknowledged by
    the recovery site and missing, that the site loses data. What nobody is known to have
    attempted only counts when the whole write ledger is there.
    """
    is_whole = _is_ledger_whole(measured)
    counts = {
        Text(fr="trous", en="holes"): sum(one.is_hole for one in measured.witnesses),
        Text(fr="altérées", en="altered"): sum(
            one.fate is Fate.ALTERED for one in measured.witnesses
        ),
        Text(fr="inattendues", en="unexpected"): sum(
            one.fate is Fate.UNEXPECTED and (is_whole or one.invoked_ns is not None)
            for one in measured.witnesses
        ),
        Text(fr="perdues par le site de secours", en="lost by the recovery site"): sum(
            one.fate is Fate.LOST_AFTER_T0 and one.is_after_switch
            for one in measured.witnesses
        ),
    }
    was_read = any(
        read.found is not None for read in measured.timeline.final_reads.values()
    )
    faulty = sum(counts.values())
    if faulty:
        outcome = Outcome.MISSED
        reason = say.join(
            (
                say.sentence("{count} {what}", "{count} {what}", count=count, what=what)
                for what, count in counts.items()
                if count
            ),
            separator=", ",
        )
    elif was_read:
        outcome = Outcome.MET
        reason = Text(
            fr="rien d'altéré, d'inattendu ni de perdu après la bascule, aucun trou",
            en="nothing altered, unexpected or lost after the switch, no hole",
        )
    else:
        outcome = Outcome.UNKNOWN
        reason = Text(fr="aucune relecture finale", en="no final read was made")
    return Verdict(
        name="integrity",
        title=Text(
            fr="Intégrité des données reprises", en="Integrity of recovered data"
        ),
        objective=0.0,
        actual=float(faulty) if was_read else None,
        is_lower_bound=False,
        unit=_WRITES,
        outcome=outcome,
        reason=reason,
    )


def _is_ledger_whole(measured: Measured) -> bool:
    """Whether every generator wrote down its end, and no file is torn."""
    generators = [
        load for load in measured.timeline.loads if load.started_ns is not None
    ]
    return (
        bool(generators)
        and all(load.stopped_ns is not None for load in generators)
        and not measured.timeline.torn
    )
