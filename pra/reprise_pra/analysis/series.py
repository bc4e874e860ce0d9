"""What plots draw: the load second by second, and the fate of every acknowledged write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from reprise_pra.analysis.fates import Witness
from reprise_pra.analysis.quantiles import nearest_rank
from reprise_pra.analysis.results import LoadSecond, WriteMark
from reprise_pra.analysis.samples import Sample
from reprise_pra.analysis.timeline import NS_PER_MS, NS_PER_S, Timeline


def load_seconds(
    timeline: Timeline, samples: Sequence[Sample]
) -> tuple[LoadSecond, ...]:
    """Count the operations that ended in each second of the run, silent seconds too.

    Latencies are those of the successes, in milliseconds, from the intended start.
    """
    ended: defaultdict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        ended[(sample.ended_ns - timeline.start_ns) // NS_PER_S].append(sample)
    if not ended:
        return ()
    seconds = []
    for second in range(min(ended), max(ended) + 1):
        mine = ended.get(second, [])
        latencies = sorted(sample.latency_ns for sample in mine if sample.is_ok)
        seconds.append(
            LoadSecond(
                at_s=float(second),
                operations=len(mine),
                failures=len(mine) - len(latencies),
                p50_ms=_milliseconds(nearest_rank(latencies, 0.50)),
                p95_ms=_milliseconds(nearest_rank(latencies, 0.95)),
            )
        )
    return tuple(seconds)


def write_marks(
    timeline: Timeline, witnesses: Sequence[Witness]
) -> tuple[WriteMark, ...]:
    """Return every acknowledged write with its fate, in the order of acknowledgement."""
    return tuple(
        WriteMark(
            acknowledged_s=timeline.seconds(one.acknowledged_ns),
            clinical_type=one.clinical_type,
            fate=one.fate.value,
        )
        for one in witnesses
        if one.acknowledged_ns is not None
    )


def _milliseconds(latency_ns: int | None) -> float | None:
    return None if latency_ns is None else round(latency_ns / NS_PER_MS, 6)
