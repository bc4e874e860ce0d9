"""Continuity (PCA): what one lost node or one lost zone cost the users, and its verdict.

A continuity fault is one that the plan asks for before the disaster, or that was injected
before it. It belongs to the phase `continuity-<n>` in which it struck, that is to the
plan's n-th experiment; the drill's own look at the experiment is the check
`continuity_<experiment>` of that phase.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from reprise_pra.analysis import say
from reprise_pra.analysis.measure import Measured, disaster_faults
from reprise_pra.analysis.recorded import Check, Fault, Phase
from reprise_pra.analysis.results import (
    FaultImpact,
    Outcome,
    Text,
    Verdict,
)
from reprise_pra.analysis.timeline import Timeline
from reprise_pra.analysis.words import fault_name, service_class_name

PHASE = "continuity-"
_SITE_LOST = "power_off_site"
_CLASSES = ("read", "write")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One continuity fault, planned or not; `fault` is None when it was never injected."""

    name: Text
    experiment: str | None
    fault: Fault | None
    check: Check | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    outcome: Outcome
    worst_s: float | None
    is_lower_bound: bool
    reason: Text


def continuity_faults(timeline: Timeline) -> tuple[Fault, ...]:
    """Return the faults that are no disaster: without t0, all but the loss of the site."""
    disaster = disaster_faults(timeline)
    return tuple(
        fault
        for fault in timeline.faults
        if fault not in disaster and fault.fault != _SITE_LOST
    )


def trials_of(measured: Measured) -> tuple[Trial, ...]:
    """Return every continuity fault that was planned, then those that nobody planned."""
    faults = continuity_faults(measured.timeline)
    phases = {phase.name: phase for phase in measured.timeline.phases}
    plan = measured.run.plan.plan
    trials = []
    for number, planned in enumerate(plan.continuity if plan else (), start=1):
        phase = phases.get(f"{PHASE}{number}")
        mine = [fault for fault in faults if _is_in(fault.injected_ns, phase)]
        looks = [
            look
            for look in measured.timeline.checks_named(f"continuity_{planned.name}")
            if _is_in(look.at_ns, phase)
        ]
        denied = [look for look in looks if look.holds is False]
        checks = denied or looks
        trials += [
            Trial(
                name=_name(planned.name, fault),
                experiment=planned.name,
                fault=fault,
                check=checks[-1] if checks else None,
            )
            for fault in (*mine, *(() if mine else (None,)))
        ]
        faults = tuple(fault for fault in faults if fault not in mine)
    trials += [
        Trial(name=_name(None, fault), experiment=None, fault=fault, check=None)
        for fault in faults
    ]
    return tuple(trials)


def continuity_verdict(
    measured: Measured, limit_s: float | None, impacts: Sequence[FaultImpact]
) -> Verdict | None:
    """Judge the longest interruption of each continuity fault; None when there was none.

    MISSED when the drill's own look contradicts the experiment's hypothesis, or when an
    interruption of a class of service is longer than `limit_s`, seconds. UNKNOWN when the
    look, the probes or the objective are missing, or when so little was probed that an
    interruption may have been longer than that.
    """
    judged = [
        _judge(trial, measured, limit_s, impacts) for trial in trials_of(measured)
    ]
    if not judged:
        return None
    outcome = max(one.outcome for one in judged)
    told = [one for one in judged if one.outcome is outcome]
    seen = [one for one in judged if one.worst_s is not None]
    worst = max(seen, key=lambda one: one.worst_s or 0.0, default=None)
    return Verdict(
        name="continuity",
        title=Text(
            fr="Continuité de service (PCA)", en="Continuity of service (one fault)"
        ),
        objective=limit_s,
        actual=worst.worst_s if worst else None,
        is_lower_bound=worst.is_lower_bound if worst else False,
        unit="s",
        outcome=outcome,
        reason=say.join(one.reason for one in told),
    )


def _is_in(at_ns: int, phase: Phase | None) -> bool:
    return (
        phase is not None
        and phase.start_ns <= at_ns
        and (phase.end_ns is None or at_ns <= phase.end_ns)
    )


def _name(experiment: str | None, fault: Fault | None) -> Text:
    if fault is None:
        return Text(fr=experiment or "?", en=experiment or "?")
    name = fault_name(fault.fault)
    targets = ", ".join(fault.targets) or "?"
    return say.sentence(
        "{name} ({targets})", "{name} ({targets})", name=name, targets=targets
    )


def _judge(
    trial: Trial,
    measured: Measured,
    limit_s: float | None,
    impacts: Sequence[FaultImpact],
) -> _Judged:
    fault = trial.fault
    if fault is None:
        return _unknown(
            trial,
            Text(fr="panne prévue, jamais injectée", en="planned, never injected"),
        )
    injected_s = measured.timeline.seconds(fault.injected_ns)
    mine = {
        one.service_class: one
        for one in impacts
        if one.fault == fault.fault and one.injected_s == injected_s
    }
    worst = max(mine.values(), key=lambda one: one.at_least_s, default=None)
    worst_s = worst.at_least_s if worst else None
    is_lower_bound = worst is not None and worst.longest_s is None
    told = _impacts_told(mine, limit_s)
    if trial.check is not None and trial.check.holds is False:
        return _judged(
            Outcome.MISSED,
            trial,
            say.sentence(
                "hypothèse de {experiment} démentie : {detail} ({told})",
                "hypothesis of {experiment} contradicted: {detail} ({told})",
                experiment=trial.experiment or "?",
                detail=trial.check.detail or "–",
                told=told,
            ),
            worst_s,
            is_lower_bound=is_lower_bound,
        )
    if limit_s is not None and worst_s is not None and worst_s > limit_s:
        return _judged(
            Outcome.MISSED, trial, told, worst_s, is_lower_bound=is_lower_bound
        )
    doubt = _doubt(trial, mine, limit_s)
    if doubt is not None:
        return _judged(
            Outcome.UNKNOWN, trial, doubt, worst_s, is_lower_bound=is_lower_bound
        )
    return _judged(Outcome.MET, trial, told, worst_s, is_lower_bound=False)


def _doubt(
    trial: Trial, impacts: dict[str, FaultImpact], limit_s: float | None
) -> Text | None:
    """Say why a fault that missed nothing does not prove continuity, or None."""
    if limit_s is None:
        return Text(
            fr="aucun objectif de continuité (continuity_s) dans objectives.yaml",
            en="objectives.yaml holds no objective of continuity (continuity_s)",
        )
    if trial.experiment is None:
        return Text(
            fr="panne que le plan de l'exercice ne prévoit pas",
            en="a fault that the drill's plan does not hold",
        )
    if trial.check is None or trial.check.holds is None:
        return say.sentence(
            "hypothèse de {experiment} non vérifiée",
            "hypothesis of {experiment} not checked",
            experiment=trial.experiment,
        )
    doubts = [_unprobed(one, impacts.get(one), limit_s) for one in _CLASSES]
    return next((doubt for doubt in doubts if doubt is not None), None)


def _unprobed(
    service_class: str, impact: FaultImpact | None, limit_s: float
) -> Text | None:
    """Say why the probes of a class do not exclude a longer interruption, or None."""
    name = service_class_name(service_class)
    if impact is None:
        return say.sentence("{name} : aucune sonde", "{name}: nobody probed", name=name)
    if impact.longest_s is None:
        return say.sentence(
            "{name} : interruption sans fin constatée",
            "{name}: an interruption whose end was not seen",
            name=name,
        )
    if impact.longest_s + impact.blind_s > limit_s:
        return say.sentence(
            "{name} : sans sonde pendant {blind}, plus longue interruption {longest}",
            "{name}: not probed for {blind}, longest interruption {longest}",
            name=name,
            blind=say.seconds(impact.blind_s),
            longest=say.seconds(impact.longest_s),
        )
    return None


def _impacts_told(impacts: dict[str, FaultImpact], limit_s: float | None) -> Text:
    lengths = say.join(
        (
            say.sentence(
                "{name} {least}{longest}",
                "{name} {least}{longest}",
                name=service_class_name(service_class),
                least=Text(fr="au moins ", en="at least ")
                if impact.longest_s is None
                else Text(fr="", en=""),
                longest=say.seconds(impact.at_least_s),
            )
            for service_class, impact in sorted(impacts.items())
        ),
        separator=", ",
    )
    return say.sentence(
        "plus longue interruption : {lengths}, pour {limit} admises",
        "longest interruption: {lengths}, {limit} admitted",
        lengths=lengths if impacts else Text(fr="non mesurée", en="not measured"),
        limit=Text(fr="–", en="–") if limit_s is None else say.seconds(limit_s),
    )


def _judged(
    outcome: Outcome,
    trial: Trial,
    why: Text,
    worst_s: float | None,
    *,
    is_lower_bound: bool,
) -> _Judged:
    return _Judged(
        outcome=outcome,
        worst_s=worst_s,
        is_lower_bound=is_lower_bound,
        reason=say.sentence(
            "{name} : {why}", "{name}: {why}", name=trial.name, why=why
        ),
    )


def _unknown(trial: Trial, why: Text) -> _Judged:
    return _judged(Outcome.UNKNOWN, trial, why, None, is_lower_bound=False)
