"""Timeline → measurements: every formula applied once, nothing judged yet."""

from __future__ import annotations

import dataclasses

from reprise_pra.analysis import say
from reprise_pra.analysis.backups import (
    ScheduleAchieved,
    counting_before,
    schedule_achieved,
)
from reprise_pra.analysis.fates import Fate, Witness, witnesses_of
from reprise_pra.analysis.load import RecordedRun
from reprise_pra.analysis.marks import between_s
from reprise_pra.analysis.objectives import Objectives
from reprise_pra.analysis.reading import read_timeline
from reprise_pra.analysis.recorded import Backup, Fault, MarkSeen
from reprise_pra.analysis.recovery import Recovered, recovery_of
from reprise_pra.analysis.results import DataLoss, Sli, Text
from reprise_pra.analysis.rpa import losses_of
from reprise_pra.analysis.samples import Sample, samples_of
from reprise_pra.analysis.sli import Window, slis_of, windows_of
from reprise_pra.analysis.timeline import NS_PER_S, Timeline, duration_s

_SLACK_NS = NS_PER_S


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rta:
    """The recovery of the site: its worst tier 1 journey's.

    Attributes:
        t7_ns: None unless every tier 1 journey was proved to have recovered.
        end_ns: t7, or until when it had certainly not recovered; None when nobody tried.
        seconds: `end_ns` - t0.
    """

    t7_ns: int | None
    t7_utc: str | None
    end_ns: int | None
    seconds: float | None
    is_lower_bound: bool
    reason: Text


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All measurements of one run, and the run itself.

    Attributes:
        marks_ns: every mark that is known, t7 among them, snapped to the microsecond.
        cut_ns: when the primary was seen to be gone.
        steady_ns: since when the drill saw a steady state, when it said so.
    """

    run: RecordedRun
    timeline: Timeline
    t0: MarkSeen | None
    marks_ns: dict[str, int]
    t1: MarkSeen | None
    cut_ns: int | None
    steady_ns: int | None
    samples: tuple[Sample, ...]
    recoveries: tuple[Recovered, ...]
    rta: Rta
    witnesses: tuple[Witness, ...]
    counting: tuple[Backup, ...]
    achieved: ScheduleAchieved
    losses: tuple[DataLoss, ...]
    windows: tuple[Window, ...]
    slis: tuple[Sli, ...]

    @property
    def t0_ns(self) -> int | None:
        """The disaster, or None when none was recorded."""
        return self.marks_ns.get("t0")

    def between_s(self, start: str, end: str) -> float | None:
        """Return the seconds between two marks, None when either is missing."""
        return between_s(self.marks_ns.get(start), self.marks_ns.get(end))


def measure(run: RecordedRun) -> Measured:
    """Apply every formula to a recorded run.

    Raises:
        TimelineError: its history cannot be understood.
    """
    plan, objectives = run.plan, run.objectives
    timeline = read_timeline(run.history)
    t0_ns = timeline.mark_ns("t0")
    t0 = timeline.marks.get("t0")
    t1 = first_alert(timeline, plan.t1_alert)
    cut_ns = _cut_ns(timeline, t0_ns)
    witnesses = witnesses_of(timeline, t0_ns=t0_ns, cut_ns=cut_ns)
    samples = samples_of(
        timeline,
        latency_limits_ms={
            name: promise.latency_p95_ms
            for name, promise in objectives.journeys.items()
        },
        lost_uuids={
            one.uuid for one in witnesses if one.fate in {Fate.LOST, Fate.LOST_AFTER_T0}
        },
        t0_ns=t0_ns,
    )
    recoveries = _recoveries(run, samples, t0_ns)
    rta = rta_of(timeline, recoveries, objectives, t0_ns)
    counting = counting_before(timeline, plan.expected_volumes, t0.utc if t0 else None)
    achieved = schedule_achieved(
        counting, t0.utc if t0 else None, timeline.chosen_backup
    )
    steady_ns = _steady_ns(timeline)
    windows = windows_of(
        samples,
        timeline.faults,
        steady_ns=steady_ns,
        t0_ns=t0_ns,
        t7_ns=rta.t7_ns,
    )
    return Measured(
        run=run,
        timeline=timeline,
        t0=t0,
        marks_ns=_marks_ns(timeline, t1, rta.t7_ns),
        t1=t1,
        cut_ns=cut_ns,
        steady_ns=steady_ns,
        samples=samples,
        recoveries=recoveries,
        rta=rta,
        witnesses=witnesses,
        counting=counting,
        achieved=achieved,
        losses=losses_of(witnesses, t0_ns=t0_ns, achieved=achieved),
        windows=windows,
        slis=slis_of(timeline, samples, windows, objectives),
    )


def first_alert(timeline: Timeline, alert: str) -> MarkSeen | None:
    """Return t1: when the sentinel first said after t0 that this alert fires.

    The drill's own mark is only believed when the sentinel says the same, to the second.
    """
    marked = timeline.marks.get("t1")
    t0 = timeline.marks.get("t0")
    if t0 is None:
        return None
    for one in timeline.alerts:
        if one.alert == alert and one.state == "firing" and one.at_ns >= t0.at_ns:
            if marked is not None and abs(marked.at_ns - one.at_ns) <= _SLACK_NS:
                return marked
            return MarkSeen(
                name="t1", at_ns=one.at_ns, utc=one.utc, detail=Text(fr=alert, en=alert)
            )
    return None


def disaster_faults(timeline: Timeline) -> tuple[Fault, ...]:
    """Return the faults injected at t0 or later: the disaster itself."""
    t0 = timeline.marks.get("t0")
    if t0 is None:
        return ()
    # The drill and the nemesis are two writers: each stamps the same act on its own.
    return tuple(
        fault for fault in timeline.faults if fault.injected_ns >= t0.at_ns - _SLACK_NS
    )


def rta_of(
    timeline: Timeline,
    recoveries: tuple[Recovered, ...],
    objectives: Objectives,
    t0_ns: int | None,
) -> Rta:
    """Return the RTA: t7 - t0 of the worst tier 1 journey.

    When one of them did not recover (or nobody tried), what is known is a lower bound.
    """
    vital = [one for one in recoveries if one.journey in objectives.tier_1()]
    bounds = [one.bound_ns for one in vital if one.bound_ns is not None]
    if t0_ns is None or not bounds:
        return Rta(
            t7_ns=None,
            t7_utc=None,
            end_ns=None,
            seconds=None,
            is_lower_bound=False,
            reason=Text(fr="pas de sinistre (t0)", en="no disaster (t0)")
            if t0_ns is None
            else Text(
                fr="aucun parcours vital n'a été tenté après t0",
                en="no tier 1 journey was tried after t0",
            ),
        )
    end_ns = timeline.snap_ns(max(bounds))
    unproved = [one for one in vital if one.t7_ns is None]
    last = max(vital, key=lambda one: (one.bound_ns or 0, one.journey))
    return Rta(
        t7_ns=None if unproved else end_ns,
        t7_utc=None if unproved else last.t7_utc,
        end_ns=end_ns,
        seconds=duration_s(end_ns - t0_ns),
        is_lower_bound=bool(unproved),
        reason=say.join(
            say.sentence(
                "{journey} : {reason}",
                "{journey}: {reason}",
                journey=one.journey,
                reason=one.reason,
            )
            for one in (unproved or [last])
        ),
    )


def _recoveries(
    run: RecordedRun, samples: tuple[Sample, ...], t0_ns: int | None
) -> tuple[Recovered, ...]:
    if t0_ns is None:
        return ()
    return tuple(
        recovery_of(
            journey,
            [sample for sample in samples if sample.journey == journey],
            promise,
            t0_ns=t0_ns,
            stable_s=run.plan.stable_s,
            minimum_operations=run.plan.minimum_operations,
            observed_ns=max((sample.begun_ns for sample in samples), default=None),
        )
        for journey, promise in sorted(run.objectives.journeys.items())
    )


def _steady_ns(timeline: Timeline) -> int | None:
    """Return since when the drill saw a steady state before the first fault, if it did."""
    first_ns = min((fault.injected_ns for fault in timeline.faults), default=None)
    looks = timeline.checks_named("steady_state", before_ns=first_ns)
    return looks[-1].since_ns if looks and looks[-1].holds else None


def _cut_ns(timeline: Timeline, t0_ns: int | None) -> int | None:
    """Return when the primary was seen to be gone, else when a restore began."""
    if t0_ns is None:
        return None
    taken = [
        fault.taken_ns
        for fault in disaster_faults(timeline)
        if fault.taken_ns is not None
    ]
    return min(taken) if taken else timeline.mark_ns("t4")


def _marks_ns(
    timeline: Timeline, t1: MarkSeen | None, t7_ns: int | None
) -> dict[str, int]:
    marks = {
        name: timeline.snap_ns(mark.at_ns)
        for name, mark in timeline.marks.items()
        if name not in {"t1", "t7"}  # the sentinel's; computed, never recorded
    }
    if t1 is not None:
        marks["t1"] = timeline.snap_ns(t1.at_ns)
    if t7_ns is not None:
        marks["t7"] = t7_ns
    return marks
