"""The estimator against known outages: simulated probers, servers that fail four ways."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Sequence

import pytest

from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.measure import measure
from reprise_pra.analysis.outages import OutageSeen, find_outages, thresholds_of
from reprise_pra.analysis.probing import blind_time, probers_of
from reprise_pra.analysis.recorded import Probe
from reprise_pra.analysis.results_outages import coverage_and_outages
from reprise_pra.analysis.testing import Script
from reprise_pra.analysis.testing_drills import nominal_drill

_PERIOD_S = 0.040
_TIMEOUT_S = 0.3
_FIRST_S = 100.0
_MODES = ("refuse", "http", "hang", "lost")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """What really happened: the service's outages and each prober's own stalls."""

    mode: str
    outages_s: tuple[tuple[float, float], ...]
    stalls_s: tuple[tuple[tuple[float, float], ...], ...] = ((), ())


def _fate(world: _World, sent_s: float, rng: random.Random) -> tuple[str, float]:
    """Return how a request sent at an instant ends, and when its answer leaves."""
    for start_s, end_s in world.outages_s:
        if not start_s <= sent_s < end_s:
            continue
        if world.mode == "refuse":
            return "refused", sent_s + 0.0005
        if world.mode == "http":
            return "http", sent_s + rng.uniform(0.001, 0.004)
        if world.mode == "hang":  # held, then all answered within some milliseconds
            return "ok", end_s + rng.uniform(0.0005, 0.008)
        return "timeout", sent_s + 10
    return "ok", sent_s + rng.lognormvariate(-6.2, 0.35)


def _stall_end(stalls_s: Sequence[tuple[float, float]], at_s: float) -> float:
    """Return when a process that is stopped at an instant runs again."""
    return next((end for start, end in stalls_s if start <= at_s < end), at_s)


def _probe_world(world: _World, *, end_s: float, seed: int) -> list[Probe]:
    """Probe with two processes half a period apart, as the real ones do."""
    rng = random.Random(seed)
    probes = []
    for index, stalls_s in enumerate(world.stalls_s):
        skipped = 0
        for slot in itertools.count():
            sched_s = index * _PERIOD_S / 2 + slot * _PERIOD_S
            if sched_s > end_s:
                break
            sent_s = _stall_end(stalls_s, sched_s) + rng.expovariate(1 / 0.0008)
            if sent_s - sched_s > _PERIOD_S:
                skipped += 1
                continue
            outcome, answer_s = _fate(world, sent_s, rng)
            if answer_s - sent_s >= _TIMEOUT_S:
                # It looks once more before it gives up, when it can.
                seen_s = _stall_end(stalls_s, sent_s + _TIMEOUT_S)
                if outcome != "ok" or answer_s > seen_s:
                    outcome = "timeout"
            else:
                seen_s = _stall_end(stalls_s, answer_s)
            probes.append(
                Probe(
                    process=f"prober-read-{index}",
                    service_class="read",
                    sched_ns=round(sched_s * 1e9),
                    sent_ns=round(sent_s * 1e9),
                    end_ns=round(seen_s * 1e9),
                    outcome=outcome,
                    skipped=skipped,
                )
            )
            skipped = 0
    return probes


def _estimate(probes: list[Probe]) -> tuple[OutageSeen, ...]:
    probers = probers_of(probes)["read"]
    thresholds = thresholds_of(
        probers, before_ns=round(_FIRST_S * 1e9), timeout_ns=round(_TIMEOUT_S * 1e9)
    )
    return find_outages(probers, thresholds, blind_time(probers))


def _outages(
    seed: int, count: int = 30
) -> tuple[tuple[tuple[float, float], ...], float]:
    """Draw known outages of odd lengths, well apart."""
    rng = random.Random(seed)
    at_s, found = _FIRST_S, []
    for number in range(count):
        at_s += rng.uniform(3, 5)
        length_s = (0.437, 1.613, 3.061)[number % 3] + rng.uniform(0, 0.05)
        found.append((at_s, at_s + length_s))
        at_s += length_s
    return tuple(found), at_s + 5


def _stalls(seed: int, end_s: float) -> tuple[tuple[float, float], ...]:
    """Draw stalls of 60 to 250 ms every one to two and a half seconds."""
    rng = random.Random(seed)
    at_s, found = 0.0, []
    while at_s < end_s:
        at_s += rng.uniform(1, 2.5)
        length_s = rng.uniform(0.06, 0.25)
        found.append((at_s, at_s + length_s))
        at_s += length_s
    return tuple(found)


def _check(world: _World, seen: Sequence[OutageSeen]) -> list[float]:
    """Match what was seen with the truth; return the errors of what is called precise."""
    assert len(seen) == len(world.outages_s)
    errors_s = []
    for (start_s, end_s), one in zip(world.outages_s, seen, strict=True):
        assert one.end is not None
        # A server drains for some milliseconds, and a lone slow answer shifts an edge.
        slack_ns = 10_000_000
        start_ns, end_ns = round(start_s * 1e9), round(end_s * 1e9)
        assert one.start.low_ns - slack_ns <= start_ns <= one.start.high_ns + slack_ns
        assert one.end.low_ns - slack_ns <= end_ns <= one.end.high_ns + slack_ns
        if not one.is_imprecise:
            length_ns = one.end.at_ns - one.start.at_ns
            errors_s.append(abs(length_ns / 1e9 - (end_s - start_s)))
    return errors_s


@pytest.mark.parametrize("mode", _MODES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_known_outages_are_measured_to_50_ms(mode: str, seed: int) -> None:
    """None is missed, none invented, each within 50 ms and inside its bounds."""
    outages_s, end_s = _outages(seed)
    world = _World(mode=mode, outages_s=outages_s)
    errors_s = _check(world, _estimate(_probe_world(world, end_s=end_s, seed=seed)))
    assert len(errors_s) == len(outages_s), "without stalls every outage is precise"
    assert max(errors_s) <= 0.050


@pytest.mark.parametrize("mode", _MODES)
@pytest.mark.parametrize("seed", [4, 5, 6])
def test_stalled_probers_are_precise_or_say_so(mode: str, seed: int) -> None:
    """Each prober is stopped at random: precise outages stay within 50 ms, bounds hold."""
    outages_s, end_s = _outages(seed)
    stalls_s = (_stalls(seed + 10, end_s), _stalls(seed + 20, end_s))
    world = _World(mode=mode, outages_s=outages_s, stalls_s=stalls_s)
    errors_s = _check(world, _estimate(_probe_world(world, end_s=end_s, seed=seed)))
    assert len(errors_s) >= len(outages_s) // 2
    assert max(errors_s) <= 0.050


def test_no_outage_is_claimed_of_a_healthy_service() -> None:
    """Stalls of the probers are their own: nothing is reported."""
    stalls_s = (_stalls(1, 60), _stalls(2, 60))
    world = _World(mode="refuse", outages_s=(), stalls_s=stalls_s)
    assert _estimate(_probe_world(world, end_s=60, seed=1)) == ()


def test_when_both_probers_are_blind_the_outage_says_so() -> None:
    """Both stopped over the start: the edge is wide, the blind time is told."""
    stall_s = ((99.9, 100.4),)
    world = _World(
        mode="refuse", outages_s=((100.1, 102.0),), stalls_s=(stall_s, stall_s)
    )
    (seen,) = _estimate(_probe_world(world, end_s=110, seed=1))
    assert seen.is_imprecise
    assert seen.start.low_ns <= 100.1e9 <= seen.start.high_ns
    assert seen.blind_ns > 0.4e9


@pytest.mark.parametrize("mode", _MODES)
def test_a_service_that_flickers_is_not_back(mode: str) -> None:
    """Up for 0.8 s between two interruptions: one outage, to the last recovery."""
    flicker = ((100.0, 101.0), (101.8, 102.5), (103.2, 104.0))
    world = _World(mode=mode, outages_s=(*flicker, (106.5, 107.0)))
    first, second = _estimate(_probe_world(world, end_s=115, seed=1))
    assert (first.interruptions, second.interruptions) == (3, 1)
    assert first.end is not None
    assert abs(first.start.at_ns / 1e9 - 100) <= 0.05
    assert abs(first.end.at_ns / 1e9 - 104) <= 0.05
    assert abs(first.down_ns / 1e9 - 2.5) <= 0.15
    assert not first.is_imprecise


def test_a_flicker_that_does_not_end_has_no_end() -> None:
    """The last interruption lasts: so does the outage that it belongs to."""
    world = _World(mode="lost", outages_s=((100.0, 101.0), (101.5, 999.0)))
    (seen,) = _estimate(_probe_world(world, end_s=110, seed=1))
    assert seen.end is None
    assert seen.interruptions == 2


def test_an_outage_that_does_not_end_has_no_end() -> None:
    """Down to the last probe: a start, no duration."""
    world = _World(mode="lost", outages_s=((100.0, 999.0),))
    (seen,) = _estimate(_probe_world(world, end_s=110, seed=1))
    assert seen.end is None
    assert abs(seen.start.at_ns / 1e9 - 100) <= 0.05


def test_an_outage_older_than_the_probes_has_no_sure_start() -> None:
    """Down from the first probe: since when is not known."""
    world = _World(mode="refuse", outages_s=((-1.0, 5.0),))
    (seen,) = _estimate(_probe_world(world, end_s=10, seed=1))
    assert seen.is_imprecise
    assert seen.end is not None
    assert abs(seen.end.at_ns / 1e9 - 5) <= 0.05


def test_a_slow_service_raises_its_own_threshold() -> None:
    """`slow` is three times the usual p99.9, at least 100 ms, below the time-out."""
    probes = _probe_world(_World(mode="refuse", outages_s=()), end_s=60, seed=1)

    def slow_ns(later_ms: int) -> int:
        later = [
            dataclasses.replace(probe, end_ns=probe.end_ns + later_ms * 1_000_000)
            for probe in probes
        ]
        return thresholds_of(
            probers_of(later)["read"], before_ns=10**18, timeout_ns=300_000_000
        ).slow_ns

    assert slow_ns(0) == 100_000_000
    assert 180_000_000 <= slow_ns(60) <= 240_000_000
    assert 200_000_000 < slow_ns(200) < 300_000_000
    untaught = thresholds_of({}, before_ns=10**18, timeout_ns=300_000_000)
    assert untaught.slow_ns == 100_000_000


def test_a_drill_tells_its_outage_and_what_it_could_see() -> None:
    """The results hold the outage of each class with the probers' coverage."""
    coverage, outages = coverage_and_outages(measure(nominal_drill().run()))
    assert [one.service_class for one in outages] == ["read", "write"]
    seen = outages[0]
    assert seen.start_low_s <= 120.5 <= seen.start_high_s
    assert seen.end_low_s is not None
    assert seen.end_high_s is not None
    assert seen.end_low_s <= 185.0 <= seen.end_high_s
    assert coverage[0].processes == 2
    assert coverage[0].blind_s == 0


def test_each_fault_has_its_impact() -> None:
    """The node lost disturbed nobody; the site lost cost one outage, told with its length."""
    results = judge(nominal_drill().run())
    assert [(one.fault, one.service_class, one.outages) for one in results.impacts] == [
        ("power_off_node", "read", 0),
        ("power_off_node", "write", 0),
        ("power_off_site", "read", 1),
        ("power_off_site", "write", 1),
    ]
    assert [one.longest_s for one in results.impacts] == [0.0, 0.0, 64.5, 64.5]
    assert [one.blind_s for one in results.impacts] == [0.0] * 4
    assert results.impacts[2].total_s == results.impacts[2].at_least_s == 64.5
    endless = judge(nominal_drill(back_s=400).run())
    assert endless.impacts[2].longest_s is None
    assert endless.impacts[2].at_least_s > 100


def test_a_gap_of_both_probers_is_blind_time() -> None:
    """A quarter of an hour nobody probed is told, whatever the probes around it say."""
    script = Script()
    for second in (*range(10), *range(20, 30)):
        script.probe("prober-read-0", second)
        script.probe("prober-read-1", second + 0.5)
    coverage, outages = coverage_and_outages(measure(script.run()))
    assert outages == ()
    assert coverage[0].blind_s == coverage[0].longest_blind_s == 10.5
