"""What each user met, one sample an operation: the common ground of t7 and of the SLIs.

A sample is good when the operation ended `ok`. `fail` and `info` are failures, so is an
arrival that a full house turned away, and so is an operation still unanswered when it is
already older than its journey's latency objective; a younger one is undecided: no sample.
A read answered "no such object" for an object that the disaster destroyed is a loss of
data, counted as such, and no failure of the service: no sample either.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from reprise_pra.analysis.recorded import Operation
from reprise_pra.analysis.timeline import NS_PER_MS, Timeline
from reprise_pra.history import Kind

_ABSENT = frozenset({404, 410})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One thing a user asked: when, when it ended, whether it was done.

    Latency runs from `intended_ns`: what a late client adds is felt by its user.
    """

    journey: str
    name: str
    is_write: bool
    intended_ns: int
    begun_ns: int
    ended_ns: int
    ended_utc: str | None
    is_ok: bool

    @property
    def latency_ns(self) -> int:
        """From the intended start to the complete answer."""
        return self.ended_ns - self.intended_ns


def samples_of(
    timeline: Timeline,
    *,
    latency_limits_ms: Mapping[str, float],
    lost_uuids: Collection[str],
    t0_ns: int | None,
) -> tuple[Sample, ...]:
    """Return every sample of every journey, in the order they began.

    Args:
        timeline: the run.
        latency_limits_ms: journey to latency objective, milliseconds.
        lost_uuids: the objects that the final reads found missing.
        t0_ns: the disaster; before it, an absent object is no loss but a failure.
    """
    last_ns = {span.process: span.last_ns for span in timeline.processes}
    found = []
    for operation in timeline.operations:
        if _is_loss(operation, lost_uuids, t0_ns):
            continue
        if operation.ended_ns is not None:
            ended_ns, is_ok = operation.ended_ns, operation.kind is Kind.OK
        else:
            ended_ns, is_ok = last_ns[operation.process], False
            limit_ms = latency_limits_ms.get(operation.journey, 0.0)
            if ended_ns - operation.intended_ns <= limit_ms * NS_PER_MS:
                continue
        found.append(
            Sample(
                journey=operation.journey,
                name=operation.name,
                is_write=operation.write is not None,
                intended_ns=operation.intended_ns,
                begun_ns=operation.invoked_ns,
                ended_ns=ended_ns,
                ended_utc=operation.ended_utc,
                is_ok=is_ok,
            )
        )
    found += [
        Sample(
            journey=arrival.journey,
            name="arrival",
            is_write=False,
            intended_ns=arrival.intended_ns,
            begun_ns=arrival.at_ns,
            ended_ns=arrival.at_ns,
            ended_utc=None,
            is_ok=False,
        )
        for arrival in timeline.arrivals
        if not arrival.is_admitted
    ]
    return tuple(
        sorted(
            found, key=lambda one: (one.begun_ns, one.ended_ns, one.journey, one.name)
        )
    )


def _is_loss(
    operation: Operation, lost_uuids: Collection[str], t0_ns: int | None
) -> bool:
    return (
        operation.kind is Kind.FAIL
        and operation.status in _ABSENT
        and operation.subject in lost_uuids
        and t0_ns is not None
        and operation.invoked_ns >= t0_ns
    )
