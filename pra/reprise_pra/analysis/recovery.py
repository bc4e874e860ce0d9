"""t7: when a clinical journey worked again, for good.

A *stretch* runs from an operation to the end of observation. It is good when
1. it starts with an operation that succeeded,
2. its first `stable_s` seconds are within the journey's objectives,
3. so is the whole of it,
4. and so is every run of operations inside it that spans `stable_s` and holds enough of
   them for the objective to mean something (one failure in 30 is no 99 %, and the 95th
   percentile of ten is their maximum): a relapse moves t7.
t7 is the first answer of the earliest good stretch. It is *proved* when the stretch lasts
`stable_s`, holds the plan's minimum of successes, and does what the journey must: of
logging in, searching, reading a patient registered before, writing and reading back, all
that it did before the disaster; and when it was not silent in it for longer than 10 s and
half of `stable_s`, or than the chance of its own arrivals makes once in a hundred runs and
no longer than `stable_s`: silence is not stability. Unproved, it is a lower bound.

Operations belong where they began: one that was sent during the outage and times out a
second after t7 tells of the outage.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence

from reprise_pra.analysis import say
from reprise_pra.analysis.objectives import JourneyObjective
from reprise_pra.analysis.quantiles import rank
from reprise_pra.analysis.results import Text
from reprise_pra.analysis.samples import Sample
from reprise_pra.analysis.timeline import NS_PER_MS, NS_PER_S, duration_s

LATENCY_SHARE = 0.95
_ACTS = frozenset({"login", "search", "read_known_patient", "read_back"})
_SILENCE_LEAST_S = 10
_BY_CHANCE = 0.01
_LATENCY_RUN = 20  # the fewest values whose 95th percentile is not their maximum


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What became of one journey after t0.

    Attributes:
        t7_ns: None when it was not proved to have recovered.
        bound_ns: it had not recovered before this instant; None when nobody tried.
        until_ns: when it was last seen.
        operations: how many began in the stretch.
    """

    journey: str
    t7_ns: int | None
    t7_utc: str | None
    bound_ns: int | None
    until_ns: int | None
    operations: int
    reason: Text


def recovery_of(
    journey: str,
    samples: Sequence[Sample],
    promise: JourneyObjective,
    *,
    t0_ns: int,
    stable_s: float,
    minimum_operations: int,
    observed_ns: int | None = None,
) -> Recovered:
    """Find t7 of one journey among its samples, which are in the order they began.

    `observed_ns` is when the last operation of any journey began.
    """
    after = [sample for sample in samples if sample.begun_ns >= t0_ns]
    if not after:
        return _never_tried(journey)
    stable_ns = round(stable_s * NS_PER_S)
    until_ns = max(sample.ended_ns for sample in after)
    tally = _Tally(after, promise)
    start = _earliest_good_start(tally, stable_ns)
    if start is None:
        return Recovered(
            journey=journey,
            t7_ns=None,
            t7_utc=None,
            bound_ns=until_ns,
            until_ns=until_ns,
            operations=0,
            reason=Text(
                fr="en échec ou hors objectifs jusqu'à la fin de l'observation",
                en="failing or outside its objectives to the end of observation",
            ),
        )
    stretch = after[start:]
    answered = [sample for sample in stretch if sample.is_ok]
    first = min(answered, key=lambda sample: sample.ended_ns)
    before = _acts(sample for sample in samples if sample.ended_ns < t0_ns)
    missing = sorted(before - _acts(answered))
    reason = _doubt(
        length_ns=until_ns - first.ended_ns,
        stable_ns=stable_ns,
        successes=len(answered),
        minimum=minimum_operations,
        missing=missing,
        silence_ns=_silence_ns(stretch, observed_ns),
        natural_ns=_natural_silence_ns(
            samples, t0_ns, length_ns=until_ns - first.ended_ns
        ),
    )
    return Recovered(
        journey=journey,
        t7_ns=first.ended_ns if reason is None else None,
        t7_utc=first.ended_utc,
        bound_ns=first.ended_ns,
        until_ns=until_ns,
        operations=len(stretch),
        reason=reason
        or say.sentence(
            "dans ses objectifs pendant {length}, jusqu'à la fin de l'observation",
            "within its objectives for {length}, to the end of observation",
            length=say.seconds(duration_s(until_ns - first.ended_ns)),
        ),
    )


def _never_tried(journey: str) -> Recovered:
    return Recovered(
        journey=journey,
        t7_ns=None,
        t7_utc=None,
        bound_ns=None,
        until_ns=None,
        operations=0,
        reason=Text(
            fr="aucune opération tentée après t0",
            en="not one operation was tried after t0",
        ),
    )


def _silence_ns(stretch: Sequence[Sample], observed_ns: int | None) -> int:
    """Return the longest time between two operations, or from the last to the end."""
    begun_ns = [sample.begun_ns for sample in stretch]
    if observed_ns is not None:
        begun_ns.append(max(observed_ns, begun_ns[-1]))
    return max(
        (later - earlier for earlier, later in itertools.pairwise(begun_ns)), default=0
    )


def _natural_silence_ns(
    samples: Sequence[Sample], t0_ns: int, *, length_ns: int
) -> int:
    """Return the silence that chance makes in a hundredth of runs of that length.

    Arrivals are a Poisson process (Ross, Introduction to Probability Models, 5.3): a gap
    longer than g follows one of them with probability exp(-rate x g), and there are rate x
    length of them. The rate is that of logins before the disaster: one begins a journey.
    """
    before = [sample for sample in samples if sample.begun_ns < t0_ns]
    logins = sum(sample.name == "login" for sample in before)
    if not logins:
        return 0
    rate = logins / max(1, t0_ns - before[0].begun_ns)
    return round(math.log(max(1.0, rate * length_ns / _BY_CHANCE)) / rate)


def _acts(samples: Iterable[Sample]) -> set[str]:
    """Return what the successes among the samples did of what a journey must do."""
    done = [sample for sample in samples if sample.is_ok]
    acts = {sample.name for sample in done} & _ACTS
    return acts | {"write"} if any(sample.is_write for sample in done) else acts


def _doubt(
    *,
    length_ns: int,
    stable_ns: int,
    successes: int,
    minimum: int,
    missing: Sequence[str],
    silence_ns: int,
    natural_ns: int,
) -> Text | None:
    """Say why a good stretch does not prove recovery, or None when it does."""
    if length_ns < stable_ns:
        return say.sentence(
            "bonne depuis {length} seulement à la fin de l'observation ; {stable} exigées",
            "good for only {length} at the end of observation; {stable} required",
            length=say.seconds(duration_s(length_ns)),
            stable=say.seconds(duration_s(stable_ns)),
        )
    if successes < minimum:
        return say.sentence(
            "{count} opérations réussies seulement ; {minimum} exigées",
            "only {count} operations succeeded; {minimum} required",
            count=successes,
            minimum=minimum,
        )
    if missing:
        return say.sentence(
            "pas revu depuis le sinistre : {names}",
            "not seen to work since the disaster: {names}",
            names=", ".join(missing),
        )
    admitted_ns = min(max(natural_ns, stable_ns // 2), stable_ns)
    if silence_ns > max(_SILENCE_LEAST_S * NS_PER_S, admitted_ns):
        return say.sentence(
            "aucune opération pendant {silence} : un silence n'est pas la stabilité",
            "not one operation for {silence}: silence is not stability",
            silence=say.seconds(duration_s(silence_ns)),
        )
    return None


class _Tally:
    """Running counts over samples, so that any run of them is judged at once."""

    def __init__(self, samples: Sequence[Sample], promise: JourneyObjective) -> None:
        limit_ns = promise.latency_p95_ms * NS_PER_MS
        self.allowed_failures = 1 - promise.availability
        self.begun_ns = [sample.begun_ns for sample in samples]
        self.is_ok = [sample.is_ok for sample in samples]
        self._ok = _running(self.is_ok)
        self._slow = _running(
            [sample.is_ok and sample.latency_ns > limit_ns for sample in samples]
        )

    def is_available(self, start: int, stop: int) -> bool:
        """Whether the failures of a run are within the availability objective."""
        count = stop - start
        failures = count - (self._ok[stop] - self._ok[start])
        return failures <= self.allowed_failures * count + 1e-9

    def is_fast(self, start: int, stop: int) -> bool:
        """Whether the 95th percentile of a run's successes is within the objective."""
        successes = self._ok[stop] - self._ok[start]
        slow = self._slow[stop] - self._slow[start]
        return slow <= successes - rank(successes, LATENCY_SHARE)


def _earliest_good_start(tally: _Tally, stable_ns: int) -> int | None:
    count = len(tally.begun_ns)
    for start in range(_after_last_relapse(tally, stable_ns), count):
        if not tally.is_ok[start]:
            continue
        proof = bisect.bisect_right(tally.begun_ns, tally.begun_ns[start] + stable_ns)
        if all(
            tally.is_available(start, stop) and tally.is_fast(start, stop)
            for stop in (proof, count)
        ):
            return start
    return None


def _after_last_relapse(tally: _Tally, stable_ns: int) -> int:
    """Return the first start whose stretch holds no run outside the objectives."""
    available_run = math.ceil(round(1 / tally.allowed_failures, 6))
    start = 0
    for last, begun_ns in enumerate(tally.begun_ns):
        spanning = bisect.bisect_right(tally.begun_ns, begun_ns - stable_ns) - 1
        for run, is_within in (
            (available_run, tally.is_available),
            (_LATENCY_RUN, tally.is_fast),
        ):
            first = min(spanning, last + 1 - run)
            if first >= start and not is_within(first, last + 1):
                start = first + 1
    return start


def _running(flags: Sequence[bool]) -> list[int]:
    return [0, *itertools.accumulate(int(flag) for flag in flags)]
