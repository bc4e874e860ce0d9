"""What an analysed run says: the shape of `results.json`, frozen and typed.

Times within a run are seconds since the run's first event (`at_s`), so that a report
reads like a chronology; instants for people carry UTC beside them.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable

SCHEMA_VERSION = 1


class Outcome(enum.IntEnum):
    """Ordered: the worst of several is their maximum."""

    MET = 0
    UNKNOWN = 1
    MISSED = 2


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst outcome; none at all is UNKNOWN: an empty drill proves nothing."""
    return max(outcomes, default=Outcome.UNKNOWN)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One sentence for people, in both languages of the report."""

    fr: str
    en: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An instant of the recovery, `t0` to `t9`; `at_s` is None when it never came."""

    name: str
    at_s: float | None
    utc: str | None
    detail: Text


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One stretch of the RTA between two marks; merged when a mark between is missing."""

    names: tuple[str, ...]
    start_mark: str
    end_mark: str
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class JourneyRecovery:
    """When one clinical journey worked again after the disaster.

    `rta_s` is t7 - t0; when `is_lower_bound`, the journey had not recovered by the end.
    """

    journey: str
    tier: int
    t7_at_s: float | None
    rta_s: float | None
    is_lower_bound: bool
    operations_since_t7: int
    t7_utc: str | None = None
    stretch_s: float | None = None
    reason: Text | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LostWrite:
    """A write acknowledged to a user before t0 and absent after recovery."""

    clinical_type: str
    uuid: str
    acknowledged_utc: str
    before_t0_s: float
    is_hole: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TypeAccount:
    """Fates of the writes of one clinical type. Each write counts in one column only.

    `holes` is a subset of `lost`; `unknown` were never acknowledged and not found.
    """

    clinical_type: str
    acknowledged: int
    survived: int
    lost: int
    holes: int
    altered: int
    duplicated: int
    recovered: int
    unknown: int
    unexpected: int
    lost_after_t0: int
    unread: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WriteIssue:
    """A write worth naming that is not lost before t0.

    `fate` is one of altered, duplicated, recovered, unexpected, lost_after_t0, unread.
    `after_switch` is true when only the recovery site can have acknowledged it.
    """

    clinical_type: str
    uuid: str
    fate: str
    acknowledged_utc: str | None
    after_switch: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DataLoss:
    """The RPA of one store (`database`, ...) and the accounts behind it.

    `rpa_s` is None when it cannot be known. `lower_bound_s` is t0 - first lost write.
    `worst_case_s` is what the schedule really achieved: longest interval between two
    backups that count (`achieved_interval_s`), plus the longest capture (`capture_s`).
    `rpa_is_lower_bound`: not one write survived, the true RPA is at least `rpa_s`.
    `reason` says in a sentence how `rpa_s` came about, or why it is None.
    """

    store: str
    rpa_s: float | None
    lower_bound_s: float | None
    worst_case_s: float | None
    accounts: tuple[TypeAccount, ...]
    lost: tuple[LostWrite, ...]
    rpa_is_lower_bound: bool = False
    achieved_interval_s: float | None = None
    capture_s: float | None = None
    reason: Text | None = None
    issues: tuple[WriteIssue, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sli:
    """Availability and latency of one journey in one window.

    Latency runs from the *intended* start of each operation that succeeded, in
    milliseconds. `budget_spent` is the share of the whole run's error budget that this
    window used up; `burn_rate` the window's failure ratio over the allowed one.
    `is_within` says whether both objectives held in this window.
    """

    journey: str
    window: str
    start_s: float
    end_s: float
    operations: int
    failures: int
    availability: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    budget_spent: float | None
    burn_rate: float | None
    is_within: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One interruption of a class of service (`read`, `write`), as the prober saw it.

    `end_s` and `duration_s` are None when it had not ended; bounds are on each edge.
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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FaultImpact:
    """What the probers of one class saw of one fault, until it was undone (or t7).

    `longest_s` is the longest outage that began in that time, `total_s` the sum of all;
    None when one of them had no end. `is_imprecise` when one of them is.
    """

    fault: str
    injected_s: float
    service_class: str
    outages: int
    longest_s: float | None
    total_s: float | None
    is_imprecise: bool


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
class Assumption:
    """Something that must hold for the run to be judged; None: could not be checked.

    `voids` names the verdicts whose very observation is void when it does not hold.
    """

    name: str
    holds: bool | None
    reason: Text
    title: Text | None = None
    voids: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One objective against its measurement."""

    name: str
    title: Text
    objective: float | None
    actual: float | None
    is_lower_bound: bool
    unit: str
    outcome: Outcome
    reason: Text


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
class JourneyPromise:
    """The service level promised for one journey."""

    journey: str
    tier: int
    availability: float
    latency_p95_ms: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The objectives the run was judged by, who holds them and since when."""

    service: str
    owner: str
    agreed: str
    rto_s: float
    rpo_s: float
    dmia_s: float
    journeys: tuple[JourneyPromise, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What an auditor needs to recompute the run."""

    run_id: str
    drill: str
    site: str
    provider: str
    seed: int
    started_utc: str
    ended_utc: str
    reprise_version: str
    commit: str | None
    objectives_sha256: str
    plan_sha256: str
    machine: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The whole of `results.json`.

    `interruption_s` is t8 - t0, what the maximum tolerable downtime (DMIA) bounds;
    `first_failure_s` is the first operation that failed at or after t0.
    """

    schema_version: int
    provenance: Provenance
    outcome: Outcome
    marks: tuple[Mark, ...]
    buckets: tuple[Bucket, ...]
    journeys: tuple[JourneyRecovery, ...]
    rta_s: float | None
    rta_is_lower_bound: bool
    since_activation_s: float | None
    mttd_s: float | None
    wrt_s: float | None
    losses: tuple[DataLoss, ...]
    slis: tuple[Sli, ...]
    outages: tuple[Outage, ...]
    faults: tuple[FaultWindow, ...]
    backups: tuple[BackupSeen, ...]
    assumptions: tuple[Assumption, ...]
    verdicts: tuple[Verdict, ...]
    chronology: tuple[Entry, ...]
    load: tuple[LoadSecond, ...]
    writes: tuple[WriteMark, ...]
    rta_reason: Text | None = None
    interruption_s: float | None = None
    interruption_is_lower_bound: bool = False
    first_failure_s: float | None = None
    promise: Promise | None = None
    phases: tuple[PhaseWindow, ...] = ()
    coverage: tuple[ProbeCoverage, ...] = ()
    load_kept: LoadKept | None = None
    observed_until_s: float | None = None
    impacts: tuple[FaultImpact, ...] = ()
