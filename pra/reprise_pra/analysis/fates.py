"""What became of every write: the write ledger against the final reads.

A *witness* is one clinical object that somebody tried to create, whatever the number of
tries. It is acknowledged when a user was told so: a write that ended `ok`, or a read-back
that found it when the write's own answer was lost. Each witness has one fate:

| attempts | final read | fate |
|---|---|---|
| acknowledged | found, as sent | survived |
| acknowledged | found, another digest | altered |
| acknowledged | found more than once | duplicated |
| acknowledged before t0 | not found | lost |
| acknowledged at or after t0 | not found | lost_after_t0 |
| acknowledged | none, or no answer | unread |
| outcome unknown | found | recovered |
| outcome unknown | not found, or no answer | unknown |
| refused, or never attempted | found | unexpected |
"""

from __future__ import annotations

import dataclasses
import enum
from collections import defaultdict
from collections.abc import Iterable

from reprise_pra.analysis.reading_load import DATABASE
from reprise_pra.analysis.recorded import FinalRead, Operation
from reprise_pra.analysis.timeline import Timeline
from reprise_pra.history import Kind

_READ_BACK = "read_back"


class Fate(enum.StrEnum):
    """What became of one write."""

    SURVIVED = "survived"
    LOST = "lost"
    ALTERED = "altered"
    DUPLICATED = "duplicated"
    LOST_AFTER_T0 = "lost_after_t0"
    UNREAD = "unread"
    RECOVERED = "recovered"
    UNKNOWN = "unknown"
    UNEXPECTED = "unexpected"


PRESENT = frozenset({Fate.SURVIVED, Fate.ALTERED, Fate.DUPLICATED, Fate.RECOVERED})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One object that somebody tried to create, and its fate.

    Attributes:
        invoked_ns: the first try; None for an object nobody tried to create.
        acknowledged_ns: when a user was first told that it was done; None if never.
        settled_ns: its acknowledgement, else when the last try ended; None when one did not.
        is_hole: lost, though something that the primary site acknowledged, begun after its
            acknowledgement, survived.
        is_after_switch: only the recovery site can have acknowledged it.
    """

    clinical_type: str
    uuid: str
    store: str
    invoked_ns: int | None
    acknowledged_ns: int | None
    acknowledged_utc: str | None
    fate: Fate
    settled_ns: int | None = None
    is_hole: bool = False
    is_after_switch: bool = False


@dataclasses.dataclass(slots=True, kw_only=True)
class _Attempts:
    """What is known of one object before the final reads."""

    store: str
    invoked_ns: int
    digest: str | None
    acknowledged_ns: int | None = None
    acknowledged_utc: str | None = None
    last_end_ns: int | None = 0
    is_refused: bool = True  # until one attempt says otherwise

    def acknowledge(self, operation: Operation) -> None:
        ended_ns = operation.ended_ns
        if ended_ns is not None and (
            self.acknowledged_ns is None or ended_ns < self.acknowledged_ns
        ):
            self.acknowledged_ns = ended_ns
            self.acknowledged_utc = operation.ended_utc


def witnesses_of(
    timeline: Timeline, *, t0_ns: int | None, cut_ns: int | None
) -> tuple[Witness, ...]:
    """Return every witness with its fate, by acknowledgement (the never ones last).

    Args:
        timeline: the run.
        t0_ns: the disaster; without one, nothing is "after" it.
        cut_ns: when the primary site was seen to be gone; what is acknowledged later was
            acknowledged by the recovery site and has no excuse to be missing.
    """
    attempts = _attempts(timeline.operations)
    found = []
    for key, attempt in attempts.items():
        fate = _fate(attempt, timeline.final_reads.get(key), t0_ns)
        if fate is None:
            continue
        acknowledged_ns = attempt.acknowledged_ns
        found.append(
            Witness(
                clinical_type=key[0],
                uuid=key[1],
                store=attempt.store,
                invoked_ns=attempt.invoked_ns,
                acknowledged_ns=acknowledged_ns,
                acknowledged_utc=attempt.acknowledged_utc,
                fate=fate,
                settled_ns=attempt.last_end_ns
                if acknowledged_ns is None
                else acknowledged_ns,
                is_after_switch=(
                    acknowledged_ns is not None
                    and cut_ns is not None
                    and acknowledged_ns >= cut_ns
                ),
            )
        )
    found += [
        Witness(
            clinical_type=read.clinical_type,
            uuid=read.uuid,
            store=DATABASE,
            invoked_ns=None,
            acknowledged_ns=None,
            acknowledged_utc=None,
            fate=Fate.UNEXPECTED,
        )
        for key, read in timeline.final_reads.items()
        if key not in attempts and read.found
    ]
    return _with_holes(tuple(sorted(found, key=_order)), t0_ns, cut_ns)


def _attempts(operations: Iterable[Operation]) -> dict[tuple[str, str], _Attempts]:
    attempts: dict[tuple[str, str], _Attempts] = {}
    for operation in operations:
        write = operation.write
        if write is None:
            continue
        attempt = attempts.setdefault(
            (write.clinical_type, write.uuid),
            _Attempts(
                store=write.store,
                invoked_ns=operation.invoked_ns,
                digest=write.digest,
            ),
        )
        attempt.invoked_ns = min(attempt.invoked_ns, operation.invoked_ns)
        attempt.last_end_ns = (
            None
            if operation.ended_ns is None or attempt.last_end_ns is None
            else max(attempt.last_end_ns, operation.ended_ns)
        )
        # An unfinished attempt may have been carried out, like one of unknown outcome.
        attempt.is_refused &= operation.kind is Kind.FAIL
        if operation.kind is Kind.OK:
            attempt.acknowledge(operation)
    by_uuid = {uuid: attempt for (_, uuid), attempt in attempts.items()}
    for operation in operations:
        if (
            operation.name == _READ_BACK
            and operation.kind is Kind.OK
            and operation.found
            and operation.subject in by_uuid
        ):
            by_uuid[operation.subject].acknowledge(operation)
    return attempts


def _fate(attempt: _Attempts, read: FinalRead | None, t0_ns: int | None) -> Fate | None:
    """Return the fate by the table above; None for a refused write that is not there."""
    is_found = read.found if read is not None else None
    if attempt.acknowledged_ns is not None:
        if read is None or is_found is None:
            return Fate.UNREAD
        if not is_found:
            is_after = t0_ns is not None and attempt.acknowledged_ns >= t0_ns
            return Fate.LOST_AFTER_T0 if is_after else Fate.LOST
        if None not in {read.digest, attempt.digest} and read.digest != attempt.digest:
            return Fate.ALTERED
        return Fate.DUPLICATED if (read.count or 1) > 1 else Fate.SURVIVED
    if attempt.is_refused:
        return Fate.UNEXPECTED if is_found else None
    return Fate.RECOVERED if is_found else Fate.UNKNOWN


def _with_holes(
    witnesses: tuple[Witness, ...], t0_ns: int | None, cut_ns: int | None
) -> tuple[Witness, ...]:
    """Mark the losses that something begun later survived: no prefix was restored.

    Only what was begun before t0 and acknowledged (or given up by its user) before the
    primary site was gone bears witness: what the recovery site took is there whatever was
    lost, be it a request that was sent before t0 and answered late. Each store is restored
    on its own.
    """
    if t0_ns is None:  # nothing was restored
        return witnesses
    newest_ns: defaultdict[str, int] = defaultdict(lambda: -1)
    for one in witnesses:
        if (
            one.fate in PRESENT
            and one.invoked_ns is not None
            and one.invoked_ns < t0_ns
            and one.settled_ns is not None
            and one.settled_ns < (t0_ns if cut_ns is None else cut_ns)
        ):
            newest_ns[one.store] = max(newest_ns[one.store], one.invoked_ns)
    return tuple(
        dataclasses.replace(one, is_hole=newest_ns[one.store] > one.acknowledged_ns)
        if one.fate is Fate.LOST and one.acknowledged_ns is not None
        else one
        for one in witnesses
    )


def _order(one: Witness) -> tuple[bool, int, str, str]:
    is_never = one.acknowledged_ns is None
    return is_never, one.acknowledged_ns or 0, one.clinical_type, one.uuid
