"""The frozen `Timeline` of a run, on which every formula works; nothing here judges.

`reading.py` makes it from a history.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from reprise_pra.analysis.recorded import (
    Act,
    Alert,
    Arrival,
    Backup,
    Check,
    Decision,
    Fault,
    FinalRead,
    LoadProcess,
    MarkSeen,
    Operation,
    Phase,
    Probe,
    ProcessSpan,
    Restore,
    Switch,
    Watch,
)

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All that was recorded, in the order of its clock. `orphans` have no invocation."""

    start_ns: int
    start_utc: str
    end_ns: int
    end_utc: str
    torn: tuple[str, ...]
    orphans: tuple[str, ...]
    processes: tuple[ProcessSpan, ...]
    boot_ids: frozenset[str]
    operations: tuple[Operation, ...]
    arrivals: tuple[Arrival, ...]
    loads: tuple[LoadProcess, ...]
    probes: tuple[Probe, ...]
    marks: Mapping[str, MarkSeen]
    phases: tuple[Phase, ...]
    faults: tuple[Fault, ...]
    acts: tuple[Act, ...]
    backups: tuple[Backup, ...]
    chosen_backup: str | None
    restores: tuple[Restore, ...]
    checks: tuple[Check, ...]
    decisions: tuple[Decision, ...]
    alerts: tuple[Alert, ...]
    watches: tuple[Watch, ...]
    switches: tuple[Switch, ...]
    final_reads: Mapping[tuple[str, str], FinalRead]

    def mark_ns(self, name: str) -> int | None:
        """Return when the drill recorded a mark, to the whole microsecond, or None."""
        mark = self.marks.get(name)
        return None if mark is None else self.snap_ns(mark.at_ns)

    def snap_ns(self, at_ns: int) -> int:
        """Return the instant at the precision of the results: whole microseconds.

        Marks are snapped before they are subtracted, so that the stretches between them,
        each printed to the microsecond, sum to the whole exactly.
        """
        return self.start_ns + (at_ns - self.start_ns) // 1000 * 1000

    def seconds(self, at_ns: int) -> float:
        """Return an instant as seconds since the run's first event."""
        return duration_s(at_ns - self.start_ns)

    def checks_named(
        self, name: str, *, after_ns: int | None = None, before_ns: int | None = None
    ) -> tuple[Check, ...]:
        """Return the checks of that name within the bounds, in order."""
        return tuple(
            check
            for check in self.checks
            if check.name == name
            and (after_ns is None or check.at_ns >= after_ns)
            and (before_ns is None or check.at_ns < before_ns)
        )


def duration_s(length_ns: int) -> float:
    """Return nanoseconds as seconds, at the precision of the results (a microsecond)."""
    return round(length_ns / NS_PER_S, 6)
