"""The schedule depends on seed and profile alone, and follows the profile's rate."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_loadtests.profile import Arrivals, Client, Point, Profile, ThinkTime
from reprise_loadtests.schedule import (
    NS_PER_S,
    arrivals,
    arrivals_within,
    instance_rng,
    rate_per_s,
    think_s,
)


def _profile(
    rate: float = 2.0, shape: tuple[Point, ...] = (Point(at_s=0.0, factor=1.0),)
) -> Profile:
    return Profile(
        name="test",
        arrivals=Arrivals(rate_per_s=rate, max_live=10, shape=shape),
        mix={"register": 0.2, "consult": 0.5, "audiogram": 0.3},
        think_time=ThinkTime(median_s=0.5, sigma=0.5, max_s=2.0),
        client=Client(timeout_s=5.0),
        known_patients=3,
    )


_WAVE = (
    Point(at_s=0.0, factor=0.2),
    Point(at_s=50.0, factor=2.0),
    Point(at_s=100.0, factor=0.2),
)


@given(seed=st.integers(), rate=st.floats(0.1, 20.0))
@settings(max_examples=50)
def test_same_seed_same_schedule(seed: int, rate: float) -> None:
    """Seed, rate and duration make one schedule, instant for instant."""
    profile = _profile(rate)
    assert arrivals_within(profile, seed=seed, duration_s=20) == arrivals_within(
        profile, seed=seed, duration_s=20
    )


@given(seed=st.integers(), shorter=st.floats(0.0, 30.0), longer=st.floats(30.0, 60.0))
@settings(max_examples=50)
def test_a_shorter_load_is_the_beginning_of_a_longer_one(
    seed: int, shorter: float, longer: float
) -> None:
    """How long one plays does not change what is played."""
    profile = _profile(shape=_WAVE)
    short = arrivals_within(profile, seed=seed, duration_s=shorter)
    long = arrivals_within(profile, seed=seed, duration_s=longer)
    assert long[: len(short)] == short
    assert all(arrival.offset_ns < shorter * NS_PER_S for arrival in short)
    assert all(a.offset_ns >= shorter * NS_PER_S for a in long[len(short) :])


@given(seed=st.integers())
@settings(max_examples=50)
def test_arrivals_are_in_order_and_numbered(seed: int) -> None:
    """Instances count from 1 and never go back in time."""
    some = tuple(itertools.islice(arrivals(_profile(), seed=seed), 100))
    assert [arrival.instance for arrival in some] == list(range(1, 101))
    assert all(a.offset_ns <= b.offset_ns for a, b in itertools.pairwise(some))


@pytest.mark.parametrize("seed", range(5))
def test_the_rate_is_the_profiles(seed: int) -> None:
    """Counts in each part of the day are Poisson about the integral of the rate."""
    profile = _profile(rate=5.0, shape=_WAVE)
    duration_s, width_s = 2000, 25
    counts = [0] * 4
    for arrival in arrivals_within(profile, seed=seed, duration_s=duration_s):
        counts[int(arrival.offset_ns / NS_PER_S % 100 // width_s)] += 1
    for part, count in enumerate(counts):
        middle = (part + 0.5) * width_s
        expected = rate_per_s(profile.arrivals, middle) * width_s * duration_s / 100
        assert abs(count - expected) < 5 * math.sqrt(expected)


@pytest.mark.parametrize("seed", range(5))
def test_gaps_of_a_steady_rate_are_exponential(seed: int) -> None:
    """A Poisson process: gaps whose deviation equals their mean, not a metronome."""
    some = tuple(itertools.islice(arrivals(_profile(rate=4.0), seed=seed), 4000))
    gaps = [(b.offset_ns - a.offset_ns) / NS_PER_S for a, b in itertools.pairwise(some)]
    mean = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert mean == pytest.approx(0.25, rel=0.08)
    assert deviation == pytest.approx(mean, rel=0.1)


def test_the_mix_is_the_profiles() -> None:
    """Journeys come in the profile's shares."""
    some = tuple(itertools.islice(arrivals(_profile(), seed=3), 6000))
    share = sum(arrival.journey == "consult" for arrival in some) / len(some)
    assert share == pytest.approx(0.5, abs=0.03)


@given(at_s=st.floats(0, 1e6))
def test_the_day_starts_over(at_s: float) -> None:
    """The shape repeats, and its rate stays between its lowest and highest points."""
    profile = _profile(rate=1.0, shape=_WAVE)
    assert 0.2 - 1e-9 <= rate_per_s(profile.arrivals, at_s) <= 2.0 + 1e-9
    assert rate_per_s(profile.arrivals, at_s) == pytest.approx(
        rate_per_s(profile.arrivals, at_s + 100.0), abs=1e-6
    )


@given(seed=st.integers(), instance=st.integers(1))
def test_think_times_are_seeded_and_bounded(seed: int, instance: int) -> None:
    """A journey's pauses repeat with its seed and never exceed the profile's limit."""
    think = ThinkTime(median_s=0.5, sigma=0.6, max_s=1.5)
    first = think_s(think, instance_rng(seed, instance))
    assert first == think_s(think, instance_rng(seed, instance))
    assert 0 < first <= 1.5


def test_the_median_think_time_is_the_profiles() -> None:
    """Half the pauses are longer than the median."""
    rng = random.Random(1)
    think = ThinkTime(median_s=0.7, sigma=0.5, max_s=100.0)
    longer = sum(think_s(think, rng) > 0.7 for _ in range(4000))
    assert longer == pytest.approx(2000, rel=0.05)
