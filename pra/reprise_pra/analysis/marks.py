"""The stretches of the recovery between two marks, and the durations that marks give."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from reprise_pra.analysis.results import Bucket
from reprise_pra.analysis.timeline import duration_s

STRETCHES = (
    ("detection", "t1"),
    ("decision", "t2"),
    ("preparation", "t3"),
    ("restore", "t5"),  # t4 lies inside
    ("start_up", "t6"),
    ("switch", "t7"),
)
ORDER = ("t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9")


def buckets(
    marks_ns: Mapping[str, int], *, end_ns: int | None, end_mark: str
) -> tuple[Bucket, ...]:
    """Cut the time from t0 to `end_ns` (t7, or the last word of a run that never got there).

    A mark that is missing, or that lies outside its neighbours, merges two stretches, so
    the lengths are never negative and sum to `end_ns` - t0 exactly.

    Args:
        marks_ns: the marks that were recorded, whole microseconds apart.
        end_ns: where the last stretch ends; None gives no stretch at all.
        end_mark: the name of that instant.
    """
    at_ns = marks_ns.get("t0")
    if at_ns is None or end_ns is None or end_ns < at_ns:
        return ()
    cut: list[Bucket] = []
    start_mark, names = "t0", list[str]()
    for name, mark in STRETCHES:
        names.append(name)
        reached_ns = end_ns if mark == "t7" else marks_ns.get(mark)
        if reached_ns is None or not at_ns <= reached_ns <= end_ns:
            continue
        cut.append(
            Bucket(
                names=tuple(names),
                start_mark=start_mark,
                end_mark=end_mark if mark == "t7" else mark,
                seconds=duration_s(reached_ns - at_ns),
            )
        )
        at_ns, start_mark, names = reached_ns, mark, []
    return tuple(cut)


def between_s(start_ns: int | None, end_ns: int | None) -> float | None:
    """Return the seconds from one mark to another, None when either is missing.

    MTTD is t1 - t0, WRT is t8 - t7, the interruption that the DMIA bounds is t8 - t0.
    """
    if start_ns is None or end_ns is None:
        return None
    return duration_s(end_ns - start_ns)


def disordered(marks_ns: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of successive marks whose instants contradict their order."""
    present = [name for name in ORDER if name in marks_ns]
    return tuple(
        (earlier, later)
        for earlier, later in itertools.pairwise(present)
        if marks_ns[later] < marks_ns[earlier]
    )
