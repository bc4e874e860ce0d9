"""Service levels: availability and latency of each journey, before, during and after."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

from reprise_pra.analysis.objectives import JourneyObjective, Objectives
from reprise_pra.analysis.quantiles import nearest_rank
from reprise_pra.analysis.recorded import Fault
from reprise_pra.analysis.results import Sli
from reprise_pra.analysis.samples import Sample
from reprise_pra.analysis.timeline import NS_PER_MS, Timeline

BEFORE, DURING, AFTER = "before", "during", "after"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of the run, its end excluded."""

    name: str
    start_ns: int
    end_ns: int


def windows_of(
    samples: Sequence[Sample],
    faults: Sequence[Fault],
    *,
    steady_ns: int | None,
    t0_ns: int | None,
    t7_ns: int | None,
) -> tuple[Window, ...]:
    """Return the windows that the run knows, in the order of their start.

    before: from where the drill's look at the steady state began (a service is not judged
    on its warming up), else the first operation, to the first fault; during: from t0 to
    t7, or to the last operation when the service did not come back; after: from t7 to the
    last operation. Each fault that strikes before t0 has its own, from its injection until
    it was seen to be undone (or t0), named after the fault, numbered when it comes again.
    """
    if not samples:
        return ()
    first_ns = steady_ns or min(sample.intended_ns for sample in samples)
    last_ns = max(sample.ended_ns for sample in samples) + 1
    disaster_ns = last_ns if t0_ns is None else t0_ns
    ends = [fault.injected_ns for fault in faults] + [disaster_ns]
    windows = [Window(name=BEFORE, start_ns=first_ns, end_ns=min(ends))]
    seen: Counter[str] = Counter()
    for fault in faults:
        if fault.injected_ns >= disaster_ns:
            continue
        seen[fault.fault] += 1
        again = seen[fault.fault]
        windows.append(
            Window(
                name=fault.fault if again == 1 else f"{fault.fault} {again}",
                start_ns=fault.injected_ns,
                end_ns=min(fault.undone_ns or disaster_ns, disaster_ns),
            )
        )
    if t0_ns is not None:
        recovered_ns = last_ns if t7_ns is None else t7_ns
        windows.append(Window(name=DURING, start_ns=t0_ns, end_ns=recovered_ns))
        if t7_ns is not None:
            windows.append(Window(name=AFTER, start_ns=t7_ns, end_ns=last_ns))
    return tuple(window for window in windows if window.end_ns > window.start_ns)


def slis_of(
    timeline: Timeline,
    samples: Sequence[Sample],
    windows: Sequence[Window],
    objectives: Objectives,
) -> tuple[Sli, ...]:
    """Measure every journey of the objectives in every window.

    A sample belongs to the window in which its user meant to start it.
    """
    rows = []
    for journey, promise in sorted(objectives.journeys.items()):
        mine = [sample for sample in samples if sample.journey == journey]
        allowed = (1 - promise.availability) * len(mine)
        rows += [
            _measure(timeline, window, journey, promise, mine, allowed_in_run=allowed)
            for window in windows
        ]
    return tuple(rows)


def _measure(
    timeline: Timeline,
    window: Window,
    journey: str,
    promise: JourneyObjective,
    samples: Sequence[Sample],
    *,
    allowed_in_run: float,
) -> Sli:
    """Measure one journey in one window.

    availability = successes / operations; budget_spent = failures here / failures that the
    objective allows over the whole run; burn_rate = failure ratio here / allowed ratio.
    """
    inside = [
        sample
        for sample in samples
        if window.start_ns <= sample.intended_ns < window.end_ns
    ]
    latencies = sorted(sample.latency_ns for sample in inside if sample.is_ok)
    p95_ms = _milliseconds(nearest_rank(latencies, 0.95))
    failures = len(inside) - len(latencies)
    ratio = failures / len(inside) if inside else None
    return Sli(
        journey=journey,
        window=window.name,
        start_s=timeline.seconds(window.start_ns),
        end_s=timeline.seconds(window.end_ns),
        operations=len(inside),
        failures=failures,
        availability=None if ratio is None else round(1 - ratio, 6),
        p50_ms=_milliseconds(nearest_rank(latencies, 0.50)),
        p95_ms=p95_ms,
        p99_ms=_milliseconds(nearest_rank(latencies, 0.99)),
        budget_spent=round(failures / allowed_in_run, 6) if inside else None,
        burn_rate=(
            None if ratio is None else round(ratio / (1 - promise.availability), 6)
        ),
        is_within=None
        if ratio is None
        else ratio <= 1 - promise.availability + 1e-9
        and p95_ms is not None
        and p95_ms <= promise.latency_p95_ms,
    )


def _milliseconds(latency_ns: int | None) -> float | None:
    return None if latency_ns is None else round(latency_ns / NS_PER_MS, 6)
