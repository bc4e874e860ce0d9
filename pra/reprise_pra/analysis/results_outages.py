"""The outages and the probers' own coverage, in the shape of the results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reprise_pra.analysis.measure import Measured, disaster_faults
from reprise_pra.analysis.outages import (
    Edge,
    OutageSeen,
    Thresholds,
    find_outages,
    thresholds_of,
)
from reprise_pra.analysis.probing import BlindTime, Prober, blind_time, probers_of
from reprise_pra.analysis.recorded import Probe
from reprise_pra.analysis.results import FaultImpact, Outage, ProbeCoverage
from reprise_pra.analysis.timeline import NS_PER_MS, NS_PER_S, Timeline, duration_s


def coverage_and_outages(
    measured: Measured,
) -> tuple[tuple[ProbeCoverage, ...], tuple[Outage, ...]]:
    """Estimate the outages of every class of service that was probed."""
    coverage, outages = [], []
    for service_class, probers in probers_of(measured.timeline.probes).items():
        probes = [probe for prober in probers.values() for probe in prober.probes]
        thresholds = thresholds_of(
            probers,
            from_ns=measured.steady_ns or 0,
            before_ns=_first_fault_ns(measured, probes),
            timeout_ns=_timeout_ns(probes, measured.run.plan.probe_timeout_s),
        )
        blind = blind_time(probers)
        coverage.append(
            _covered(measured.timeline, service_class, probers, thresholds, blind)
        )
        outages += [
            _outage(measured.timeline, service_class, seen)
            for seen in find_outages(probers, thresholds, blind)
        ]
    return tuple(coverage), tuple(outages)


def impacts_of(
    measured: Measured, outages: Iterable[Outage]
) -> tuple[FaultImpact, ...]:
    """Sum the outages that began between each fault's injection and its end, by class.

    A fault ends when it was seen to be undone, and with the disaster at the latest; the
    disaster ends at t7.
    """
    timeline = measured.timeline
    by_class = probers_of(timeline.probes)
    outages = tuple(outages)
    disaster = disaster_faults(timeline)
    impacts = []
    for fault in timeline.faults:
        if fault in disaster:
            end_ns = fault.undone_ns or measured.rta.t7_ns or timeline.end_ns
        else:
            end_ns = min(
                fault.undone_ns or timeline.end_ns,
                timeline.end_ns if measured.t0_ns is None else measured.t0_ns,
            )
        start_s, end_s = timeline.seconds(fault.injected_ns), timeline.seconds(end_ns)
        for service_class, probers in sorted(by_class.items()):
            # The edge is an estimate: what may have begun in that time counts.
            inside = [
                one
                for one in outages
                if one.service_class == service_class
                and start_s <= one.start_high_s
                and one.start_s < end_s
            ]
            sent_ns = [
                probe.sent_ns for mine in probers.values() for probe in mine.probes
            ]
            first_ns, last_ns = min(sent_ns), max(sent_ns)
            impacts.append(
                _impact(
                    fault.fault,
                    start_s,
                    service_class,
                    inside,
                    last_s=timeline.seconds(last_ns),
                    blind_ns=blind_time(probers).within_ns(fault.injected_ns, end_ns)
                    + max(0, min(first_ns, end_ns) - fault.injected_ns)
                    + max(0, end_ns - max(last_ns, fault.injected_ns)),
                )
            )
    return tuple(impacts)


def _impact(
    fault: str,
    injected_s: float,
    service_class: str,
    outages: Sequence[Outage],
    *,
    last_s: float,
    blind_ns: int,
) -> FaultImpact:
    lengths = [one.duration_s for one in outages if one.duration_s is not None]
    all_ended = len(lengths) == len(outages)
    least = [
        last_s - one.start_s if one.duration_s is None else one.duration_s
        for one in outages
    ]
    return FaultImpact(
        fault=fault,
        injected_s=injected_s,
        service_class=service_class,
        outages=len(outages),
        longest_s=max(lengths, default=0.0) if all_ended else None,
        total_s=round(sum(lengths), 6) + 0.0 if all_ended else None,
        is_imprecise=any(one.is_imprecise for one in outages),
        at_least_s=round(max(least, default=0.0), 6),
        blind_s=duration_s(blind_ns),
    )


def _first_fault_ns(measured: Measured, probes: list[Probe]) -> int:
    """Return until when the service was well; without a fault, to the last probe."""
    struck = [fault.injected_ns for fault in measured.timeline.faults]
    if measured.t0_ns is not None:
        struck.append(measured.t0_ns)
    return min(struck, default=max(probe.sent_ns for probe in probes) + 1)


def _timeout_ns(probes: list[Probe], planned_s: float) -> int:
    """Return the probers' time-out as the probes show it, else as planned."""
    seen = [
        probe.end_ns - probe.sent_ns for probe in probes if probe.outcome == "timeout"
    ]
    return min(seen, default=round(planned_s * NS_PER_S))


def _covered(
    timeline: Timeline,
    service_class: str,
    probers: Mapping[str, Prober],
    thresholds: Thresholds,
    blind: BlindTime,
) -> ProbeCoverage:
    sent_ns = [probe.sent_ns for prober in probers.values() for probe in prober.probes]
    return ProbeCoverage(
        service_class=service_class,
        processes=len(probers),
        probes=len(sent_ns),
        skipped=sum(
            probe.skipped for prober in probers.values() for probe in prober.probes
        ),
        start_s=timeline.seconds(min(sent_ns)),
        end_s=timeline.seconds(max(sent_ns)),
        blind_s=duration_s(blind.total_ns),
        longest_blind_s=duration_s(blind.longest_ns),
        slow_ms=round(thresholds.slow_ns / NS_PER_MS, 6),
    )


def _outage(timeline: Timeline, service_class: str, seen: OutageSeen) -> Outage:
    end: Edge | None = seen.end
    return Outage(
        service_class=service_class,
        start_s=timeline.seconds(seen.start.at_ns),
        start_low_s=timeline.seconds(seen.start.low_ns),
        start_high_s=timeline.seconds(seen.start.high_ns),
        end_s=timeline.seconds(end.at_ns) if end else None,
        end_low_s=timeline.seconds(end.low_ns) if end else None,
        end_high_s=timeline.seconds(end.high_ns) if end else None,
        duration_s=duration_s(end.at_ns - seen.start.at_ns) if end else None,
        blind_s=duration_s(seen.blind_ns),
        is_imprecise=seen.is_imprecise,
        probes=seen.probes,
        interruptions=seen.interruptions,
        down_s=duration_s(seen.down_ns),
    )
