"""t7: the start of the stretch in which a journey works, to the end of observation."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from reprise_pra.analysis.objectives import JourneyObjective
from reprise_pra.analysis.recovery import Recovered, recovery_of
from reprise_pra.analysis.samples import Sample
from reprise_pra.analysis.testing import ns, utc

_PROMISE = JourneyObjective(tier=1, availability=0.99, latency_p95_ms=2000)


def _sample(
    at_s: float,
    *,
    is_ok: bool = True,
    latency_s: float = 0.1,
    name: str = "login",
    is_write: bool = False,
) -> Sample:
    return Sample(
        journey="register",
        name=name,
        is_write=is_write,
        intended_ns=ns(at_s),
        begun_ns=ns(at_s),
        ended_ns=ns(at_s + latency_s),
        ended_utc=utc(at_s + latency_s),
        is_ok=is_ok,
    )


def _every_second(start_s: int, end_s: int, *, is_ok: bool = True) -> list[Sample]:
    return [_sample(at_s, is_ok=is_ok) for at_s in range(start_s, end_s)]


def _recovery(samples: Sequence[Sample], *, minimum: int = 5) -> Recovered:
    return recovery_of(
        "register",
        sorted(samples, key=lambda sample: sample.begun_ns),
        _PROMISE,
        t0_ns=ns(100),
        stable_s=30,
        minimum_operations=minimum,
    )


def _outage(end_s: int, *, until_s: int = 300) -> list[Sample]:
    return (
        _every_second(50, 100)
        + _every_second(100, end_s, is_ok=False)
        + _every_second(end_s, until_s)
    )


def test_t7_is_the_first_answer_after_the_last_failure() -> None:
    """A clean recovery is dated by its first completed operation."""
    found = _recovery(_outage(200))
    assert found.t7_ns == ns(200.1)
    assert found.t7_utc == utc(200.1)
    assert found.operations == 100


@pytest.mark.parametrize("relapse_s", [210, 240, 260])
def test_a_relapse_moves_t7(relapse_s: int) -> None:
    """Failing again later, the service had not recovered: t7 comes after the relapse."""
    samples = _outage(200)
    samples[relapse_s - 50 : relapse_s - 45] = _every_second(
        relapse_s, relapse_s + 5, is_ok=False
    )
    assert _recovery(samples).t7_ns == ns(relapse_s + 5.1)


def test_one_failure_in_a_short_stretch_is_a_relapse() -> None:
    """One failure among 99 is not 99 %."""
    samples = _outage(200, until_s=298)
    samples[230 - 50] = _sample(230, is_ok=False)
    assert _recovery(samples).t7_ns == ns(231.1)


def test_one_failure_in_a_long_stretch_is_within_the_objective() -> None:
    """A service allowed one failure in a hundred may have one, long after it came back."""
    samples = _outage(200, until_s=500)
    samples[400 - 50] = _sample(400, is_ok=False)
    assert _recovery(samples).t7_ns == ns(200.1)


def test_a_failure_soon_after_the_start_is_no_recovery() -> None:
    """However long the rest, the first `stable_s` must be within the objectives alone."""
    samples = _outage(200, until_s=900)
    samples[215 - 50] = _sample(215, is_ok=False)
    assert _recovery(samples).t7_ns == ns(216.1)


def test_a_long_tail_does_not_dilute_a_relapse() -> None:
    """Five failures in five seconds are an outage, though 99 % of the stretch is good."""
    samples = _outage(200, until_s=2000)
    samples[600 - 50 : 605 - 50] = _every_second(600, 605, is_ok=False)
    assert _recovery(samples).t7_ns == ns(604.1) or _recovery(samples).t7_ns == ns(
        605.1
    )


def test_slow_answers_are_no_recovery() -> None:
    """Answers that come, but later than the objective, do not count as recovered."""
    samples = _outage(200)
    samples[150:170] = [_sample(at_s, latency_s=3) for at_s in range(200, 220)]
    assert _recovery(samples).t7_ns == ns(220.1)


def test_a_slow_spell_later_moves_t7() -> None:
    """A relapse in latency moves t7 as one in availability does."""
    samples = _outage(200, until_s=900)
    samples[350:380] = [_sample(at_s, latency_s=3) for at_s in range(400, 430)]
    t7_ns = _recovery(samples).t7_ns
    assert t7_ns is not None
    assert ns(425) < t7_ns <= ns(430.1)


def test_silence_is_not_stability() -> None:
    """Twenty seconds without an operation, in the stretch or at its end, prove nothing."""
    samples = _outage(200)
    quiet = [one for one in samples if not ns(240) <= one.begun_ns < ns(260)]
    found = _recovery(quiet)
    assert (found.t7_ns, found.bound_ns) == (None, ns(200.1))
    assert "silence" in found.reason.en
    brief = [one for one in samples if not ns(240) <= one.begun_ns < ns(250)]
    assert _recovery(brief).t7_ns == ns(200.1)
    ended = recovery_of(
        "register",
        samples,
        _PROMISE,
        t0_ns=ns(100),
        stable_s=30,
        minimum_operations=5,
        observed_ns=ns(320),
    )
    assert ended.t7_ns is None


def _arriving(seed: int, *, rate: float, until_s: float) -> list[Sample]:
    """Return journeys of three operations that arrive by chance, from 0 on."""
    draw, at_s, found = random.Random(seed), 0.0, []
    while (at_s := at_s + draw.expovariate(rate)) < until_s:
        names = ("login", "search", "read_back")
        found += [_sample(at_s + k, name=name) for k, name in enumerate(names)]
    return found


def test_a_quiet_journey_is_not_unproved_by_chance() -> None:
    """An arrival in four seconds on average leaves gaps that are no doubt.

    Of 400 healthy recoveries, 2 in 100 at most are unproved; all are, when the journey
    stops arriving for longer than `stable_s`.
    """
    doubted = 0
    for seed in range(400):
        healthy = _arriving(seed, rate=0.25, until_s=185)
        samples = [one for one in healthy if not ns(100) <= one.begun_ns < ns(120)]
        doubted += _recovery(samples).t7_ns is None
        silent = [one for one in samples if not ns(128) <= one.begun_ns < ns(160)]
        assert _recovery(silent).t7_ns is None
    assert doubted <= 8


def test_unfinished_outage_is_a_lower_bound() -> None:
    """Failing to the end: not recovered, and not before the last thing seen."""
    found = _recovery(_outage(300))
    assert found.t7_ns is None
    assert found.bound_ns == ns(299.1)
    assert "jusqu'à la fin" in found.reason.fr


def test_too_short_a_stretch_proves_nothing() -> None:
    """Good for 20 s of 30: the bound is where the stretch began, no later."""
    found = _recovery(_outage(280))
    assert found.t7_ns is None
    assert found.bound_ns == ns(280.1)


def test_too_few_operations_prove_nothing() -> None:
    """A stretch long enough with too few operations is not proved."""
    samples = [*_outage(200, until_s=201), *map(_sample, (212, 224, 236))]
    assert _recovery(samples, minimum=5).t7_ns is None
    assert _recovery(samples, minimum=4).t7_ns == ns(200.1)


@pytest.mark.parametrize(
    "name", ["search", "read_known_patient", "read_back", "register_patient"]
)
def test_what_was_done_before_must_be_done_again(name: str) -> None:
    """A journey that wrote and read back must write and read back again."""
    is_write = name == "register_patient"
    done = [_sample(60.5, name=name, is_write=is_write)]
    samples = _outage(200) + done
    assert _recovery(samples).t7_ns is None
    again = [_sample(250.5, name=name, is_write=is_write)]
    assert _recovery(samples + again).t7_ns == ns(200.1)


def test_another_write_will_do() -> None:
    """A visit started is a write as well as a patient registered."""
    samples = [
        *_outage(200),
        _sample(60.5, name="start_visit", is_write=True),
        _sample(250.5, name="record_vitals", is_write=True),
    ]
    assert _recovery(samples).t7_ns == ns(200.1)


def test_an_operation_belongs_where_it_began() -> None:
    """Sent during the outage, timed out after t7: it tells of the outage."""
    samples = [*_outage(200), _sample(195.5, is_ok=False, latency_s=10)]
    assert _recovery(samples).t7_ns == ns(200.1)


def test_a_held_request_does_not_date_recovery_early() -> None:
    """A request held since the outage and answered on recovery dates it by its answer."""
    samples = [*_outage(200), _sample(199.5, latency_s=1.5)]
    assert _recovery(samples).t7_ns == ns(200.1)


def test_never_tried_is_not_measured() -> None:
    """Without an operation after t0 there is no bound either."""
    found = _recovery(_every_second(50, 100))
    assert found.t7_ns is None
    assert found.bound_ns is None


def test_never_interrupted_recovers_at_once() -> None:
    """A disaster that disturbs nobody has t7 at the first operation after it."""
    assert _recovery(_every_second(50, 200)).t7_ns == ns(100.1)
