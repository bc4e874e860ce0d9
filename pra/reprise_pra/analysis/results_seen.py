"""What was seen, in the shape of the results: outages, faults, backups, phases, load."""

from __future__ import annotations

import dataclasses

from reprise_pra.analysis.outcomes import Text


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One interruption of a class of service (`read`, `write`), as the prober saw it.

    `end_s` and `duration_s` are None when it had not ended; bounds are on each edge.
    `interruptions` less than a second apart are one outage; `down_s` sums their own
    lengths (those that ended).
    """

    service_class: str
    start_s: float
    start_low_s: float
    start_high_s: float
    end_s: float | None
    end_low_s: float | None
    end_high_s: float | None
    duration_s: float | None
    blind_s: float
    is_imprecise: bool
    probes: int = 0
    interruptions: int = 1
    down_s: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FaultImpact:
    """What the probers of one class saw of one fault, until it was undone (or t7).

    `longest_s` is the longest outage that began in that time, `total_s` the sum of all;
    None when one of them had no end. `at_least_s` is the longest all the same, that one
    counted to the last probe. `blind_s` is how much of that time nobody probed.
    `is_imprecise` when one of the outages is.
    """

    fault: str
    injected_s: float
    service_class: str
    outages: int
    longest_s: float | None
    total_s: float | None
    is_imprecise: bool
    at_least_s: float = 0.0
    blind_s: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCoverage:
    """What the probers of one class could see: outside it, nothing may be claimed.

    `blind_s` sums the stretches in which no process sent a probe for two periods;
    `slow_ms` is the latency above which an answer counts as none.
    """

    service_class: str
    processes: int
    probes: int
    skipped: int
    start_s: float
    end_s: float
    blind_s: float
    longest_blind_s: float
    slow_ms: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FaultWindow:
    """One fault: when injected, seen to take, undone, seen to be undone (or None)."""

    fault: str
    targets: tuple[str, ...]
    injected_s: float
    taken_s: float | None
    undo_s: float | None
    undone_s: float | None
    observer: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ActSeen:
    """What a remote site's provider was made to do, and by which way.

    `way` is none, manual, command, kubernetes (approximated) or provisioned; `seconds` is
    None when the act never ended, `is_done` when that it was done is not known.
    """

    capability: str
    way: str
    of: str
    start_s: float
    seconds: float | None
    is_done: bool | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupSeen:
    """One backup as its objects told it; `counts` is the rule of the plan."""

    name: str
    phase: str
    counts: bool
    reason: Text
    started_utc: str | None
    snapshot_utc: str | None
    completed_utc: str | None
    volume_bytes: int
    is_restored: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the chronology (main courante)."""

    at_s: float
    utc: str
    actor: str
    text: Text


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoadSecond:
    """One second of load: operations ended, failures among them, worst latencies."""

    at_s: float
    operations: int
    failures: int
    p50_ms: float | None
    p95_ms: float | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WriteMark:
    """One acknowledged write and its fate, for the plot of survivors and losses."""

    acknowledged_s: float
    clinical_type: str
    fate: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PhaseWindow:
    """One phase of the drill; `ended` is ok, fail, info, or None when it never ended."""

    phase: str
    start_s: float
    end_s: float | None
    ended: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoadKept:
    """Whether the load came as scheduled: a late generator measures itself."""

    planned: int
    arrived: int
    turned_away: int
    lag_p99_s: float | None
    rate_per_s: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Something worth telling that no verdict rests on.

    `kind` is `sli_in_fault` (a journey outside its objectives while a continuity fault
    lasted) or `alert_in_fault` (an alert that fired meanwhile).
    """

    kind: str
    at_s: float
    text: Text
