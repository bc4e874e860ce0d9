"""Which backup counts, and which is restored."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_platform.backups import (
    TERMINAL_PHASES,
    TERMINAL_VOLUME_PHASES,
    Backup,
    Reason,
    VolumeCopy,
    judge,
    newest_counting,
    shortfalls,
)

T = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
VOLUMES = ("dump",)
BACKUP_PHASES = (
    "",
    "New",
    "Queued",
    "ReadyToStart",
    "InProgress",
    "WaitingForPluginOperations",
    "WaitingForPluginOperationsPartiallyFailed",
    "Finalizing",
    "FinalizingPartiallyFailed",
    "Completed",
    "PartiallyFailed",
    "Failed",
    "FailedValidation",
    "Deleting",
)


def copy(
    volume: str = "dump",
    phase: str = "Completed",
    done: int = 100,
    total: int = 100,
) -> VolumeCopy:
    """Make one volume's copy, whole unless told otherwise."""
    return VolumeCopy(volume=volume, phase=phase, bytes_done=done, bytes_total=total)


def backup(
    name: str = "openmrs-1",
    *,
    phase: str = "Completed",
    minute: int = 0,
    volumes: tuple[VolumeCopy, ...] = (copy(),),
    hooks_attempted: int | None = 1,
    hooks_failed: int = 0,
) -> Backup:
    """Make a backup that counts unless told otherwise."""
    started = T + datetime.timedelta(minutes=minute)
    return Backup(
        name=name,
        phase=phase,
        schedule="openmrs",
        started=started,
        completed=started + datetime.timedelta(seconds=20),
        hooks_attempted=hooks_attempted,
        hooks_failed=hooks_failed,
        volumes=volumes,
    )


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        pytest.param(backup(), Reason.COUNTS, id="whole"),
        pytest.param(
            backup(hooks_attempted=None), Reason.COUNTS, id="hooks not told of"
        ),
        pytest.param(
            backup(phase="PartiallyFailed", hooks_failed=1, volumes=()),
            Reason.NOT_COMPLETED,
            id="its hook failed: a restore of it is Completed and brings no data",
        ),
        pytest.param(
            backup(volumes=()), Reason.VOLUME_MISSING, id="Completed without a volume"
        ),
        pytest.param(
            backup(volumes=(copy("attachments"),)),
            Reason.VOLUME_MISSING,
            id="another volume only",
        ),
        pytest.param(
            backup(volumes=(copy(phase=""),)),
            Reason.VOLUME_NOT_COMPLETED,
            id="volume not begun",
        ),
        pytest.param(
            backup(volumes=(copy(phase="Canceled"),)),
            Reason.VOLUME_NOT_COMPLETED,
            id="volume canceled",
        ),
        pytest.param(
            backup(volumes=(copy(), copy(phase="Failed"))),
            Reason.VOLUME_NOT_COMPLETED,
            id="two pods have the volume, one of them failed",
        ),
        pytest.param(
            backup(volumes=(copy(done=0, total=0),)), Reason.VOLUME_EMPTY, id="no byte"
        ),
        pytest.param(
            backup(volumes=(copy(done=99),)), Reason.VOLUME_CUT, id="a byte short"
        ),
        pytest.param(
            backup(hooks_failed=1), Reason.HOOK_FAILED, id="hook failed, yet Completed"
        ),
        pytest.param(
            backup(hooks_attempted=0), Reason.HOOK_NOT_RUN, id="an older dump, copied"
        ),
    ],
)
def test_a_backup_counts_by_its_data(one: Backup, reason: Reason) -> None:
    """The phase alone is no evidence: each rule refuses by its own name."""
    judgement = judge(one, VOLUMES)
    assert judgement.reason is reason
    assert judgement.counts is (reason is Reason.COUNTS)


@pytest.mark.parametrize("phase", BACKUP_PHASES)
def test_only_completed_counts(phase: str) -> None:
    """No other phase counts, neither a later nor an unknown nor an empty one."""
    assert judge(backup(phase=phase), VOLUMES).counts is (phase == "Completed")


def test_the_two_sets_of_terminal_phases_differ() -> None:
    """A volume's Canceled is an end, its PartiallyFailed does not exist; empty is no end."""
    assert {
        "Completed",
        "PartiallyFailed",
        "Failed",
        "FailedValidation",
    } == TERMINAL_PHASES
    assert {"Completed", "Failed", "Canceled"} == TERMINAL_VOLUME_PHASES
    assert not backup(phase="").is_terminal
    assert not backup(volumes=(copy(phase=""),)).is_terminal
    assert backup().is_terminal


def test_the_newest_that_counts_is_chosen() -> None:
    """A newer one that holds no data is passed over; the second newest can be asked for."""
    old, good = backup("a", minute=0), backup("b", minute=1)
    empty = backup("c", minute=2, volumes=())
    cut = backup("d", minute=3, phase="InProgress")
    found = (good, cut, old, empty)
    assert newest_counting(found, VOLUMES) == good
    assert newest_counting(found, VOLUMES, rank=2) == old
    assert newest_counting(found, VOLUMES, rank=3) is None
    assert newest_counting((), VOLUMES) is None


def test_what_began_after_the_loss_is_never_chosen() -> None:
    """A primary powered on again backs up what it finds, and that would be the newest."""
    before, after = backup("a", minute=0), backup("b", minute=5)
    lost_at = T + datetime.timedelta(minutes=4)
    assert newest_counting((before, after), VOLUMES, started_by=lost_at) == before


@given(
    st.lists(
        st.tuples(st.integers(0, 59), st.sampled_from(BACKUP_PHASES)), max_size=12
    ),
    st.integers(1, 4),
)
def test_the_choice_needs_no_order(rows: list[tuple[int, str]], rank: int) -> None:
    """Whatever the order they are listed in, the same backup is chosen, and it counts."""
    found = [
        backup(f"b{number}", minute=minute, phase=phase)
        for number, (minute, phase) in enumerate(rows)
    ]
    chosen = newest_counting(found, VOLUMES, rank=rank)
    assert chosen == newest_counting(reversed(found), VOLUMES, rank=rank)
    counting = [one for one in found if judge(one, VOLUMES).counts]
    assert (chosen is None) is (len(counting) < rank)
    if chosen is not None and chosen.started is not None:
        newer = [o for o in counting if o.started and o.started > chosen.started]
        assert len(newer) < rank


@pytest.mark.parametrize(
    ("restored", "said"),
    [
        pytest.param((), "nothing was restored", id="Completed, no volume restored"),
        pytest.param((copy(phase=""),), "not begun", id="a phase empty for ever"),
        pytest.param((copy(phase="InProgress"),), "InProgress", id="still going"),
        pytest.param((copy(phase="Failed"),), "Failed", id="failed"),
        pytest.param((copy(done=60),), "60 of 100 bytes", id="cut short"),
        pytest.param((copy(done=60, total=60),), "[100]", id="smaller than the backup"),
        pytest.param((copy(), copy()), "[100, 100]", id="twice"),
        pytest.param((copy("other"),), "nothing was restored", id="another volume"),
    ],
)
def test_a_restore_short_of_a_byte_is_told(
    restored: tuple[VolumeCopy, ...], said: str
) -> None:
    """Restore Completed proves nothing: every volume must show all of the backup's bytes."""
    problems = shortfalls(restored, backup(), VOLUMES)
    assert any(said in problem for problem in problems)


def test_a_whole_restore_has_no_shortfall() -> None:
    """The same volumes with the same bytes are all that is asked."""
    assert shortfalls((copy(),), backup(), VOLUMES) == ()
