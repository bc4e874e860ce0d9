"""What the events mean, typed: one frozen class for each thing that a process records.

Instants are CLOCK_MONOTONIC nanoseconds; `utc` is the same instant for people.
"""

from __future__ import annotations

import dataclasses

from reprise_pra.analysis.results import Text
from reprise_pra.history import Kind


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """The object that a clinical operation creates; `store` is where it must survive."""

    clinical_type: str
    uuid: str
    digest: str | None
    store: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One clinical operation; `kind` and `ended_ns` are None when it never completed.

    Attributes:
        intended_ns: when the user meant to start; latency runs from here.
        write: what it creates, for writes.
        subject: the object it reads, by uuid, for reads that name one.
        found: for reads of one object: whether the answer was that it exists.
    """

    process: str
    op_id: str
    name: str
    journey: str
    instance: int
    intended_ns: int
    invoked_ns: int
    ended_ns: int | None
    ended_utc: str | None
    kind: Kind | None
    status: int | None
    reason: str | None
    write: Write | None
    subject: str | None
    found: bool | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One journey that started on the schedule, or that a full house turned away."""

    process: str
    journey: str
    instance: int
    intended_ns: int
    lag_ns: int
    is_admitted: bool
    at_ns: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoadProcess:
    """One generator: what it planned, and whether it ended cleanly.

    Attributes:
        planned_until_stop: arrivals due by its end, as told there; None if it was killed.
        crashed: journeys that a fault of the generator itself ended.
    """

    process: str
    started_ns: int | None
    started_utc: str | None
    rate_per_s: float
    planned_until_stop: int | None
    crashed: int
    stopped_ns: int | None
    stopped_utc: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One probe of a class of service: sent, and how it ended."""

    process: str
    service_class: str
    sched_ns: int
    sent_ns: int
    end_ns: int
    outcome: str
    skipped: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MarkSeen:
    """An instant of the recovery as the drill observed it."""

    name: str
    at_ns: int
    utc: str
    detail: Text | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase; `ended` is None when it never ended."""

    name: str
    start_ns: int
    start_utc: str
    end_ns: int | None
    end_utc: str | None
    ended: Kind | None
    reason: Text | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: injected, seen to take, undone, seen to be undone (or None)."""

    ledger_id: str
    fault: str
    targets: tuple[str, ...]
    injected_ns: int
    injected_utc: str
    taken_ns: int | None
    taken_utc: str | None
    taken_observer: str | None
    undo_ns: int | None
    undo_utc: str | None
    undone_ns: int | None
    undone_utc: str | None
    undone_observer: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that a remote site's provider was made to do, and by which way."""

    capability: str
    way: str
    of: str
    start_ns: int
    start_utc: str
    end_ns: int | None
    ended: Kind | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VolumeBackup:
    """One volume in a backup, or given back by a restore."""

    volume: str
    phase: str
    size_bytes: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One backup, as its objects told it last."""

    name: str
    phase: str
    counts: bool
    reason: Text | None
    started_utc: str | None
    snapshot_utc: str | None
    completed_utc: str | None
    volumes: tuple[VolumeBackup, ...]
    seen_ns: int
    seen_utc: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """One wave of the restore."""

    name: str
    backup: str
    start_ns: int
    start_utc: str
    end_ns: int | None
    end_utc: str | None
    ended: Kind | None
    phase: str | None
    volumes: tuple[VolumeBackup, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something the drill looked at; `holds` is None when it could not tell.

    `since_ns` is when the stretch that was looked at began, if it was one.
    """

    name: str
    holds: bool | None
    detail: Text | None
    since_ns: int | None
    at_ns: int
    utc: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Something a person, or the plan in a person's stead, decided."""

    what: Text
    who: str
    at_ns: int
    utc: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A change of state of one alert; what it says began at `since_ns`, if told."""

    alert: str
    state: str
    since_ns: int | None
    at_ns: int
    utc: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One alert is watched from here on, or no more: then its silence tells nothing."""

    alert: str
    kept: bool
    at_ns: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """The front door turned to another site."""

    to: str
    start_ns: int
    start_utc: str
    end_ns: int | None
    end_utc: str | None
    ended: Kind | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FinalRead:
    """What the last read of one object said; `found` is None when it said nothing."""

    clinical_type: str
    uuid: str
    found: bool | None
    digest: str | None
    count: int | None
    at_ns: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpan:
    """When a process first and last wrote; `is_closed` when it ended of its own accord."""

    process: str
    first_ns: int
    last_ns: int
    is_closed: bool
