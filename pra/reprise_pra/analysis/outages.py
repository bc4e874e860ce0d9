"""Outages of a class of service, from the probes of all its probers merged.

A probe is UP when it was answered 200 within `slow`, SLOW when later, DOWN otherwise. An
outage is a maximal run of SLOW and DOWN between two UPs, probes ordered by their sending.

- Start: midway between the sending of the last UP and of the first probe that was not.
  Bounds: that UP's sending .. the first bad probe's end (refused, 5xx), or its sending
  plus the usual latency (time-out, SLOW: the answer was already owed then).
- End: when held requests were answered at once on recovery (a SLOW probe answered within
  50 ms of the first answer after the last DOWN was sent), that first answer. Bounds: it
  minus the usual latency .. it. Otherwise midway between the sending of the last DOWN and
  of the next UP. Bounds: that DOWN's sending .. the first answer.
- A prober that was itself stopped reads late: a SLOW probe during its own stall says
  nothing of the latency, only that an answer had come by then.
- Runs less than a second apart, between the first answer of one recovery and the last UP
  before the next, are one outage that flickers: a service is back when it stays back. Its
  end is that of its last run; the runs and their own down time are told beside.
- An edge known to less than 60 ms is a number; a wider one makes the outage imprecise.

This estimator was measured against known outages (refused, 5xx, held and lost requests):
with two probers 20 ms apart at 40 ms, errors under 50 ms, unless the bounds say otherwise.
"""

from __future__ import annotations

import bisect
import dataclasses
import enum
from collections.abc import Mapping, Sequence

from reprise_pra.analysis.probing import BlindTime, Prober
from reprise_pra.analysis.recorded import Probe
from reprise_pra.analysis.timeline import NS_PER_MS

_SLOW_LEAST_NS = 100 * NS_PER_MS
_SLOW_FACTOR = 3
_USUAL_LEAST_NS = 5 * NS_PER_MS
_HELD_WITHIN_NS = 50 * NS_PER_MS
STABLE_NS = 1_000 * NS_PER_MS
IMPRECISE_NS = 60 * NS_PER_MS
_ANSWERED = "ok"
_AT_ONCE = frozenset({"refused", "reset", "http"})


class State(enum.Enum):
    """What one probe says of the service."""

    UP = enum.auto()
    SLOW = enum.auto()
    DOWN = enum.auto()
    VOID = enum.auto()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One end of an outage: the best estimate and what is certain."""

    at_ns: int
    low_ns: int
    high_ns: int

    @property
    def is_imprecise(self) -> bool:
        """Whether the certainty is too wide for the estimate to stand alone."""
        return self.high_ns - self.low_ns > IMPRECISE_NS


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OutageSeen:
    """One outage; `end` is None when the probes ended first.

    Attributes:
        is_start_known: it was not already down when the probing began.
        interruptions: runs of bad probes that were merged, less than a second apart.
        down_ns: their own lengths, summed; those that did not end count for nothing.
    """

    start: Edge
    end: Edge | None
    probes: int
    blind_ns: int
    is_imprecise: bool
    is_start_known: bool
    interruptions: int
    down_ns: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The usual latency (p99.9 of what was well), and from which one counts as SLOW."""

    usual_ns: int
    slow_ns: int


def thresholds_of(
    probers: Mapping[str, Prober],
    *,
    from_ns: int = 0,
    before_ns: int,
    timeout_ns: int,
) -> Thresholds:
    """Learn the latencies from the answers to probes sent while all was well.

    That is from `from_ns` (where the steady state began) until `before_ns`. What a prober
    read late because it was stopped itself teaches nothing. `slow` is three times the
    usual latency, 100 ms at least, and always below the time-out. Without an answer to
    learn from, the usual latency is taken as 100 ms / 3.
    """
    latencies = sorted(
        probe.end_ns - probe.sent_ns
        for prober in probers.values()
        for probe in prober.probes
        if probe.outcome == _ANSWERED
        and from_ns <= probe.sent_ns < before_ns
        and not prober.was_stalled(probe.sent_ns, probe.end_ns)
    )
    if latencies:
        usual_ns = latencies[min(len(latencies) - 1, len(latencies) * 999 // 1000)]
    else:
        usual_ns = _SLOW_LEAST_NS // _SLOW_FACTOR
    slow_ns = max(_SLOW_LEAST_NS, _SLOW_FACTOR * usual_ns)
    return Thresholds(
        usual_ns=max(_USUAL_LEAST_NS, usual_ns),
        slow_ns=min(slow_ns, timeout_ns - NS_PER_MS),
    )


def state_of(probe: Probe, prober: Prober, thresholds: Thresholds) -> State:
    """Classify one probe; VOID when its slowness may be its prober's own."""
    if probe.outcome != _ANSWERED:
        return State.DOWN
    if probe.end_ns - probe.sent_ns <= thresholds.slow_ns:
        return State.UP
    return State.VOID if prober.was_stalled(probe.sent_ns, probe.end_ns) else State.SLOW


def find_outages(
    probers: Mapping[str, Prober], thresholds: Thresholds, blind: BlindTime
) -> tuple[OutageSeen, ...]:
    """Find the outages that the probers of one class saw together."""
    sent = sorted(
        (probe for prober in probers.values() for probe in prober.probes),
        key=lambda probe: (probe.sent_ns, probe.process),
    )
    states = [state_of(probe, probers[probe.process], thresholds) for probe in sent]
    judged = [
        (probe, state)
        for probe, state in zip(sent, states, strict=True)
        if state is not State.VOID
    ]
    answers_ns = sorted(probe.end_ns for probe in sent if probe.outcome == _ANSWERED)
    found = []
    index = 0
    while index < len(judged):
        if judged[index][1] is State.UP:
            index += 1
            continue
        stop = index
        while stop < len(judged) and judged[stop][1] is not State.UP:
            stop += 1
        found.append(
            _outage(
                judged[index:stop],
                last_up=judged[index - 1][0] if index else None,
                next_up=judged[stop][0] if stop < len(judged) else None,
                answers_ns=answers_ns,
                thresholds=thresholds,
                blind=blind,
            )
        )
        index = stop
    return _merged(found, blind)


def _merged(runs: Sequence[OutageSeen], blind: BlindTime) -> tuple[OutageSeen, ...]:
    """Merge runs between which the service was not up for `STABLE_NS`."""
    found: list[OutageSeen] = []
    for run in runs:
        before = found[-1] if found else None
        if (
            before is None
            or before.end is None
            or run.start.low_ns - before.end.high_ns >= STABLE_NS
        ):
            found.append(run)
            continue
        until_ns = run.end.high_ns if run.end else run.start.high_ns
        found[-1] = dataclasses.replace(
            before,
            end=run.end,
            probes=before.probes + run.probes,
            blind_ns=blind.within_ns(before.start.low_ns, until_ns),
            is_imprecise=not before.is_start_known
            or before.start.is_imprecise
            or (run.end is not None and run.end.is_imprecise),
            interruptions=before.interruptions + 1,
            down_ns=before.down_ns + run.down_ns,
        )
    return tuple(found)


def _outage(
    run: Sequence[tuple[Probe, State]],
    *,
    last_up: Probe | None,
    next_up: Probe | None,
    answers_ns: Sequence[int],
    thresholds: Thresholds,
    blind: BlindTime,
) -> OutageSeen:
    start = _start(run[0][0], last_up, thresholds)
    end = None
    if next_up is not None:
        end = _end(run, start, next_up, answers_ns, thresholds)
    until_ns = end.high_ns if end else run[-1][0].end_ns
    return OutageSeen(
        start=start,
        end=end,
        probes=len(run),
        blind_ns=blind.within_ns(start.low_ns, until_ns),
        is_imprecise=last_up is None
        or start.is_imprecise
        or (end is not None and end.is_imprecise),
        is_start_known=last_up is not None,
        interruptions=1,
        down_ns=end.at_ns - start.at_ns if end else 0,
    )


def _start(first_bad: Probe, last_up: Probe | None, thresholds: Thresholds) -> Edge:
    if first_bad.outcome in _AT_ONCE:
        high_ns = first_bad.end_ns
    else:
        high_ns = first_bad.sent_ns + thresholds.usual_ns
    if last_up is None:  # it was down when the probing began: when since is not known
        return Edge(at_ns=first_bad.sent_ns, low_ns=first_bad.sent_ns, high_ns=high_ns)
    return Edge(
        at_ns=(last_up.sent_ns + first_bad.sent_ns) // 2,
        low_ns=last_up.sent_ns,
        high_ns=high_ns,
    )


def _end(
    run: Sequence[tuple[Probe, State]],
    start: Edge,
    next_up: Probe,
    answers_ns: Sequence[int],
    thresholds: Thresholds,
) -> Edge:
    down_ns = [probe.sent_ns for probe, state in run if state is State.DOWN]
    last_down_ns = max(down_ns, default=run[0][0].sent_ns)
    # Answers to what was sent before the outage may still arrive in its first instants.
    place = bisect.bisect_right(answers_ns, max(last_down_ns, start.high_ns))
    answer_ns = next_up.end_ns
    if place < len(answers_ns):
        answer_ns = min(answer_ns, answers_ns[place])
    was_held = any(
        state is State.SLOW
        and probe.sent_ns < answer_ns - thresholds.slow_ns
        and 0 <= probe.end_ns - answer_ns < _HELD_WITHIN_NS
        for probe, state in run
    )
    if was_held:
        return Edge(
            at_ns=answer_ns,
            low_ns=max(last_down_ns, answer_ns - thresholds.usual_ns),
            high_ns=answer_ns,
        )
    estimate_ns = (last_down_ns + min(next_up.sent_ns, answer_ns)) // 2
    return Edge(
        at_ns=max(estimate_ns, start.at_ns), low_ns=last_down_ns, high_ns=answer_ns
    )
