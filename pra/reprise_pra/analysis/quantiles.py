"""Quantiles by nearest rank: always a value that was measured, never an interpolation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def nearest_rank(ordered: Sequence[int], share: float) -> int | None:
    """Return the smallest value with at least `share` of the values at or below it.

    Args:
        ordered: the values, ascending.
        share: 0.95 for the 95th percentile.
    """
    if not ordered:
        return None
    return ordered[max(1, rank(len(ordered), share)) - 1]


def percentile(values: Iterable[int], share: float) -> int:
    """Return the quantile of values in any order, of which there is at least one."""
    found = nearest_rank(sorted(values), share)
    assert found is not None, "no quantile of nothing"
    return found


def rank(count: int, share: float) -> int:
    """Return the nearest rank, from 1: the quantile is the value at that place."""
    # The product 0.95 * 20 is 19 in arithmetic and must be in floats.
    return math.ceil(round(share * count, 9))
