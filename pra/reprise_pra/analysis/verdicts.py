"""Objective + measurement → verdict; then what the assumptions leave of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from reprise_pra.analysis import say, words
from reprise_pra.analysis.continuity import continuity_verdict
from reprise_pra.analysis.integrity import integrity_verdict
from reprise_pra.analysis.measure import Measured
from reprise_pra.analysis.objectives import Objectives
from reprise_pra.analysis.results import (
    Assumption,
    DataLoss,
    FaultImpact,
    Outcome,
    Text,
    Verdict,
)
from reprise_pra.analysis.timeline import duration_s

_SECONDS = "s"
_EXIT_CODES = {Outcome.MET: 0, Outcome.MISSED: 1, Outcome.UNKNOWN: 2}


def exit_code(outcome: Outcome) -> int:
    """Return the command's exit code: 0 met, 1 missed, 2 unknown."""
    return _EXIT_CODES[outcome]


def verdicts_of(
    measured: Measured,
    objectives: Objectives,
    assumptions: Sequence[Assumption],
    impacts: Sequence[FaultImpact],
) -> tuple[Verdict, ...]:
    """Judge every objective, under the assumptions.

    Continuity is only judged when a continuity fault was planned, or injected.
    """
    continuity = continuity_verdict(measured, objectives.continuity_s, impacts)
    return tuple(
        under(verdict, assumptions)
        for verdict in (
            _rto(measured, objectives),
            _rpo(measured, objectives),
            _dmia(measured, objectives),
            integrity_verdict(measured),
            *(() if continuity is None else (continuity,)),
        )
    )


def judge_at_most(
    *,
    name: str,
    title: Text,
    objective: float,
    actual: float | None,
    is_lower_bound: bool,
    why: Text,
) -> Verdict:
    """Judge a duration in seconds that must not exceed its objective.

    A lower bound that already exceeds it is MISSED; one that does not says nothing.
    """
    if actual is None:
        outcome = Outcome.UNKNOWN
        reason = say.sentence("non mesuré : {why}", "not measured: {why}", why=why)
    elif actual > objective:
        outcome = Outcome.MISSED
        reason = say.sentence(
            "{least}{actual} pour un objectif de {objective}, écart {gap} ({why})",
            "{least}{actual} for an objective of {objective}, gap {gap} ({why})",
            least=_least(is_lower_bound),
            actual=say.seconds(actual),
            objective=say.seconds(objective),
            gap=say.seconds(actual - objective),
            why=why,
        )
    elif is_lower_bound:
        outcome = Outcome.UNKNOWN
        reason = say.sentence(
            "au moins {actual}, sans que l'on sache davantage ({why})",
            "at least {actual}, and no more is known ({why})",
            actual=say.seconds(actual),
            why=why,
        )
    else:
        outcome = Outcome.MET
        reason = say.sentence(
            "{actual} pour un objectif de {objective} ({why})",
            "{actual} for an objective of {objective} ({why})",
            actual=say.seconds(actual),
            objective=say.seconds(objective),
            why=why,
        )
    return Verdict(
        name=name,
        title=title,
        objective=float(objective),
        actual=actual,
        is_lower_bound=is_lower_bound,
        unit=_SECONDS,
        outcome=outcome,
        reason=reason,
    )


def under(verdict: Verdict, assumptions: Iterable[Assumption]) -> Verdict:
    """Return what the assumptions leave of a verdict: MET is UNKNOWN when one does not hold.

    One that could not be checked weighs as one that is false. MISSED stands, unless the
    assumption voids that very observation.
    """
    doubts = [one for one in assumptions if one.holds is not True]
    if verdict.outcome is Outcome.MISSED:
        doubts = [one for one in doubts if verdict.name in one.voids]
    if not doubts:
        return verdict
    if verdict.outcome is Outcome.MISSED:
        link = say.sentence("observation sans valeur : ", "observation void: ")
    else:
        link = say.sentence("réserves : ", "reservations: ")
    return dataclasses.replace(
        verdict,
        outcome=Outcome.UNKNOWN,
        reason=say.join(
            [
                verdict.reason,
                say.sentence(
                    "{link}{doubts}",
                    "{link}{doubts}",
                    link=link,
                    doubts=say.join(
                        dict.fromkeys(one.reason for one in doubts), separator=", "
                    ),
                ),
            ]
        ),
    )


def _rto(measured: Measured, objectives: Objectives) -> Verdict:
    rta = measured.rta
    return judge_at_most(
        name="rto",
        title=Text(fr="Délai de reprise (RTO)", en="Recovery time (RTO)"),
        objective=objectives.rto_s,
        actual=rta.seconds,
        is_lower_bound=rta.is_lower_bound,
        why=rta.reason,
    )


def _rpo(measured: Measured, objectives: Objectives) -> Verdict:
    worst = max(measured.losses, key=lambda loss: _severity(loss, objectives.rpo_s))
    actual, is_lower_bound = worst.rpa_s, worst.rpa_is_lower_bound
    # The reads that were made may prove a miss that the missing ones cannot undo.
    if actual is None and (worst.lower_bound_s or 0.0) > objectives.rpo_s:
        actual, is_lower_bound = worst.lower_bound_s, True
    why = worst.reason or Text(fr="", en="")
    if len(measured.losses) > 1:
        why = say.sentence(
            "{store} : {why}",
            "{store}: {why}",
            store=words.store_name(worst.store),
            why=why,
        )
    return judge_at_most(
        name="rpo",
        title=Text(fr="Perte de données (RPO, PDMA)", en="Data loss (RPO)"),
        objective=objectives.rpo_s,
        actual=actual,
        is_lower_bound=is_lower_bound,
        why=why,
    )


def _severity(loss: DataLoss, rpo_s: float) -> tuple[int, float, str]:
    """Order stores by how bad they are: a proved miss, then the unknown, then the rest."""
    least_s = max(loss.rpa_s or 0.0, loss.lower_bound_s or 0.0)
    if least_s > rpo_s:
        return 2, least_s, loss.store
    return int(loss.rpa_s is None or loss.rpa_is_lower_bound), least_s, loss.store


def _dmia(measured: Measured, objectives: Objectives) -> Verdict:
    actual, is_lower_bound = interruption(measured)
    if actual is None:
        why = Text(fr="pas de sinistre (t0)", en="no disaster (t0)")
    elif is_lower_bound:
        why = Text(
            fr="données ni rapprochées ni validées (t8) à la fin de l'exercice",
            en="data neither reconciled nor validated (t8) by the end of the drill",
        )
    else:
        why = Text(
            fr="du sinistre aux données rapprochées et validées",
            en="from the disaster to data reconciled and validated",
        )
    return judge_at_most(
        name="dmia",
        title=Text(
            fr="Durée maximale d'interruption admissible (DMIA)",
            en="Maximum tolerable downtime (DMIA)",
        ),
        objective=objectives.dmia_s,
        actual=actual,
        is_lower_bound=is_lower_bound,
        why=why,
    )


def interruption(measured: Measured) -> tuple[float | None, bool]:
    """Return t8 - t0 in seconds, or what is known of it and that it is a lower bound.

    Without t7 the service was never back: reconciled data do not end the interruption.
    Without t8 the data were not reconciled when the drill last spoke.
    """
    t0_ns = measured.t0_ns
    if t0_ns is None:
        return None, False
    actual = measured.between_s("t0", "t8")
    if actual is not None:
        return actual, "t7" not in measured.marks_ns
    spoke_ns = [
        span.last_ns for span in measured.timeline.processes if span.process == "drill"
    ]
    return max(0.0, duration_s(max(spoke_ns, default=t0_ns) - t0_ns)), True


def _least(is_lower_bound: bool) -> Text:  # noqa: FBT001 - one of two words
    return (
        Text(fr="au moins ", en="at least ") if is_lower_bound else Text(fr="", en="")
    )
