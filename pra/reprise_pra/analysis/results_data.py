"""What became of the data, in the shape of the results: accounts, losses, the RPA."""

from __future__ import annotations

import dataclasses

from reprise_pra.analysis.outcomes import Text


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
    backups that count (`achieved_interval_s`), plus the longest capture (`capture_s`),
    plus by how much the backup restored is older than the newest one (`extra_age_s`).
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
    extra_age_s: float = 0.0
    reason: Text | None = None
    issues: tuple[WriteIssue, ...] = ()
