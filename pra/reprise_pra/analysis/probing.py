"""The probers themselves: their rhythm, their own stalls, what nobody was there to see."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reprise_pra.analysis.recorded import Probe

_USUAL_PERIOD_NS = 40_000_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch in which nothing was sent."""

    start_ns: int
    end_ns: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Prober:
    """The probes of one process, in the order sent, its period and its stalls."""

    process: str
    probes: tuple[Probe, ...]
    period_ns: int
    stalls: tuple[Gap, ...]

    def was_stalled(self, start_ns: int, end_ns: int) -> bool:
        """Whether the process stalled at some instant between the two."""
        return _overlap_ns(self.stalls, start_ns, end_ns) > 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlindTime:
    """When no process of the class was there to see."""

    gaps: tuple[Gap, ...]

    def within_ns(self, start_ns: int, end_ns: int) -> int:
        """Return how long nobody looked, between two instants."""
        return _overlap_ns(self.gaps, start_ns, end_ns)

    @property
    def total_ns(self) -> int:
        """Return how long nobody looked, in all."""
        return sum(gap.end_ns - gap.start_ns for gap in self.gaps)

    @property
    def longest_ns(self) -> int:
        """Return the longest stretch in which nobody looked."""
        return max((gap.end_ns - gap.start_ns for gap in self.gaps), default=0)


def probers_of(probes: Iterable[Probe]) -> dict[str, dict[str, Prober]]:
    """Group probes by class of service, then by process."""
    by_process: defaultdict[tuple[str, str], list[Probe]] = defaultdict(list)
    for probe in probes:
        by_process[probe.service_class, probe.process].append(probe)
    found: defaultdict[str, dict[str, Prober]] = defaultdict(dict)
    for (service_class, process), mine in sorted(by_process.items()):
        found[service_class][process] = _prober(process, mine)
    return dict(found)


def blind_time(probers: Mapping[str, Prober]) -> BlindTime:
    """Return when no process of one class sent anything for more than two periods."""
    sent_ns = sorted(
        probe.sent_ns for prober in probers.values() for probe in prober.probes
    )
    period_ns = max((prober.period_ns for prober in probers.values()), default=0)
    return BlindTime(gaps=_gaps(sent_ns, period_ns))


def _prober(process: str, probes: Iterable[Probe]) -> Prober:
    ordered = tuple(sorted(probes, key=lambda probe: (probe.sent_ns, probe.end_ns)))
    planned = [probe.sched_ns for probe in ordered]
    steps = sorted(
        later - earlier
        for earlier, later in itertools.pairwise(planned)
        if later > earlier
    )
    # The grid's step is the most usual one; the median is it, unless most were skipped.
    period_ns = steps[len(steps) // 2] if steps else _USUAL_PERIOD_NS
    sent_ns = [probe.sent_ns for probe in ordered]
    return Prober(
        process=process,
        probes=ordered,
        period_ns=period_ns,
        stalls=_gaps(sent_ns, period_ns),
    )


def _gaps(sent_ns: Sequence[int], period_ns: int) -> tuple[Gap, ...]:
    # A slot sent a little late is no stall: an eighth of a period is let pass.
    longest_ns = 2 * period_ns + period_ns // 8
    return tuple(
        Gap(start_ns=earlier, end_ns=later)
        for earlier, later in itertools.pairwise(sent_ns)
        if later - earlier > longest_ns
    )


def _overlap_ns(gaps: Sequence[Gap], start_ns: int, end_ns: int) -> int:
    """Return how much of the gaps (disjoint, ordered) lies between two instants."""
    place = max(
        0, bisect.bisect_right(gaps, start_ns, key=lambda gap: gap.start_ns) - 1
    )
    total_ns = 0
    while place < len(gaps) and gaps[place].start_ns < end_ns:
        gap = gaps[place]
        total_ns += max(0, min(gap.end_ns, end_ns) - max(gap.start_ns, start_ns))
        place += 1
    return total_ns
