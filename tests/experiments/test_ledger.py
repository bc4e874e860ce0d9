"""The fault ledger survives the death of whoever writes it."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reprise_experiments.errors import LedgerError, Refused
from reprise_experiments.ledger import (
    Baseline,
    Ledger,
    Opened,
    Outcome,
    UndoCommand,
    new_id,
)
from reprise_experiments.targets import Target

BOOT = "boot-1"


def _entry(**changes: object) -> Opened:
    entry = Opened(
        id=new_id(),
        fault="power_off_node",
        targets=(Target(name="b1", zone="b", uid="u", address="x"),),
        undo=UndoCommand(undo="power_on", args={"machines": ("b1",)}),
        baseline=Baseline(nodes=(), workloads=()),
        leased=True,
        expires_with_boot=True,
        expires_ns=time.monotonic_ns() + 10**12,
        undo_within_s=5.0,
        history="",
        runner=1,
        opened_ns=1,
        boot_id=BOOT,
        utc="2026-11-23T00:00:00+00:00",
    )
    return dataclasses.replace(entry, **changes)  # type: ignore[arg-type]


def test_entry_is_read_back_as_written(tmp_path: Path) -> None:
    """What undoes a fault comes back from the disk unchanged."""
    entry = _entry()
    Ledger(tmp_path, boot=BOOT).open(entry)

    assert Ledger(tmp_path, boot=BOOT).read().open == (entry,)


def test_open_fault_blocks_the_next(tmp_path: Path) -> None:
    """One fault at a time: the refusal names it and the remedy."""
    ledger, entry = Ledger(tmp_path, boot=BOOT), _entry()
    ledger.open(entry)

    with pytest.raises(Refused, match=rf"{entry.id}.*recover"):
        ledger.open(_entry())
    assert ledger.close(entry, outcome=Outcome.UNDONE, by="runner")
    ledger.open(_entry())


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    """Only the first to close a fault is told that it did."""
    ledger, entry = Ledger(tmp_path, boot=BOOT), _entry()
    ledger.open(entry)

    assert ledger.close(entry, outcome=Outcome.UNDONE, by="runner")
    assert not ledger.close(entry, outcome=Outcome.UNDONE, by="lease")
    assert ledger.read().closed == 1


def test_fault_of_an_earlier_boot_is_expired_and_blocks_nothing(tmp_path: Path) -> None:
    """A reboot ended the machine's processes, and with them the fault."""
    entry = _entry()
    Ledger(tmp_path, boot=BOOT).open(entry)
    later = Ledger(tmp_path, boot="boot-2")

    assert later.read().expired == (entry,)
    assert later.read().open == ()
    later.open(_entry(boot_id="boot-2"))


def test_fault_on_a_remote_site_outlives_a_boot(tmp_path: Path) -> None:
    """A reboot of the harness mends nothing that is not on its machine."""
    entry = _entry(expires_with_boot=False)
    Ledger(tmp_path, boot=BOOT).open(entry)

    assert Ledger(tmp_path, boot="boot-2").read().open == (entry,)


def test_unreadable_line_refuses_and_is_named(tmp_path: Path) -> None:
    """A damaged ledger may hide a fault: nothing is injected until somebody looked."""
    ledger, entry = Ledger(tmp_path, boot=BOOT), _entry()
    ledger.open(entry)
    ledger.close(entry, outcome=Outcome.UNDONE, by="runner")
    with ledger.path.open("ab") as file:
        file.write(b"\0\0\0\n")

    with pytest.raises(Refused, match="line 3"):
        ledger.open(_entry())


def test_ledger_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """Without its entry on disk a fault must not begin."""
    ledger = Ledger(tmp_path, boot=BOOT)
    ledger.path.mkdir()

    with pytest.raises((LedgerError, OSError)):
        ledger.open(_entry())


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rounds=st.integers(1, 4), left_open=st.integers(0, 1), data=st.data())
def test_ledger_cut_at_any_byte_never_hides_an_injected_fault(
    rounds: int,
    left_open: int,
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Cut anywhere, as by a kill, it reads, goes on, and forgets no whole opening line."""
    folder = tmp_path_factory.mktemp("ledger")
    ledger = Ledger(folder, boot=BOOT)
    entries = [_entry() for _ in range(rounds)]
    for number, entry in enumerate(entries):
        ledger.open(entry)
        if number < rounds - left_open:
            ledger.close(entry, outcome=Outcome.UNDONE, by="runner")
    whole = ledger.path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    ledger.path.write_bytes(whole[:cut])
    kept = whole[:cut].count(b"\n")
    opened, closed = (kept + 1) // 2, kept // 2

    contents = ledger.read()

    assert contents.unreadable == ()
    assert contents.open == tuple(entries[closed:opened])
    for entry in contents.open:
        assert ledger.close(entry, outcome=Outcome.UNDONE, by="recover")
    following = _entry()
    ledger.open(following)
    assert ledger.read().open == (following,)
    assert ledger.read().unreadable == ()


def test_of_many_writers_one_opens(tmp_path: Path) -> None:
    """Two runners at once cannot both break the site: each opens the lock anew."""
    entries = [_entry(runner=number) for number in range(8)]

    def race(entry: Opened) -> bool:
        try:
            Ledger(tmp_path, boot=BOOT).open(entry)
        except Refused:
            return False
        return True

    with concurrent.futures.ThreadPoolExecutor(len(entries)) as pool:
        won = list(pool.map(race, entries))

    assert won.count(True) == 1
    assert Ledger(tmp_path, boot=BOOT).read().open == (entries[won.index(True)],)
