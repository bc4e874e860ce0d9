"""Every request that Locust counts, in columns, kept through a kill.

A segment is an Arrow IPC stream of some seconds: batches are appended and handed to the
kernel as they fill, so SIGKILL costs the last second at most; a finished one is synced and
gets its final name, so a power cut costs the last segment at most. Any Arrow reader opens
them (`pyarrow`, pandas, DuckDB, R). History remains the evidence: this is for whoever wants
to look at distributions without reading a million lines.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import pyarrow as pa

from reprise_loadtests.errors import LoadError

BATCH_S: Final = 1.0
SEGMENT_S: Final = 30.0
_OPEN = ".open"
_CLOSED = ".arrow"

SCHEMA: Final = pa.schema(
    [
        pa.field("start_utc", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("end_ns", pa.int64(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("response_ms", pa.float64()),
        pa.field("bytes", pa.int64()),
        pa.field("problem", pa.string()),
        pa.field("process", pa.string(), nullable=False),
    ]
)
"""Columns. `end_ns`: CLOCK_MONOTONIC when the request was counted, as in the history.
`response_ms`: as Locust shows it; for journeys, from the intended start. `problem`: null
when it succeeded."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as Locust counts it; `start_s` is of the wall clock."""

    kind: str
    name: str
    start_s: float
    response_ms: float | None
    size: int | None
    problem: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What a folder holds: one table in the order of `end_ns`, and who was cut off."""

    table: pa.Table
    torn: tuple[str, ...]


class SegmentWriter:
    """The requests of one process, in `<folder>/<process>-<number>.arrow`."""

    def __init__(
        self,
        folder: Path,
        process: str,
        *,
        batch_s: float = BATCH_S,
        segment_s: float = SEGMENT_S,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Write nothing yet; the folder is made with the first request."""
        self._folder = folder
        self._process = process
        self._batch_ns = round(batch_s * 1e9)
        self._segment_ns = round(segment_s * 1e9)
        self._clock_ns = clock_ns
        self._rows: list[tuple[object, ...]] = []
        self._segment: _Segment | None = None
        self._number = 0
        self._flushed_ns = clock_ns()

    def add(self, request: Request) -> None:
        """Take one request; it is on its way to the disk within a second or so."""
        now_ns = self._clock_ns()
        self._rows.append(
            (
                round(request.start_s * 1e6),
                now_ns,
                request.kind,
                request.name,
                request.response_ms,
                request.size,
                request.problem,
                self._process,
            )
        )
        self.flush_if_due()

    def flush_if_due(self) -> None:
        """Hand a second's requests to the kernel; to be called now and then."""
        now_ns = self._clock_ns()
        if now_ns - self._flushed_ns < self._batch_ns:
            return
        self._flush(now_ns)
        if self._segment and now_ns - self._segment.begun_ns >= self._segment_ns:
            self._close_segment()

    def close(self) -> None:
        """Write what is left and give the last segment its name; idempotent."""
        self._flush(self._clock_ns())
        self._close_segment()

    def _flush(self, now_ns: int) -> None:
        self._flushed_ns = now_ns
        if not self._rows:
            return
        if self._segment is None:
            self._segment = _Segment(self._next_path(), now_ns)
        rows, self._rows = self._rows, []
        columns = [
            pa.array(column, type=field.type)
            for column, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)
        ]
        self._segment.append(pa.record_batch(columns, schema=SCHEMA))

    def _next_path(self) -> Path:
        """Return the first number that no file has: a process may be started again."""
        self._folder.mkdir(parents=True, exist_ok=True)
        while True:
            self._number += 1
            path = self._folder / f"{self._process}-{self._number:05}{_CLOSED}"
            if not path.exists() and not path.with_suffix(_OPEN).exists():
                return path

    def _close_segment(self) -> None:
        if self._segment is not None:
            segment, self._segment = self._segment, None
            segment.close()


class _Segment:
    """One file: grows under a name of its own, then gets its final one."""

    def __init__(self, path: Path, begun_ns: int) -> None:
        self.begun_ns = begun_ns
        self._path = path
        self._open = path.with_suffix(_OPEN)
        # Unbuffered: a batch is with the kernel once it is written.
        self._file = self._open.open("xb", buffering=0)
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._writer = pa.ipc.new_stream(self._file, SCHEMA, options=options)

    def append(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()
        os.fsync(self._file.fileno())
        self._file.close()
        self._open.rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_requests(folder: Path) -> Requests:
    """Read every segment of a folder, of whatever process.

    The segment that a kill left open is read as far as it goes, and named in `torn`.

    Raises:
        LoadError: a finished segment cannot be read, or is none of ours; all such.
    """
    batches: list[pa.RecordBatch] = []
    torn, problems = [], []
    for path in _files(folder):
        found, trouble = _read(path)
        if any(batch.schema != SCHEMA for batch in found):
            problems.append(f"{path}: has other columns")
            continue
        batches += found
        if path.suffix == _OPEN:
            torn.append(path.name)
        elif trouble is not None:
            problems.append(f"{path}: {trouble}")
    if problems:
        msg = f"requests cannot be read: {'; '.join(problems)}"
        raise LoadError(msg)
    table = pa.Table.from_batches(batches, schema=SCHEMA)
    return Requests(table=table.sort_by("end_ns"), torn=tuple(torn))


def _files(folder: Path) -> Iterable[Path]:
    return sorted((*folder.glob(f"*{_CLOSED}"), *folder.glob(f"*{_OPEN}")))


def _read(path: Path) -> tuple[list[pa.RecordBatch], str | None]:
    """Return the whole batches of a file, and what kept it from being read to its end."""
    batches: list[pa.RecordBatch] = []
    try:
        with pa.ipc.open_stream(path.read_bytes()) as stream:
            batches.extend(stream)
    except (pa.ArrowInvalid, OSError) as error:
        return batches, str(error)
    return batches, None
