"""Which backup counts, and which one to restore: rules on parsed objects, nothing else.

Velero says *Completed* of a backup that holds no data (its hook failed, its volume was
skipped), so the phase alone is no evidence: a backup counts when every expected volume
has a finished copy with bytes in it, made after its hook ran.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Iterable, Sequence

#: Phases of a Backup or a Restore after which nothing happens to it any more.
TERMINAL_PHASES = frozenset(
    {"Completed", "PartiallyFailed", "Failed", "FailedValidation"}
)
#: The same for a PodVolumeBackup or a PodVolumeRestore: they have phases of their own.
TERMINAL_VOLUME_PHASES = frozenset({"Completed", "Failed", "Canceled"})
#: What an object that the server has not looked at yet carries: not yet, never an end.
NOT_YET = ""


class Reason(enum.StrEnum):
    """Why a backup counts or not; stored in the history, translated by the report."""

    COUNTS = "counts"
    NOT_COMPLETED = "not_completed"
    HOOK_NOT_RUN = "hook_not_run"
    HOOK_FAILED = "hook_failed"
    VOLUME_MISSING = "volume_missing"
    VOLUME_NOT_COMPLETED = "volume_not_completed"
    VOLUME_EMPTY = "volume_empty"
    VOLUME_CUT = "volume_cut"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VolumeCopy:
    """One volume of one pod, copied into a backup or back out of it.

    Attributes:
        volume: the name of the volume in its pod.
        phase: empty until the node agent has looked at it.
        message: what the node agent said, for people.
    """

    volume: str
    phase: str
    bytes_done: int
    bytes_total: int
    message: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One backup, as its own object and those of its volumes tell it.

    `hooks_attempted` is None when the server did not say.
    """

    name: str
    phase: str
    schedule: str
    started: datetime.datetime | None
    completed: datetime.datetime | None
    hooks_attempted: int | None
    hooks_failed: int
    volumes: tuple[VolumeCopy, ...]

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen to the backup or to any of its volumes."""
        return self.phase in TERMINAL_PHASES and all(
            copy.phase in TERMINAL_VOLUME_PHASES for copy in self.volumes
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Whether a backup counts, the rule that decided, and a sentence for people."""

    counts: bool
    reason: Reason
    text: str


def judge(backup: Backup, expected_volumes: Iterable[str]) -> Judgement:
    """Say whether a backup could bring the service back.

    Args:
        backup: one backup with the copies of its volumes.
        expected_volumes: names of the volumes without which it is worth nothing.
    """
    if backup.phase != "Completed":
        phase = backup.phase or "not begun"
        return _refuse(Reason.NOT_COMPLETED, f"its phase is {phase}")
    if backup.hooks_failed:
        return _refuse(Reason.HOOK_FAILED, f"{backup.hooks_failed} hook(s) failed")
    if backup.hooks_attempted == 0:
        return _refuse(Reason.HOOK_NOT_RUN, "no hook ran: its dump is an older one")
    for volume in expected_volumes:
        copies = [copy for copy in backup.volumes if copy.volume == volume]
        refusal = _refusal_of_volume(volume, copies)
        if refusal:
            return refusal
    return Judgement(counts=True, reason=Reason.COUNTS, text="every volume is whole")


def newest_counting(
    backups: Iterable[Backup],
    expected_volumes: Sequence[str],
    *,
    rank: int = 1,
    started_by: datetime.datetime | None = None,
) -> Backup | None:
    """Choose the newest backup that counts, or the second newest with `rank=2`.

    Args:
        backups: all that the location holds.
        expected_volumes: as for `judge`.
        rank: 1 is the newest.
        started_by: ignore backups begun after this instant: a primary powered on again
            resumes its schedule, and its backup of an empty site would be the newest.

    Returns:
        None when fewer than `rank` count.
    """
    counting = sorted(
        (
            (backup.started, backup.name, backup)
            for backup in backups
            if backup.started is not None
            and (started_by is None or backup.started <= started_by)
            and judge(backup, expected_volumes).counts
        ),
        reverse=True,
    )
    return counting[rank - 1][2] if len(counting) >= rank else None


def shortfalls(
    restored: Iterable[VolumeCopy],
    backup: Backup,
    expected_volumes: Iterable[str],
) -> tuple[str, ...]:
    """List what is not back, volume by volume; empty means that every byte is.

    A Restore says Completed with no volume restored at all, so each expected volume must
    show as many finished copies as the backup has, and of the same sizes.
    """
    found = tuple(restored)
    problems: list[str] = []
    for volume in expected_volumes:
        there = [copy for copy in found if copy.volume == volume]
        wanted = sorted(c.bytes_total for c in backup.volumes if c.volume == volume)
        if not there:
            problems.append(f"volume {volume}: nothing was restored")
            continue
        for copy in there:
            if copy.phase != "Completed":
                phase = copy.phase or "not begun"
                problems.append(f"volume {volume}: {phase} {copy.message}".rstrip())
            elif copy.bytes_done != copy.bytes_total:
                problems.append(
                    f"volume {volume}: {copy.bytes_done} of {copy.bytes_total} bytes"
                )
        sizes = sorted(copy.bytes_total for copy in there)
        if sizes != wanted:
            problems.append(
                f"volume {volume}: {sizes} bytes restored, the backup has {wanted}"
            )
    return tuple(problems)


def _refusal_of_volume(volume: str, copies: Sequence[VolumeCopy]) -> Judgement | None:
    if not copies:
        return _refuse(Reason.VOLUME_MISSING, f"volume {volume} was not copied")
    for copy in copies:
        if copy.phase != "Completed":
            phase = copy.phase or "not begun"
            return _refuse(Reason.VOLUME_NOT_COMPLETED, f"volume {volume}: {phase}")
        if copy.bytes_total <= 0:
            return _refuse(Reason.VOLUME_EMPTY, f"volume {volume} holds no byte")
        if copy.bytes_done != copy.bytes_total:
            return _refuse(
                Reason.VOLUME_CUT,
                f"volume {volume}: {copy.bytes_done} of {copy.bytes_total} bytes",
            )
    return None


def _refuse(reason: Reason, text: str) -> Judgement:
    return Judgement(counts=False, reason=reason, text=text)
