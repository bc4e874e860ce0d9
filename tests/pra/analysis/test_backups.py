"""A backup counts or says why not; the schedule is judged by what it achieved."""

from __future__ import annotations

import pytest

from reprise_pra.analysis.backups import (
    backups_seen,
    counting_before,
    instant,
    schedule_achieved,
)
from reprise_pra.analysis.errors import TimelineError
from reprise_pra.analysis.reading import read_timeline
from reprise_pra.analysis.testing import Script, utc
from reprise_pra.analysis.timeline import Timeline

_T0 = utc(200)


def _timeline(script: Script) -> Timeline:
    return read_timeline(script.history())


def _counting(script: Script) -> list[str]:
    return [one.name for one in counting_before(_timeline(script), ["dump"], _T0)]


def test_a_whole_backup_counts() -> None:
    """Completed, its expected volume Completed with bytes."""
    script = Script().backup("b1", snapshot_s=100, completed_s=107)
    (seen,) = backups_seen(_timeline(script), ["dump"])
    assert seen.counts
    assert seen.volume_bytes == 1000
    assert _counting(script) == ["b1"]


@pytest.mark.parametrize(
    ("phase", "counts", "volume_bytes", "expected", "why"),
    [
        ("PartiallyFailed", True, 1000, ["dump"], "PartiallyFailed"),
        ("Completed", True, 0, ["dump"], "vide"),
        ("Completed", True, 1000, ["dump", "attachments"], "attachments"),
        ("Completed", False, 1000, ["dump"], "as the drill saw it"),
    ],
)
def test_a_backup_that_does_not_count_says_why(
    phase: str,
    counts: bool,  # noqa: FBT001
    volume_bytes: int,
    expected: list[str],
    why: str,
) -> None:
    """Neither a phase, nor an absent or empty volume, nor the drill's doubt is let pass."""
    script = Script().backup(
        "b1",
        snapshot_s=100,
        completed_s=107,
        phase=phase,
        counts=counts,
        volume_bytes=volume_bytes,
    )
    (seen,) = backups_seen(_timeline(script), expected)
    assert not seen.counts
    assert why in seen.reason.fr
    assert counting_before(_timeline(script), expected, _T0) == ()


def test_the_platforms_reasons_are_translated() -> None:
    """A backup whose hook did not run looks whole: the drill's word is kept, in French."""
    script = Script().backup("b1", snapshot_s=100, completed_s=107, counts=False)
    script.change(lambda event: event.op_id == "b1", reason="hook_not_run")
    (seen,) = backups_seen(_timeline(script), ["dump"])
    assert "plus ancien" in seen.reason.fr
    assert "older" in seen.reason.en


@pytest.mark.parametrize("completed_s", [200.0, 200.9, 210])
def test_a_backup_that_ends_with_the_disaster_does_not_count(
    completed_s: float,
) -> None:
    """Velero's second that holds t0 may be after it."""
    script = Script().backup("b1", snapshot_s=190, completed_s=completed_s)
    assert _counting(script) == []


def test_the_last_event_of_a_backup_wins_and_keeps_its_instants() -> None:
    """What restores a backup may tell its snapshot long after; nothing known is lost."""
    script = Script().backup("b1", snapshot_s=100, completed_s=107, phase="InProgress")
    script.backup("b1", snapshot_s=100, completed_s=107)
    script.backup("b1", snapshot_s=100, completed_s=107)
    script.events[-1].value["snapshot_utc"] = None  # type: ignore[index]
    (seen,) = backups_seen(_timeline(script), ["dump"])
    assert seen.counts
    assert seen.snapshot_utc == utc(100)


def test_the_achieved_schedule() -> None:
    """Longest interval between two data points (the open one too), longest capture."""
    script = Script().backup("b1", snapshot_s=20, completed_s=27)
    script.backup("b2", snapshot_s=80, completed_s=95)
    script.backup("b3", snapshot_s=150, completed_s=158)
    counting = counting_before(_timeline(script), ["dump"], _T0)
    achieved = schedule_achieved(counting, _T0)
    assert (achieved.interval_s, achieved.capture_s) == (70, 15)
    assert achieved.worst_case_s == 85
    late = schedule_achieved(counting, utc(300))
    assert late.interval_s == 150


def test_a_backup_that_does_not_count_lengthens_the_interval() -> None:
    """A failed backup in the middle doubles what a loss could cost."""
    script = Script().backup("b1", snapshot_s=20, completed_s=27)
    script.backup("b2", snapshot_s=80, completed_s=95, phase="Failed")
    script.backup("b3", snapshot_s=150, completed_s=158)
    counting = counting_before(_timeline(script), ["dump"], _T0)
    assert schedule_achieved(counting, _T0).interval_s == 130


def test_without_every_snapshot_the_starts_are_compared() -> None:
    """A snapshot compared with a start would add the time from one to the other."""
    script = Script().backup("b1", snapshot_s=20, completed_s=27)
    script.backup("b2", snapshot_s=80, completed_s=95)
    script.change(lambda event: event.op_id == "b1", snapshot_utc=None)
    counting = counting_before(_timeline(script), ["dump"], _T0)
    achieved = schedule_achieved(counting, utc(100))
    assert (achieved.interval_s, achieved.capture_s) == (60, 16)


def test_no_backup_no_schedule() -> None:
    """Nothing that counts: nothing is known of the worst case."""
    assert schedule_achieved((), _T0).worst_case_s is None


@pytest.mark.parametrize("text", ["yesterday", "2026-03-01T08:00:00"])
def test_instants_without_a_zone_are_refused(text: str) -> None:
    """A wall-clock instant needs its zone to be compared."""
    with pytest.raises(TimelineError):
        instant(text)
