"""What happened, as it happened: append-only events that survive the death of their writer.

Faults, clinical operations, probes, phases, alerts and decisions are all events. Each
process appends to a file of its own and flushes every line, so a killed run is still
evidence. Everything else (marks, RTA, RPA, verdicts) is computed from these files and
can be computed again. The model is Jepsen's operation history.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

type JsonValue = (
    bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None
)


class Kind(enum.StrEnum):
    """What an event says of its operation.

    `info` means *outcome unknown*: a time-out, a reset, a 5xx, a 401, an unexpected body.
    """

    INVOKE = "invoke"
    OK = "ok"
    FAIL = "fail"
    INFO = "info"


class HistoryError(Exception):
    """A history file cannot be read as events."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of history.

    Attributes:
        process: who writes (`drill`, `nemesis`, `load-1`, `prober-read-0`, `sentinel`).
        op_id: joins an invocation to its completion; unique within one process.
        at_ns: CLOCK_MONOTONIC, comparable between processes of one boot.
        utc: the same instant for people, ISO 8601.
    """

    process: str
    kind: Kind
    operation: str
    op_id: str
    value: Mapping[str, JsonValue]
    at_ns: int
    boot_id: str
    utc: str

    def to_line(self) -> str:
        """Return the event as one JSON line, without the line feed."""
        return json.dumps(
            {
                "process": self.process,
                "kind": self.kind.value,
                "operation": self.operation,
                "op_id": self.op_id,
                "value": self.value,
                "at_ns": self.at_ns,
                "boot_id": self.boot_id,
                "utc": self.utc,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Parse one JSON line.

        Raises:
            HistoryError: the line is no event; the message says which key is wrong.
        """
        try:
            raw = json.loads(line)
        except json.JSONDecodeError as error:
            msg = f"not JSON: {error}"
            raise HistoryError(msg) from error
        if not isinstance(raw, dict):
            msg = "an event is a JSON object"
            raise HistoryError(msg)
        try:
            event = cls(**{**raw, "kind": Kind(str(raw.get("kind")))})
        except (TypeError, ValueError) as error:
            msg = f"not an event: {error}"
            raise HistoryError(msg) from error
        strings = (
            event.process,
            event.operation,
            event.op_id,
            event.boot_id,
            event.utc,
        )
        if (
            not all(isinstance(text, str) for text in strings)
            or type(event.at_ns) is not int
            or not isinstance(event.value, dict)
        ):
            msg = (
                "an event's at_ns is an integer, its value an object, the rest strings"
            )
            raise HistoryError(msg)
        return event


def boot_id() -> str:
    """Return the kernel's boot id: two of them in one history void its durations."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def utc_now() -> str:
    """Return the present instant in ISO 8601, UTC, to the microsecond."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")


class Recorder:
    """Appends the events of one process to one file, flushed line by line."""

    def __init__(self, folder: Path, process: str) -> None:
        """Open `<folder>/<process>.jsonl` for appending; the folder is made if missing."""
        folder.mkdir(parents=True, exist_ok=True)
        self.process = process
        self._boot_id = boot_id()
        # Line buffering hands every event to the kernel at once: it survives SIGKILL.
        self._file = (folder / f"{process}.jsonl").open(
            "a", buffering=1, encoding="utf-8"
        )

    def record(
        self,
        kind: Kind,
        operation: str,
        op_id: str,
        value: Mapping[str, JsonValue] | None = None,
        *,
        at_ns: int | None = None,
    ) -> Event:
        """Append one event and return it; `at_ns` defaults to now."""
        now_ns = time.monotonic_ns()
        if at_ns is None:
            at_ns = now_ns
        instant = datetime.datetime.now(datetime.UTC) - datetime.timedelta(
            microseconds=(now_ns - at_ns) / 1000
        )
        event = Event(
            process=self.process,
            kind=kind,
            operation=operation,
            op_id=op_id,
            value=dict(value or {}),
            at_ns=at_ns,
            boot_id=self._boot_id,
            utc=instant.isoformat(timespec="microseconds"),
        )
        self._file.write(event.to_line() + "\n")
        return event

    def close(self) -> None:
        """Close the file; recording afterwards is a programmer's error."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return the recorder itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file whatever happened."""
        self.close()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The events of one run, in the order of their clock, and which files were torn."""

    events: tuple[Event, ...]
    torn: tuple[str, ...]


def read_history(files: Iterable[Path]) -> History:
    """Read and merge history files by `at_ns` (stable within one file).

    A last line without a line feed is what a killed writer leaves: it is dropped and the
    file named in `torn`. Any other unreadable line is an error.

    Raises:
        HistoryError: names the file and the line.
    """
    events: list[Event] = []
    torn: list[str] = []
    for path in sorted(files):
        text = path.read_text(encoding="utf-8", errors="replace")
        *lines, rest = text.split("\n")
        if rest:
            torn.append(path.name)
        for number, line in enumerate(lines, start=1):
            try:
                events.append(Event.from_line(line))
            except HistoryError as error:
                msg = f"{path}, line {number}: {error}"
                raise HistoryError(msg) from error
    events.sort(key=lambda event: event.at_ns)
    return History(events=tuple(events), torn=tuple(torn))
