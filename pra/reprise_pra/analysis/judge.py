"""A recorded run → its results: pure, deterministic, recomputable."""

from __future__ import annotations

from collections.abc import Mapping

from reprise_pra.analysis.assumptions import assumptions_of
from reprise_pra.analysis.backups import backups_seen
from reprise_pra.analysis.chronology import chronology_of
from reprise_pra.analysis.load import RecordedRun
from reprise_pra.analysis.marks import ORDER, buckets
from reprise_pra.analysis.measure import Measured, measure
from reprise_pra.analysis.objectives import Objectives
from reprise_pra.analysis.observations import observations_of
from reprise_pra.analysis.results import (
    SCHEMA_VERSION,
    ActSeen,
    FaultWindow,
    JourneyPromise,
    JourneyRecovery,
    Mark,
    PhaseWindow,
    Promise,
    Provenance,
    Results,
    worst,
)
from reprise_pra.analysis.results_outages import coverage_and_outages, impacts_of
from reprise_pra.analysis.series import load_seconds, write_marks
from reprise_pra.analysis.timeline import Timeline, duration_s
from reprise_pra.analysis.trust_load import load_kept
from reprise_pra.analysis.verdicts import interruption, verdicts_of
from reprise_pra.analysis.words import MARKS
from reprise_pra.history import Kind

_IS_DONE: Mapping[Kind | None, bool] = {Kind.OK: True, Kind.FAIL: False}


def judge(run: RecordedRun) -> Results:
    """Judge a recorded run: its assumptions first, then every objective.

    Raises:
        TimelineError: its history cannot be understood.
    """
    measured = measure(run)
    timeline, rta = measured.timeline, measured.rta
    assumptions = assumptions_of(measured)
    coverage, outages = coverage_and_outages(measured)
    impacts = impacts_of(measured, outages)
    verdicts = verdicts_of(measured, run.objectives, assumptions, impacts)
    interruption_s, interruption_is_lower_bound = interruption(measured)
    first_failure_ns = _first_failure_ns(measured)
    observed_ns = max((one.ended_ns for one in measured.samples), default=None)
    return Results(
        schema_version=SCHEMA_VERSION,
        provenance=_provenance(run, timeline),
        outcome=worst(verdict.outcome for verdict in verdicts),
        marks=_marks(measured),
        buckets=buckets(
            measured.marks_ns,
            end_ns=rta.end_ns,
            end_mark="t7" if rta.t7_ns is not None else "end",
        ),
        journeys=_journeys(measured),
        rta_s=rta.seconds,
        rta_is_lower_bound=rta.is_lower_bound,
        since_activation_s=measured.between_s("t2", "t7"),
        mttd_s=measured.between_s("t0", "t1"),
        wrt_s=measured.between_s("t7", "t8"),
        losses=measured.losses,
        slis=measured.slis,
        outages=outages,
        faults=_faults(timeline),
        backups=backups_seen(timeline, run.plan.expected_volumes),
        assumptions=assumptions,
        verdicts=verdicts,
        chronology=chronology_of(measured),
        load=load_seconds(timeline, measured.samples),
        writes=write_marks(timeline, measured.witnesses),
        rta_reason=rta.reason,
        interruption_s=interruption_s,
        interruption_is_lower_bound=interruption_is_lower_bound,
        first_failure_s=_seconds(timeline, first_failure_ns),
        promise=_promise(run.objectives),
        phases=tuple(
            PhaseWindow(
                phase=phase.name,
                start_s=timeline.seconds(phase.start_ns),
                end_s=_seconds(timeline, phase.end_ns),
                ended=None if phase.ended is None else phase.ended.value,
            )
            for phase in timeline.phases
        ),
        coverage=coverage,
        impacts=impacts,
        load_kept=load_kept(measured),
        observed_until_s=_seconds(timeline, observed_ns),
        observations=observations_of(measured),
        baseline_discarded_s=_discarded_s(measured),
        acts=_acts(timeline),
    )


def _discarded_s(measured: Measured) -> float | None:
    """Return how much of the load came before the steady state began, seconds."""
    if measured.steady_ns is None or not measured.samples:
        return None
    first_ns = min(sample.intended_ns for sample in measured.samples)
    return duration_s(max(0, measured.steady_ns - first_ns))


def _first_failure_ns(measured: Measured) -> int | None:
    """Return when the first operation failed at or after t0: what users saw of it."""
    t0_ns = measured.t0_ns
    return min(
        (
            sample.ended_ns
            for sample in measured.samples
            if t0_ns is not None and not sample.is_ok and sample.ended_ns >= t0_ns
        ),
        default=None,
    )


def _marks(measured: Measured) -> tuple[Mark, ...]:
    found = {
        name: mark for name, mark in measured.timeline.marks.items() if name != "t1"
    }
    if measured.t1 is not None:
        found["t1"] = measured.t1
    utcs = {name: mark.utc for name, mark in found.items()}
    if measured.rta.t7_utc is not None:
        utcs["t7"] = measured.rta.t7_utc
    marks = []
    for name in ORDER:
        at_ns = measured.marks_ns.get(name)
        detail = found[name].detail if name in found and name != "t7" else None
        marks.append(
            Mark(
                name=name,
                at_s=_seconds(measured.timeline, at_ns),
                utc=utcs.get(name) if at_ns is not None else None,
                detail=detail or MARKS[name],
            )
        )
    return tuple(marks)


def _journeys(measured: Measured) -> tuple[JourneyRecovery, ...]:
    timeline, t0_ns = measured.timeline, measured.t0_ns
    rows = []
    for one in measured.recoveries:
        end_ns = None if one.bound_ns is None else timeline.snap_ns(one.bound_ns)
        rows.append(
            JourneyRecovery(
                journey=one.journey,
                tier=measured.run.objectives.journeys[one.journey].tier,
                t7_at_s=_seconds(timeline, end_ns) if one.t7_ns is not None else None,
                rta_s=(
                    None
                    if end_ns is None or t0_ns is None
                    else duration_s(end_ns - t0_ns)
                ),
                is_lower_bound=one.t7_ns is None and end_ns is not None,
                operations_since_t7=one.operations,
                t7_utc=one.t7_utc if one.t7_ns is not None else None,
                stretch_s=(
                    None
                    if one.t7_ns is None or one.until_ns is None
                    else duration_s(one.until_ns - one.t7_ns)
                ),
                reason=one.reason,
            )
        )
    return tuple(rows)


def _faults(timeline: Timeline) -> tuple[FaultWindow, ...]:
    return tuple(
        FaultWindow(
            fault=fault.fault,
            targets=fault.targets,
            injected_s=timeline.seconds(fault.injected_ns),
            taken_s=_seconds(timeline, fault.taken_ns),
            undo_s=_seconds(timeline, fault.undo_ns),
            undone_s=_seconds(timeline, fault.undone_ns),
            observer=fault.taken_observer or "",
        )
        for fault in timeline.faults
    )


def _acts(timeline: Timeline) -> tuple[ActSeen, ...]:
    return tuple(
        ActSeen(
            capability=act.capability,
            way=act.way,
            of=act.of,
            start_s=timeline.seconds(act.start_ns),
            seconds=(
                None if act.end_ns is None else duration_s(act.end_ns - act.start_ns)
            ),
            is_done=_IS_DONE.get(act.ended),
        )
        for act in timeline.acts
    )


def _promise(objectives: Objectives) -> Promise:
    return Promise(
        service=objectives.service,
        owner=objectives.owner,
        agreed=objectives.agreed.isoformat(),
        rto_s=float(objectives.rto_s),
        rpo_s=float(objectives.rpo_s),
        dmia_s=float(objectives.dmia_s),
        continuity_s=objectives.continuity_s,
        journeys=tuple(
            JourneyPromise(
                journey=name,
                tier=promise.tier,
                availability=float(promise.availability),
                latency_p95_ms=float(promise.latency_p95_ms),
            )
            for name, promise in sorted(objectives.journeys.items())
        ),
    )


def _provenance(run: RecordedRun, timeline: Timeline) -> Provenance:
    plan = run.plan
    return Provenance(
        run_id=plan.run_id,
        drill=plan.drill,
        site=plan.site,
        provider=plan.provider,
        seed=plan.seed,
        started_utc=plan.started_utc,
        ended_utc=plan.ended_utc or timeline.end_utc,
        reprise_version=plan.reprise_version,
        commit=plan.commit,
        objectives_sha256=plan.objectives_sha256,
        plan_sha256=plan.plan_sha256,
        machine=plan.machine,
    )


def _seconds(timeline: Timeline, at_ns: int | None) -> float | None:
    return None if at_ns is None else timeline.seconds(at_ns)
