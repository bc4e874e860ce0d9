"""One schedule, several workers: what is dealt is the schedule, each arrival once."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from reprise_loadtests.dealer import HORIZON_NS, SILENT_NS, Dealer, Due
from reprise_loadtests.profile import Arrivals, Client, Profile, ThinkTime
from reprise_loadtests.schedule import NS_PER_S, arrivals_within
from reprise_loadtests.signals import measured

_TICK_NS = NS_PER_S // 10
_LASTS_S = 60
_WORKERS = ("one", "two", "three")
_PROFILE = Profile(
    name="test",
    arrivals=Arrivals(rate_per_s=9.0, max_live=100),
    mix={"register": 0.2, "consult": 0.8},
    think_time=ThinkTime(median_s=0.5, sigma=0.5, max_s=2.0),
    client=Client(timeout_s=5.0),
    known_patients=3,
)


def _dealer(*, lasts_s: float | None = _LASTS_S) -> Dealer:
    return Dealer(
        profile=_PROFILE,
        seed=5,
        start_ns=NS_PER_S,
        end_ns=None if lasts_s is None else NS_PER_S + round(lasts_s * NS_PER_S),
        after=0,
        workers=_WORKERS,
    )


class _Play:
    """Workers that begin what they are dealt when it is due, unless they are dead."""

    def __init__(self, dealer: Dealer) -> None:
        self.dealer = dealer
        self.now_ns = NS_PER_S - HORIZON_NS
        self.begun: dict[int, str] = {}
        self.nobody: list[int] = []
        self._hands: dict[str, list[Due]] = {name: [] for name in _WORKERS}

    def go(self, *, until_s: float, living: tuple[str, ...]) -> None:
        """Let time pass to an instant of the schedule; who is not living is silent."""
        until_ns = NS_PER_S + round(until_s * NS_PER_S)
        while self.now_ns < until_ns and not self.dealer.until_ns:
            self.now_ns += _TICK_NS
            for worker in living:
                hand = self._hands.setdefault(worker, [])
                now = [due for due in hand if due.intended_ns <= self.now_ns]
                self._hands[worker] = [due for due in hand if due not in now]
                for due in now:
                    assert due.instance not in self.begun
                    self.begun[due.instance] = worker
                self.dealer.hear(
                    worker, now_ns=self.now_ns, begun=[due.instance for due in now]
                )
            for holder, dues in self.dealer.deal(now_ns=self.now_ns).items():
                if holder is None:
                    self.nobody += [due.instance for due in dues]
                else:
                    self._hands.setdefault(holder, []).extend(dues)

    def drain(self, living: tuple[str, ...]) -> None:
        """Let the living end what they were dealt."""
        for worker in living:
            hand = self._hands.pop(worker, [])
            for due in hand:
                if due.instance in self.dealer.dealt:
                    self.begun[due.instance] = worker
            self.dealer.hear(
                worker, now_ns=self.now_ns, begun=[due.instance for due in hand]
            )


def _due() -> set[int]:
    return {
        one.instance for one in arrivals_within(_PROFILE, seed=5, duration_s=_LASTS_S)
    }


def test_the_shares_are_the_schedule_by_number() -> None:
    """Three workers: each arrival is dealt in time, to the slot its number gives."""
    play = _Play(_dealer())
    play.go(until_s=_LASTS_S + 1, living=_WORKERS)
    play.drain(_WORKERS)
    assert set(play.begun) == _due()
    assert play.dealer.planned == len(_due())
    assert not play.dealer.unbegun()
    for instance, worker in play.begun.items():
        assert worker == _WORKERS[instance % 3]


def test_a_lost_workers_share_is_taken_over_and_given_back() -> None:
    """Silence costs what was dealt until it showed; then others play; then its heir."""
    play = _Play(_dealer())
    play.go(until_s=20, living=_WORKERS)
    play.go(until_s=35, living=("one", "three"))
    play.go(until_s=_LASTS_S + 1, living=("one", "three", "heir"))
    play.drain(("one", "three", "heir"))
    lost = {due.instance for due in play.dealer.unbegun()}
    assert set(play.begun) | lost == _due()
    assert not set(play.begun) & lost
    dealt_ns = 20 * NS_PER_S + HORIZON_NS + SILENT_NS + 2 * _TICK_NS
    assert lost
    for due in play.dealer.unbegun():
        assert due.instance % 3 == 1
        assert 19 * NS_PER_S < due.intended_ns - NS_PER_S <= dealt_ns
    heirs = [instance for instance, worker in play.begun.items() if worker == "heir"]
    assert {instance % 3 for instance in heirs} == {1}
    between = [i for i, w in play.begun.items() if i % 3 == 1 and w in {"one", "three"}]
    assert between
    assert max(between) < min(heirs)


def test_a_worker_that_was_only_slow_plays_what_it_was_dealt() -> None:
    """Silent for a while and back: nothing is lost, nothing is played twice."""
    play = _Play(_dealer())
    play.go(until_s=20, living=_WORKERS)
    play.go(until_s=30, living=("one", "three"))
    play.go(until_s=_LASTS_S + 1, living=_WORKERS)
    play.drain(_WORKERS)
    assert set(play.begun) == _due()
    assert not play.dealer.unbegun()
    count = Counter(w for i, w in play.begun.items() if i % 3 == 1)
    assert set(count) == set(_WORKERS)


def test_what_nobody_can_take_is_told() -> None:
    """Without a living worker arrivals go on being due, and are given to nobody."""
    play = _Play(_dealer())
    play.go(until_s=20, living=_WORKERS)
    play.go(until_s=_LASTS_S + 1, living=())
    lost = {due.instance for due in play.dealer.unbegun()}
    assert play.nobody
    assert {*play.begun, *lost, *play.nobody} == _due()
    assert len(play.begun) + len(lost) + len(play.nobody) == len(_due())


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_or_doubled_whoever_comes_and_goes(seed: int) -> None:
    """Workers silent and heard at random: begun, known as lost and untaken are all."""
    rng = random.Random(seed)
    play = _Play(_dealer())
    at_s = 0.0
    names = (*_WORKERS, "four", "five")
    living: tuple[str, ...] = _WORKERS
    while at_s < _LASTS_S + 1:
        at_s += rng.uniform(0.5, 8)
        play.go(until_s=at_s, living=living)
        living = tuple(name for name in names if rng.random() < 0.6)
    play.drain(living)
    lost = {due.instance for due in play.dealer.unbegun()}
    assert {*play.begun, *lost, *play.nobody} == _due()
    assert len(play.begun) + len(lost) + len(play.nobody) == len(_due())


def test_a_stop_takes_back_what_was_not_due_yet() -> None:
    """What was dealt for after the stop is no arrival; what was due before it is."""
    play = _Play(_dealer(lasts_s=None))
    play.go(until_s=10, living=_WORKERS)
    play.dealer.stop(now_ns=play.now_ns)
    before = {
        one.instance
        for one in arrivals_within(_PROFILE, seed=5, duration_s=60)
        if NS_PER_S + one.offset_ns < play.now_ns
    }
    assert play.dealer.planned == len(before)
    assert set(play.dealer.dealt) == before
    assert play.dealer.deal(now_ns=play.now_ns) == {}


@pytest.mark.parametrize("ahead_ns", [0, 7_000_000_000, -3_000_000_000])
def test_a_clocks_offset_is_within_its_bound(ahead_ns: int) -> None:
    """However the two ways share the round trip, the truth is within the bound."""
    for out_ns, back_ns in ((1_000, 1_000), (900_000, 100), (5, 2_000_000)):
        sent_ns = 10_000_000_000
        found = measured(
            sent_ns=sent_ns,
            master_ns=sent_ns + out_ns + ahead_ns,
            back_ns=sent_ns + out_ns + back_ns,
        )
        assert abs(found.offset_ns - ahead_ns) <= found.bound_ns
        assert found.bound_ns <= (out_ns + back_ns) // 2 + 1
