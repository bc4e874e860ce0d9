"""The prober's bench: what is judged how, and a short run of it from end to end."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_loadtests.bench import others, probers, tables, truth
from reprise_loadtests.bench.judging import Claim, Judged, judge
from reprise_loadtests.bench.truth import Mode, Truth

_MS = 1_000_000
_S = 1_000_000_000


def _truth(start_ms: int, end_ms: int) -> Truth:
    return Truth(start_ns=start_ms * _MS, end_ns=end_ms * _MS)


def _claim(start_ms: int, end_ms: int | None, *, imprecise: bool = False) -> Claim:
    end_ns = None if end_ms is None else end_ms * _MS
    return Claim(
        start_ns=start_ms * _MS,
        end_ns=end_ns,
        start_bounds_ns=((start_ms - 20) * _MS, (start_ms + 20) * _MS),
        end_bounds_ns=None
        if end_ns is None
        else (end_ns - 20 * _MS, end_ns + 20 * _MS),
        is_imprecise=imprecise,
    )


def _judge(*claims: Claim, stalls: tuple[Truth, ...] = ()) -> Judged:
    truths = [_truth(1000, 2000), _truth(5000, 5400)]
    return judge(truths, claims, within_s=0.1, stalls=stalls)


_GOOD = (_claim(1010, 1990), _claim(4990, 5405))


def test_right_claims_meet_the_target() -> None:
    """Both found, errors of some milliseconds, bounds true."""
    judged = _judge(*_GOOD)
    assert [pair.start_error_ms for pair in judged.pairs] == [10, -10]
    assert [pair.end_error_ms for pair in judged.pairs] == [-10, 5]
    assert tables.meets_target(judged)


@pytest.mark.parametrize(
    ("claims", "what"),
    [
        (_GOOD[:1], "missed"),
        ((*_GOOD, _claim(8000, 8100)), "false"),
        ((*_GOOD, _claim(1500, 1600)), "second of one"),
        ((_claim(1030, 2000), _GOOD[1]), "bounds"),
        ((_claim(1010, None), _GOOD[1]), "no end"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_planted_mistake_misses_the_target(
    claims: tuple[Claim, ...], what: str
) -> None:
    """One outage missed, one too many, one told twice, one outside its bounds: seen."""
    assert not tables.meets_target(_judge(*claims))


def test_error_over_the_target_counts_unless_it_was_said() -> None:
    """51 ms is a miss; of a claim that warns, whose bounds are true, it is none."""
    wide = (1_000 * _MS, 1_100 * _MS)
    for imprecise in (False, True):
        late = Claim(
            start_ns=1051 * _MS,
            end_ns=2000 * _MS,
            start_bounds_ns=wide,
            end_bounds_ns=(1990 * _MS, 2010 * _MS),
            is_imprecise=imprecise,
        )
        assert tables.meets_target(_judge(late, _GOOD[1])) is imprecise


def test_what_happens_while_the_server_stalls_is_set_aside() -> None:
    """What is true is not known then: neither a false claim, nor an edge that is wrong."""
    claims = (*_GOOD, _claim(8000, 8100))
    judged = _judge(*claims, stalls=(_truth(7990, 8090), _truth(1980, 2040)))
    assert (len(judged.pairs), len(judged.false), judged.excused) == (1, 0, 2)


def test_silence_of_the_server_excuses_no_missed_outage() -> None:
    """An outage that nobody told of is missed, whatever else happened."""
    assert len(_judge(_GOOD[0], stalls=(_truth(4990, 5500),)).missed) == 1


def test_outages_made_one_over_a_stall_are_set_aside() -> None:
    """From outside there was one outage; without a stall between, one was missed."""
    both = _claim(1010, 5395)
    assert _judge(both, stalls=(_truth(2500, 4500),)).excused == 2
    assert len(_judge(both).missed) == 1
    endless = _claim(1010, None)
    assert len(_judge(endless, stalls=(_truth(2500, 4500),)).missed) == 1


@given(st.integers(0, 10**6), st.integers(2, 40))
def test_drawn_outages_span_all_lengths(seed: int, count: int) -> None:
    """The shortest and the longest are there, and the server is well in between."""
    drawn = truth.draw(
        random.Random(seed), count=count, shortest_s=0.4, longest_s=7.5, first_after_s=4
    )
    lengths_s = sorted(each.lasts_s for each in drawn)
    assert len(drawn) == count
    assert lengths_s[0] == pytest.approx(0.4)
    assert lengths_s[-1] == pytest.approx(7.5)
    for before, after in itertools.pairwise(drawn):
        assert after.after_s - before.after_s - before.lasts_s >= 2.5


def test_runs_of_looks_become_outages() -> None:
    """From the first look that failed to the next that held; an open one has no end."""
    looks = [(1, True), (2, False), (3, False), (4, True), (5, False)]
    assert others._runs(looks) == [
        Claim(start_ns=2, end_ns=4),
        Claim(start_ns=5, end_ns=None),
    ]


@pytest.mark.timeout(300)
def test_short_bench_tells_of_an_outage(tmp_path: Path) -> None:
    """Two probers each, an outage that refuses and one that hangs: neither is missed.

    How exactly they are told is what the full bench measures, on a calm machine.
    """
    options = probers.Options(
        modes=(Mode.REFUSE, Mode.HANG),
        outages=1,
        shortest_s=3.0,
        longest_s=3.0,
        warm_s=1.0,
        with_stalls=False,
        with_others=False,
    )
    (half,) = probers.run(tmp_path, options)
    judged = half.judged[probers.OURS]
    assert judged.keys() == {Mode.REFUSE, Mode.HANG}
    for mode, each in judged.items():
        assert not each.missed, mode
        assert len(each.pairs) + each.excused >= 1, mode
    table = tables.outages([half])
    assert table.count("\n") == 3
    assert "| calm | prober | hang |" in table


def test_journal_and_requests_are_read(tmp_path: Path) -> None:
    """What is not there is no claim: a tool that never ended tells of nothing."""
    assert others.chaos_toolkit_claims(tmp_path) == []
    assert others.locust_claims(tmp_path) == []
    lines = [
        f'{{"start_s": {at}, "end_s": {at}.5, "ok": {ok}}}'
        for at, ok in ((10, "true"), (12, "false"), (14, "true"))
    ]
    (tmp_path / "requests.jsonl").write_text("\n".join(lines))
    (claim,) = others.locust_claims(tmp_path)
    assert claim.end_ns is not None
    assert round((claim.end_ns - claim.start_ns) / _S) == 2
