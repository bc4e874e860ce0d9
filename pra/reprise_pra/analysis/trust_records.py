"""Assumptions on the record itself: on one clock, read to the end, as agreed."""

from __future__ import annotations

from reprise_pra.analysis import say
from reprise_pra.analysis.backups import instant
from reprise_pra.analysis.fates import Fate
from reprise_pra.analysis.marks import disordered
from reprise_pra.analysis.measure import Measured
from reprise_pra.analysis.results import Assumption, Text
from reprise_pra.analysis.timeline import NS_PER_S, Timeline

_DURATIONS = ("rto", "rpo", "dmia", "continuity")
_CLOCK_DRIFT_S = 1.0  # what the second of Velero's own times hides anyway


def one_boot(measured: Measured) -> Assumption:
    """Every event carries the same boot: between two, monotonic instants mean nothing."""
    count = len(measured.timeline.boot_ids)
    return Assumption(
        name="one_boot",
        title=Text(fr="Un seul démarrage de la machine", en="One boot"),
        holds=count == 1,
        reason=say.sentence(
            "{count} démarrages de la machine dans l'historique",
            "{count} boots of the machine in the history",
            count=count,
        )
        if count > 1
        else Text(fr="un seul démarrage de la machine", en="one boot of the machine"),
        voids=_DURATIONS,
    )


def ordered_clocks(measured: Measured) -> Assumption:
    """The marks come in their order, and the wall clock kept step with the monotonic one."""
    wrong = disordered(measured.marks_ns)
    drift_s = _drift_s(measured.timeline)
    if "t0" not in measured.marks_ns:
        holds: bool | None = None
        reason = Text(fr="pas de sinistre (t0)", en="no disaster (t0)")
    elif wrong:
        holds = False
        pairs = ", ".join(f"{later} < {earlier}" for earlier, later in wrong)
        reason = say.sentence(
            "repères en désordre : {pairs}", "marks out of order: {pairs}", pairs=pairs
        )
    elif drift_s > _CLOCK_DRIFT_S:
        holds = False
        reason = say.sentence(
            "l'heure de la machine a sauté de {drift}",
            "the machine's time of day jumped by {drift}",
            drift=say.seconds(drift_s),
        )
    else:
        holds = True
        reason = Text(fr="repères et horloges en ordre", en="marks and clocks in order")
    return Assumption(
        name="ordered_clocks",
        title=Text(fr="Horloges ordonnées", en="Ordered clocks"),
        holds=holds,
        reason=reason,
    )


def final_reads(measured: Measured) -> Assumption:
    """Every acknowledged write was read back in the end, and got an answer."""
    fates = [one.fate for one in measured.witnesses if one.acknowledged_ns is not None]
    parts = {"unread": fates.count(Fate.UNREAD), "count": len(fates)}
    if not fates:
        reason = Text(fr="aucune écriture acquittée", en="no write was acknowledged")
    elif parts["unread"]:
        reason = say.sentence(
            "écritures acquittées sans relecture finale : {unread} sur {count}",
            "acknowledged writes without a final read: {unread} of {count}",
            **parts,
        )
    else:
        reason = say.sentence(
            "écritures acquittées, toutes relues : {count}",
            "acknowledged writes, all read back: {count}",
            **parts,
        )
    return Assumption(
        name="final_reads",
        title=Text(fr="Relectures finales faites", en="Final reads made"),
        holds=parts["unread"] == 0 if fates else None,
        reason=reason,
    )


def objectives_unchanged(measured: Measured) -> Assumption:
    """The objectives are those the run started with; a verdict against others is void."""
    looks = measured.timeline.checks_named("objectives_unchanged")
    denied = [look for look in looks if look.holds is False]
    same = measured.run.objectives_sha256 == measured.run.plan.objectives_sha256
    if not same:
        reason = Text(
            fr="les objectifs du dossier ont changé depuis le début de l'exercice",
            en="the folder's objectives changed since the drill began",
        )
    elif denied:
        reason = say.sentence(
            "objectifs modifiés pendant l'exercice : {detail}",
            "objectives changed during the drill: {detail}",
            detail=denied[-1].detail or "–",
        )
    elif not any(look.holds for look in looks):
        reason = Text(
            fr="objectifs : non comparés à la fin de l'exercice",
            en="objectives: not compared at the end of the drill",
        )
    else:
        reason = Text(
            fr="objectifs inchangés depuis le début de l'exercice",
            en="objectives unchanged since the drill began",
        )
    return Assumption(
        name="objectives_unchanged",
        title=Text(fr="Objectifs inchangés", en="Objectives unchanged"),
        holds=False
        if denied or not same
        else (True if any(look.holds for look in looks) else None),
        reason=reason,
        voids=_DURATIONS if denied or not same else (),
    )


def _drift_s(timeline: Timeline) -> float:
    """Return by how much wall clock and monotonic clock parted, at most, in seconds.

    Backups are told by wall clock, marks by the monotonic one: both meet at t0.
    """
    seen = [
        (timeline.start_ns, timeline.start_utc),
        (timeline.end_ns, timeline.end_utc),
    ]
    seen += [(mark.at_ns, mark.utc) for mark in timeline.marks.values()]
    origin = instant(timeline.start_utc)
    return max(
        abs(
            (instant(utc) - origin).total_seconds()
            - (at_ns - timeline.start_ns) / NS_PER_S
        )
        for at_ns, utc in seen
    )
