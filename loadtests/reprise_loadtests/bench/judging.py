"""What an instrument said of outages, beside what they were."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence

from reprise_loadtests.bench.truth import Truth

NS_PER_MS = 1_000_000
# A claim is known to some tens of milliseconds itself.
_NEAR_NS = 50 * NS_PER_MS


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An outage as an instrument tells it.

    Attributes:
        end_ns: None when it never saw the end.
        start_bounds_ns, end_bounds_ns: what it holds for certain; None if it says nothing.
        is_imprecise: it warns that it is not sure.
    """

    start_ns: int
    end_ns: int | None
    start_bounds_ns: tuple[int, int] | None = None
    end_bounds_ns: tuple[int, int] | None = None
    is_imprecise: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An outage and the claim that is about it; errors are claim minus truth, ms."""

    truth: Truth
    claim: Claim

    @property
    def start_error_ms(self) -> float:
        """How much too late it says that the outage began."""
        return (self.claim.start_ns - self.truth.start_ns) / NS_PER_MS

    @property
    def end_error_ms(self) -> float:
        """How much too late it says that the outage ended; infinite if it never did."""
        if self.claim.end_ns is None:
            return float("inf")
        return (self.claim.end_ns - self.truth.end_ns) / NS_PER_MS

    @property
    def worst_ms(self) -> float:
        """The larger of both errors, without sign."""
        return max(abs(self.start_error_ms), abs(self.end_error_ms))

    @property
    def bounds_are_true(self) -> bool:
        """Whether both instants lie where the claim says for certain."""
        return all(
            bounds is not None and bounds[0] <= at_ns <= bounds[1]
            for bounds, at_ns in (
                (self.claim.start_bounds_ns, self.truth.start_ns),
                (self.claim.end_bounds_ns, self.truth.end_ns),
            )
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How an instrument did.

    `excused`: outages and claims set aside, since the server itself stalled meanwhile: what
    was true is not known then.
    """

    pairs: tuple[Pair, ...]
    missed: tuple[Truth, ...]
    false: tuple[Claim, ...]
    excused: int = 0

    @property
    def false_bounds(self) -> int:
        """How many outages had an instant outside the bounds given for it."""
        return sum(not pair.bounds_are_true for pair in self.pairs)

    @property
    def surprises_ms(self) -> tuple[float, ...]:
        """The errors of claims that did not warn."""
        return tuple(p.worst_ms for p in self.pairs if not p.claim.is_imprecise)


def judge(
    truths: Sequence[Truth],
    claims: Sequence[Claim],
    *,
    within_s: float,
    stalls: Sequence[Truth] = (),
) -> Judged:
    """Pair each outage with the claim that overlaps it most.

    Args:
        within_s: how far from the outage a claim may lie and still be about it; what
            is further away is false, as is a second claim of one outage.
        stalls: when the server itself did not run. An outage whose edge lies in one, a
            claim beside any outage that touches one, and outages that a claim has made one
            over a stall are set aside.
    """
    slack_ns = round(within_s * 1_000_000_000)
    left = list(claims)
    # Over a stall two outages are one to whoever looks from outside.
    swallowing = [
        claim
        for claim in claims
        if claim.end_ns is not None
        and sum(_overlap_ns(truth, claim) > 0 for truth in truths) > 1
        and any(_overlap_ns(stall, claim) > 0 for stall in stalls)
    ]
    pairs, missed, excused = [], [], 0
    for truth in truths:
        near = [
            claim
            for claim in left
            if claim.start_ns <= truth.end_ns + slack_ns
            and (claim.end_ns is None or claim.end_ns >= truth.start_ns - slack_ns)
        ]
        if not near:
            if any(_overlap_ns(truth, claim) > 0 for claim in swallowing):
                excused += 1
            else:
                missed.append(truth)
            continue
        best = max(near, key=lambda claim: _overlap_ns(truth, claim))
        left.remove(best)
        edges_ns = truth.start_ns, truth.end_ns
        if best in swallowing or any(_near(at_ns, stalls) for at_ns in edges_ns):
            excused += 1
        else:
            pairs.append(Pair(truth=truth, claim=best))
    false = [
        claim
        for claim in left
        if not any(_overlap_ns(stall, claim) >= -_NEAR_NS for stall in stalls)
    ]
    return Judged(
        pairs=tuple(pairs),
        missed=tuple(missed),
        false=tuple(false),
        excused=excused + len(left) - len(false),
    )


def _near(at_ns: int, stalls: Sequence[Truth]) -> bool:
    return any(
        stall.start_ns - _NEAR_NS <= at_ns <= stall.end_ns + _NEAR_NS
        for stall in stalls
    )


def median_and_worst(values: Sequence[float]) -> str:
    """Return "median / worst" of errors without their signs; "-" for none."""
    if not values:
        return "-"
    sizes = [abs(value) for value in values]
    return f"{statistics.median(sizes):.0f} / {max(sizes):.0f}"


def _overlap_ns(truth: Truth, claim: Claim) -> int:
    end_ns = truth.end_ns if claim.end_ns is None else claim.end_ns
    return min(end_ns, truth.end_ns) - max(claim.start_ns, truth.start_ns)
