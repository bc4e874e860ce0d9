"""Assumptions on the load: it came as scheduled, it was there, and all was well before."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from reprise_pra.analysis import say
from reprise_pra.analysis.measure import Measured
from reprise_pra.analysis.quantiles import nearest_rank
from reprise_pra.analysis.recorded import Arrival, LoadProcess
from reprise_pra.analysis.results import Assumption, LoadKept, Sli, Text
from reprise_pra.analysis.sli import AFTER, BEFORE
from reprise_pra.analysis.timeline import NS_PER_S, duration_s

# An open model's gap of 25 mean intervals has odds of e to the -25.
_SILENT_ARRIVALS = 25
_SILENT_LEAST_S = 15  # a stopping generator drains its last operations in silence


def load_kept(measured: Measured) -> LoadKept | None:
    """Return how the load came, against its schedule; None when there was no generator."""
    loads = [one for one in measured.timeline.loads if one.started_ns is not None]
    if not loads:
        return None
    arrivals = measured.timeline.arrivals
    lag_ns = nearest_rank(sorted(one.lag_ns for one in arrivals), 0.99)
    planned = sum(
        _due(load, [one for one in arrivals if one.process == load.process])
        for load in loads
    )
    return LoadKept(
        planned=planned,
        arrived=len(arrivals),
        turned_away=sum(not one.is_admitted for one in arrivals),
        lag_p99_s=None if lag_ns is None else duration_s(lag_ns),
        rate_per_s=round(sum(load.rate_per_s for load in loads), 6),
    )


def load_schedule(measured: Measured) -> Assumption:
    """The generator was on time, and every arrival that was due is recorded."""
    title = Text(fr="Charge conforme à son planning", en="Load kept its schedule")
    kept = load_kept(measured)
    if kept is None or kept.lag_p99_s is None:
        return Assumption(
            name="load_schedule",
            title=title,
            holds=False,
            reason=Text(fr="aucune charge n'a été générée", en="no load was generated"),
        )
    tolerance_s = measured.run.plan.schedule_tolerance_s
    crashed = sum(load.crashed for load in measured.timeline.loads)
    silence_s = _longest_silence_s(measured.timeline.arrivals, measured.timeline.loads)
    longest_s = max(_SILENT_LEAST_S, _SILENT_ARRIVALS / (kept.rate_per_s or 1.0))
    parts: dict[str, Text | int] = {
        "lag": say.seconds(kept.lag_p99_s),
        "tolerance": say.seconds(tolerance_s),
        "arrived": kept.arrived,
        "planned": kept.planned,
        "crashed": crashed,
        "silence": say.seconds(silence_s),
    }
    if kept.lag_p99_s > tolerance_s:
        problem = say.sentence(
            "le générateur de charge a pris {lag} de retard (p99) pour {tolerance} tolérées",
            "the load generator was {lag} late (p99), {tolerance} tolerated",
            **parts,
        )
    elif kept.arrived != kept.planned:
        problem = say.sentence(
            "{arrived} arrivées enregistrées pour {planned} prévues",
            "{arrived} arrivals recorded of {planned} planned",
            **parts,
        )
    elif crashed:
        problem = say.sentence(
            "{crashed} parcours interrompus par une erreur du générateur lui-même",
            "{crashed} journeys ended by a fault of the generator itself",
            **parts,
        )
    elif silence_s > longest_s:
        problem = say.sentence(
            "aucune arrivée pendant {silence}",
            "not one arrival for {silence}",
            **parts,
        )
    else:
        problem = None
    return Assumption(
        name="load_schedule",
        title=title,
        holds=problem is None,
        reason=problem
        or say.sentence(
            "{arrived} arrivées sur {planned} prévues, retard p99 de {lag}",
            "{arrived} arrivals of {planned} planned, p99 lag {lag}",
            **parts,
        ),
    )


def load_in_baseline(measured: Measured) -> Assumption:
    """Every tier 1 journey was played often enough before anything was broken."""
    short = _short(measured, BEFORE)
    title = Text(fr="Charge présente avant panne", en="Load present in the baseline")
    unseen = _unseen_acts(measured)
    if unseen and not short:
        return Assumption(
            name="load_in_baseline",
            title=title,
            holds=False,
            reason=say.sentence(
                "jamais réussi en régime établi : {acts}",
                "never seen to succeed in the baseline: {acts}",
                acts=", ".join(unseen),
            ),
            voids=("rto",),
        )
    return Assumption(
        name="load_in_baseline",
        title=title,
        holds=not short,
        reason=_counts(
            short,
            measured.run.plan.minimum_operations,
            lacking=Text(
                fr="charge insuffisante en régime établi",
                en="not enough load in the baseline",
            ),
            enough=Text(
                fr="charge présente en régime établi", en="load present in the baseline"
            ),
        ),
        voids=("rto",),
    )


def load_after_recovery(measured: Measured) -> Assumption:
    """Every tier 1 journey was played often enough once the service was back."""
    title = Text(fr="Charge présente après reprise", en="Load present after recovery")
    if "t7" not in measured.marks_ns:
        return Assumption(
            name="load_after_recovery",
            title=title,
            holds=None,
            reason=Text(
                fr="le service n'a pas été vu rétabli",
                en="the service was not seen to recover",
            ),
        )
    short = _short(measured, AFTER)
    return Assumption(
        name="load_after_recovery",
        title=title,
        holds=not short,
        reason=_counts(
            short,
            measured.run.plan.minimum_operations,
            lacking=Text(
                fr="charge insuffisante après la reprise",
                en="not enough load after recovery",
            ),
            enough=Text(
                fr="charge présente après la reprise", en="load present after recovery"
            ),
        ),
    )


def steady_state(measured: Measured) -> Assumption:
    """Before the first fault, every journey met its objectives and the drill's own look.

    A service that was outside its objectives before cannot be blamed on the disaster for
    being outside them after: t7 loses its yardstick.
    """
    first_ns = min(
        (fault.injected_ns for fault in measured.timeline.faults),
        default=measured.t0_ns,
    )
    looks = measured.timeline.checks_named("steady_state", before_ns=first_ns)
    before = [sli for sli in measured.slis if sli.window == BEFORE and sli.operations]
    outside = [sli for sli in before if sli.is_within is False]
    holds: bool | None = None
    if outside:
        holds = False
        reason = say.sentence(
            "régime établi hors objectifs : {journeys}",
            "baseline outside its objectives: {journeys}",
            journeys=say.join((_told(sli) for sli in outside), separator=", "),
        )
    elif looks and looks[-1].holds is False:
        holds = False
        reason = say.sentence(
            "régime établi non constaté : {detail}",
            "steady state not seen: {detail}",
            detail=looks[-1].detail or "–",
        )
    elif before:
        holds = True
        reason = Text(
            fr="tous les parcours dans leurs objectifs avant la première panne",
            en="every journey within its objectives before the first fault",
        )
    else:
        reason = Text(
            fr="aucune opération avant la première panne",
            en="not one operation before the first fault",
        )
    return Assumption(
        name="steady_state",
        title=Text(fr="Régime établi avant panne", en="Steady state before faults"),
        holds=holds,
        reason=reason,
        voids=("rto",),
    )


def _due(load: LoadProcess, arrivals: Sequence[Arrival]) -> int:
    """Return how many arrivals were due: as told at the end, else up to the last number.

    A killed generator told nothing: its instances are numbered, so a hole still shows.
    """
    if load.planned_until_stop is not None:
        return load.planned_until_stop
    numbers = [arrival.instance for arrival in arrivals]
    return max(numbers) - min(numbers) + 1 if numbers else 0


def _longest_silence_s(
    arrivals: Iterable[Arrival], loads: Iterable[LoadProcess]
) -> float:
    """Return the longest time without an arrival, from the first start to the last stop."""
    instants = sorted(
        [arrival.at_ns for arrival in arrivals]
        + [load.started_ns for load in loads if load.started_ns is not None]
        + [load.stopped_ns for load in loads if load.stopped_ns is not None]
    )
    longest_ns = max(
        (later - earlier for earlier, later in itertools.pairwise(instants)), default=0
    )
    return longest_ns / NS_PER_S


def _unseen_acts(measured: Measured) -> list[str]:
    """Name the acts that the objectives ask of tier 1 journeys and nobody did before."""
    window = next((one for one in measured.windows if one.name == BEFORE), None)
    done = {
        (sample.journey, sample.name)
        for sample in measured.samples
        if window is not None
        and sample.is_ok
        and window.start_ns <= sample.intended_ns < window.end_ns
    }
    journeys = measured.run.objectives.journeys
    return [
        f"{journey} {act}"
        for journey in measured.run.objectives.tier_1()
        for act in journeys[journey].acts
        if (journey, act) not in done
    ]


def _short(measured: Measured, window: str) -> tuple[tuple[str, int], ...]:
    """Return the tier 1 journeys that succeeded too seldom in a window, with the count."""
    done = {
        sli.journey: sli.operations - sli.failures
        for sli in measured.slis
        if sli.window == window
    }
    return tuple(
        (journey, done.get(journey, 0))
        for journey in measured.run.objectives.tier_1()
        if done.get(journey, 0) < measured.run.plan.minimum_operations
    )


def _counts(
    short: Iterable[tuple[str, int]], minimum: int, *, lacking: Text, enough: Text
) -> Text:
    named = ", ".join(f"{journey} {count}" for journey, count in short)
    if not named:
        return enough
    return say.sentence(
        "{lacking} : {named} opérations réussies, {minimum} exigées",
        "{lacking}: {named} operations succeeded, {minimum} required",
        lacking=lacking,
        named=named,
        minimum=minimum,
    )


def _told(sli: Sli) -> Text:
    return say.sentence(
        "{journey} (disponibilité {availability}, p95 {p95})",
        "{journey} (availability {availability}, p95 {p95})",
        journey=sli.journey,
        availability="–" if sli.availability is None else say.percent(sli.availability),
        p95="–" if sli.p95_ms is None else say.milliseconds(sli.p95_ms),
    )
