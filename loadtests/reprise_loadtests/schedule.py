"""When journeys start: a seeded schedule that nothing the server does can change.

Arrivals are a Poisson process whose rate follows the profile's shape, drawn by thinning
(Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", 1979):
candidates come at the highest rate, each is kept with probability rate / highest rate.
"""

from __future__ import annotations

import bisect
import dataclasses
import random
from collections.abc import Iterator, Sequence

from reprise_loadtests.profile import Arrivals, JourneyName, Point, Profile, ThinkTime

NS_PER_S = 1_000_000_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One journey to start, `offset_ns` after the load's start; numbered from 1."""

    instance: int
    offset_ns: int
    journey: JourneyName


def rate_per_s(arrivals: Arrivals, at_s: float) -> float:
    """Return the intended arrivals a second, `at_s` seconds after the start."""
    return arrivals.rate_per_s * _factor(arrivals.shape, at_s)


def arrivals(profile: Profile, *, seed: int) -> Iterator[Arrival]:
    """Yield every arrival, without end, in order: the same for the same seed and profile.

    What is yielded up to an instant does not depend on how long one goes on asking.
    """
    rng = random.Random(f"{seed}/arrivals")
    highest_per_s = profile.arrivals.rate_per_s * max(
        point.factor for point in profile.arrivals.shape
    )
    journeys = tuple(profile.mix)
    shares = tuple(profile.mix.values())
    at_s = 0.0
    instance = 0
    while True:
        at_s += rng.expovariate(highest_per_s)
        if rng.random() * highest_per_s >= rate_per_s(profile.arrivals, at_s):
            continue
        instance += 1
        (journey,) = rng.choices(journeys, shares)
        yield Arrival(
            instance=instance, offset_ns=round(at_s * NS_PER_S), journey=journey
        )


def arrivals_within(
    profile: Profile, *, seed: int, duration_s: float
) -> tuple[Arrival, ...]:
    """Return the arrivals of the first `duration_s` seconds."""
    planned: list[Arrival] = []
    for arrival in arrivals(profile, seed=seed):
        if arrival.offset_ns >= duration_s * NS_PER_S:
            break
        planned.append(arrival)
    return tuple(planned)


def instance_rng(seed: int, instance: int) -> random.Random:
    """Return the chance of one journey: its patient, its values, its think times."""
    return random.Random(f"{seed}/journey/{instance}")


def centre_rng(seed: int, instance: int) -> random.Random:
    """Return the chance that chooses one journey's centre, and nothing else of it."""
    return random.Random(f"{seed}/centre/{instance}")


def think_s(think_time: ThinkTime, rng: random.Random) -> float:
    """Draw one think time, in seconds."""
    drawn = think_time.median_s * rng.lognormvariate(0.0, think_time.sigma)
    return min(drawn, think_time.max_s)


def _factor(shape: Sequence[Point], at_s: float) -> float:
    period_s = shape[-1].at_s
    if period_s <= 0:
        return shape[0].factor
    within_s = at_s % period_s
    after = bisect.bisect_right([point.at_s for point in shape], within_s)
    before, then = shape[after - 1], shape[min(after, len(shape) - 1)]
    width_s = then.at_s - before.at_s
    if width_s <= 0:
        return before.factor
    share = (within_s - before.at_s) / width_s
    return before.factor + share * (then.factor - before.factor)
