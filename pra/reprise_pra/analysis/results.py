"""What an analysed run says: the shape of `results.json`, frozen and typed.

Times within a run are seconds since the run's first event (`at_s`), so that a report
reads like a chronology; instants for people carry UTC beside them.
"""

from __future__ import annotations

import dataclasses

from reprise_pra.analysis.outcomes import Outcome, Text, worst
from reprise_pra.analysis.results_data import (
    DataLoss,
    LostWrite,
    TypeAccount,
    WriteIssue,
)
from reprise_pra.analysis.results_seen import (
    ActSeen,
    BackupSeen,
    Entry,
    FaultImpact,
    FaultWindow,
    LoadKept,
    LoadSecond,
    Observation,
    Outage,
    PhaseWindow,
    ProbeCoverage,
    WriteMark,
)

SCHEMA_VERSION = 2

__all__ = [
    "SCHEMA_VERSION",
    "ActSeen",
    "Assumption",
    "BackupSeen",
    "Bucket",
    "DataLoss",
    "Entry",
    "FaultImpact",
    "FaultWindow",
    "JourneyPromise",
    "JourneyRecovery",
    "LoadKept",
    "LoadSecond",
    "LostWrite",
    "Mark",
    "Observation",
    "Outage",
    "Outcome",
    "PhaseWindow",
    "ProbeCoverage",
    "Promise",
    "Provenance",
    "Results",
    "Sli",
    "Text",
    "TypeAccount",
    "Verdict",
    "WriteIssue",
    "WriteMark",
    "worst",
]


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
    continuity_s: float | None = None


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
    `first_failure_s` is the first operation that failed at or after t0;
    `baseline_discarded_s` how long users were served before the steady state that the
    baseline is judged from, None when the drill did not say since when it is steady.
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
    observations: tuple[Observation, ...] = ()
    baseline_discarded_s: float | None = None
    acts: tuple[ActSeen, ...] = ()
