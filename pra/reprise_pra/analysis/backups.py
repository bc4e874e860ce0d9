"""Which backups count, and what their schedule really achieved before the disaster."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Collection, Sequence

from reprise_pra.analysis import say
from reprise_pra.analysis.errors import TimelineError
from reprise_pra.analysis.recorded import Backup
from reprise_pra.analysis.results import BackupSeen, Text
from reprise_pra.analysis.timeline import Timeline
from reprise_pra.analysis.words import backup_reason

_COMPLETED = "Completed"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleAchieved:
    """What the schedule achieved; None when no backup counts. `worst_case_s` is the sum.

    `extra_age_s` is by how much the backup restored is older than the newest that counts.
    """

    interval_s: float | None
    capture_s: float | None
    extra_age_s: float = 0.0

    @property
    def worst_case_s(self) -> float | None:
        """The age that the newest restorable data could have had at the worst moment."""
        if self.interval_s is None or self.capture_s is None:
            return None
        return round(self.interval_s + self.capture_s + self.extra_age_s, 6)


def backups_seen(
    timeline: Timeline, expected_volumes: Collection[str]
) -> tuple[BackupSeen, ...]:
    """Return every backup with whether it counts, and why."""
    return tuple(
        BackupSeen(
            name=backup.name,
            phase=backup.phase,
            counts=(flaw := flaw_of(backup, expected_volumes)) is None,
            reason=flaw
            or Text(fr="complète, volumes compris", en="whole, volumes too"),
            started_utc=backup.started_utc,
            snapshot_utc=backup.snapshot_utc,
            completed_utc=backup.completed_utc,
            volume_bytes=sum(volume.size_bytes for volume in backup.volumes),
            is_restored=backup.name == timeline.chosen_backup,
        )
        for backup in timeline.backups
    )


def flaw_of(backup: Backup, expected_volumes: Collection[str]) -> Text | None:
    """Say why a backup does not count, or None when it does.

    It counts when it is Completed *and* every expected volume is, with bytes in it; and
    when the drill, which saw more of it, agrees.
    """
    if backup.phase != _COMPLETED:
        return say.sentence("phase {phase}", "phase {phase}", phase=backup.phase or "?")
    whole = {
        volume.volume
        for volume in backup.volumes
        if volume.phase == _COMPLETED and volume.size_bytes > 0
    }
    if missing := sorted(set(expected_volumes) - whole):
        return say.sentence(
            "volume absent, vide ou inachevé : {names}",
            "volume missing, empty or unfinished: {names}",
            names=", ".join(missing),
        )
    if not backup.counts:
        return backup_reason(backup.reason)
    return None


def counting_before(
    timeline: Timeline, expected_volumes: Collection[str], t0_utc: str | None
) -> tuple[Backup, ...]:
    """Return the backups that count and were complete before t0, oldest first.

    Velero's clock has a resolution of one second: a backup that was completed within the
    second of t0 is taken as not complete.
    """
    if t0_utc is None:
        return ()
    t0 = instant(t0_utc)
    return tuple(
        backup
        for backup in timeline.backups
        if flaw_of(backup, expected_volumes) is None
        and backup.started_utc is not None
        and backup.completed_utc is not None
        and instant(backup.completed_utc) < t0.replace(microsecond=0)
    )


def schedule_achieved(
    counting: Sequence[Backup], t0_utc: str | None, chosen: str | None = None
) -> ScheduleAchieved:
    """Return the longest interval between two backups that count, and the longest capture.

    An interval runs between the instants of the data in two successive backups (the
    snapshot inside the dump where every backup tells it, else its start, which is earlier
    and so never flatters); the one open at t0 counts too when it is the longest. A capture
    runs from that instant to the completion: until then it cannot be restored. A restore
    of `chosen`, when it is not the newest, costs the difference of their data's ages too.
    """
    if not counting or t0_utc is None:
        return ScheduleAchieved(interval_s=None, capture_s=None)
    snapshots = [backup.snapshot_utc for backup in counting]
    texts = [
        snapshot if None not in snapshots and snapshot else backup.started_utc
        for snapshot, backup in zip(snapshots, counting, strict=True)
    ]
    data = [instant(text) for text in texts if text is not None]
    points = [*data, instant(t0_utc)]
    captures = [
        (instant(backup.completed_utc) - point).total_seconds()
        for backup, point in zip(counting, data, strict=True)
        if backup.completed_utc is not None
    ]
    return ScheduleAchieved(
        interval_s=max(
            (later - earlier).total_seconds()
            for earlier, later in itertools.pairwise(points)
        ),
        capture_s=max(captures),
        extra_age_s=max(
            (
                (max(data) - point).total_seconds()
                for backup, point in zip(counting, data, strict=True)
                if backup.name == chosen
            ),
            default=0.0,
        ),
    )


def instant(utc: str) -> datetime.datetime:
    """Parse ISO 8601 as an instant.

    Raises:
        TimelineError: it is none, or it has no time zone.
    """
    try:
        parsed = datetime.datetime.fromisoformat(utc)
    except ValueError as error:
        msg = f"history/drill.jsonl: {utc!r} is no ISO 8601 instant"
        raise TimelineError(msg) from error
    if parsed.tzinfo is None:
        msg = f"history/drill.jsonl: {utc!r} has no time zone"
        raise TimelineError(msg)
    return parsed
