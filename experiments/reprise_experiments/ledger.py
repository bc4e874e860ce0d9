"""The fault ledger: what undoes a fault, on disk before the fault.

One JSON line opens a fault and one closes it; each is written whole and synced before the
writer goes on. A writer killed half-way leaves a torn last line: torn while opening, the
fault was never injected; torn while closing, it is undone once more, which harms nothing.
So a torn tail is dropped, while any other unreadable line is an error.
"""

from __future__ import annotations

import dataclasses
import enum
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import pydantic

from reprise_experiments.errors import LedgerError, Refused
from reprise_experiments.locking import locked
from reprise_experiments.observe import NodeSeen, WorkloadSeen
from reprise_experiments.targets import Target
from reprise_pra.history import boot_id, utc_now

_LOCK_WITHIN_S = 10.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UndoCommand:
    """What undoes a fault, as data: a capability's name and its arguments."""

    undo: Literal["power_on", "restore_zone", "none"]
    args: Mapping[str, tuple[str, ...]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The nodes and workloads before the fault: what the undo must bring back."""

    nodes: tuple[NodeSeen, ...]
    workloads: tuple[WorkloadSeen, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A fault about to be injected.

    Attributes:
        leased: whether the lease undoes it; a disaster is undone by its plan alone.
        expires_ns: CLOCK_MONOTONIC; a fault open later than this has a hung runner.
        expires_with_boot: the fault cannot outlive the machine that injected it.
        history: folder where whoever undoes it says so, or empty.
    """

    id: str
    fault: str
    targets: tuple[Target, ...]
    undo: UndoCommand
    baseline: Baseline
    leased: bool
    expires_with_boot: bool
    expires_ns: int
    undo_within_s: float
    history: str
    runner: int
    opened_ns: int
    boot_id: str
    utc: str
    record: Literal["opened"] = "opened"

    @property
    def target_names(self) -> list[str]:
        """Name the nodes hit."""
        return [target.name for target in self.targets]


class Outcome(enum.StrEnum):
    """How a fault ended."""

    UNDONE = "undone"
    EXPIRED = "expired"
    REBUILT = "rebuilt"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A fault that is over; `by` is who saw to it (runner, lease, recover, plan)."""

    id: str
    outcome: Outcome
    by: str
    at_ns: int
    boot_id: str
    utc: str
    record: Literal["closed"] = "closed"


_RECORD: pydantic.TypeAdapter[Opened | Closed] = pydantic.TypeAdapter(
    Annotated[Opened | Closed, pydantic.Field(discriminator="record")]
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a ledger says.

    Attributes:
        open: faults of this boot (or that outlive a boot) not closed, oldest first.
        expired: faults that an earlier boot of this machine left open.
        closed: how many are over.
        unreadable: what could not be read, one sentence a line.
    """

    open: tuple[Opened, ...]
    expired: tuple[Opened, ...]
    closed: int
    unreadable: tuple[str, ...]


class Ledger:
    """The ledger of one site, shared by every process that breaks or mends it."""

    def __init__(self, state: Path, *, boot: str | None = None) -> None:
        """Use `<state>/faults.jsonl`; `boot` is this boot's id unless a test says else."""
        self.path = state / "faults.jsonl"
        self._lock = state / "faults.lock"
        self._boot = boot or boot_id()

    def read(self) -> Contents:
        """Return what the ledger says; unreadable lines are told, never raised."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            text = b""
        *lines, _torn = text.split(b"\n")
        opened: dict[str, Opened] = {}
        closed: set[str] = set()
        unreadable = []
        for number, line in enumerate(lines, start=1):
            try:
                record = _RECORD.validate_json(line)
            except pydantic.ValidationError as error:
                first = error.errors()[0]["msg"]
                unreadable.append(f"{self.path}, line {number}: {first}")
                continue
            match record:
                case Opened():
                    opened[record.id] = record
                case Closed():
                    closed.add(record.id)
        still = [entry for entry in opened.values() if entry.id not in closed]
        gone = [entry for entry in still if self._is_expired(entry)]
        return Contents(
            open=tuple(entry for entry in still if entry not in gone),
            expired=tuple(gone),
            closed=len(closed),
            unreadable=tuple(unreadable),
        )

    def _is_expired(self, entry: Opened) -> bool:
        return entry.expires_with_boot and entry.boot_id != self._boot

    def check_clear(self) -> None:
        """Refuse when a fault is open or the ledger cannot be read whole.

        Raises:
            Refused: names what is open and the remedy.
        """
        contents = self.read()
        problems = [*contents.unreadable]
        for entry in contents.open:
            nodes = " ".join(entry.target_names)
            problems.append(f"{entry.fault} on {nodes} since {entry.utc} ({entry.id})")
        if problems:
            msg = (
                f"{'; '.join(problems)}. `python -m reprise_experiments status` tells more"
                " and `python -m reprise_experiments recover` undoes it."
            )
            raise Refused(msg)

    def open(self, entry: Opened) -> None:
        """Write and sync what undoes a fault; only then may it be injected.

        Raises:
            Refused: another fault is open.
            LedgerError: the line could not be written and synced.
        """
        with locked(self._lock, within_s=_LOCK_WITHIN_S):
            self.check_clear()
            self._append(entry)

    def close(self, entry: Opened, *, outcome: Outcome, by: str) -> bool:
        """Say that a fault is over; False when somebody already had."""
        with locked(self._lock, within_s=_LOCK_WITHIN_S):
            contents = self.read()
            if entry.id not in {
                left.id for left in (*contents.open, *contents.expired)
            }:
                return False
            self._append(
                Closed(
                    id=entry.id,
                    outcome=outcome,
                    by=by,
                    at_ns=time.monotonic_ns(),
                    boot_id=self._boot,
                    utc=utc_now(),
                )
            )
            return True

    def _append(self, record: Opened | Closed) -> None:
        line = _RECORD.dump_json(record) + b"\n"
        try:
            descriptor = os.open(
                self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            try:
                end = _whole_lines(descriptor)
                os.ftruncate(descriptor, end)
                written = os.pwrite(descriptor, line, end)
                if written != len(line):
                    msg = f"{self.path}: {written} of {len(line)} bytes written"
                    raise LedgerError(msg)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            _sync_folder(self.path.parent)
        except OSError as error:
            msg = f"{self.path}: {error.strerror}; free space or mend the disk"
            raise LedgerError(msg) from error


def new_id() -> str:
    """Return a name for a fault, never used before."""
    return f"f-{secrets.token_hex(5)}"


def _whole_lines(descriptor: int) -> int:
    """Return the length of the file up to its last line feed: a torn tail ends there."""
    size = os.fstat(descriptor).st_size
    step = 4096
    end = size
    while end > 0:
        start = max(0, end - step)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _sync_folder(folder: Path) -> None:
    # A file just made is only there after a crash if its folder was synced too.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
