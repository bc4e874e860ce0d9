"""Requests in columns: all of them, in order, whatever killed the process that wrote them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_loadtests.columns import Keeper
from reprise_loadtests.errors import LoadError
from reprise_loadtests.segments import SCHEMA, Request, SegmentWriter, read_requests
from reprise_platform.waiting import until

_S = 1_000_000_000


class Clock:
    """A clock that is put forward."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        """Return the instant, a nanosecond later each time."""
        self.now_ns += 1
        return self.now_ns


def _request(number: int, problem: str | None = None) -> Request:
    return Request(
        kind="consult",
        name=f"operation-{number}",
        start_s=1_700_000_000 + number,
        response_ms=number * 1.5,
        size=number,
        problem=problem,
    )


def _names(folder: Path) -> list[str]:
    return list(read_requests(folder).table["name"].to_pylist())


def test_what_is_added_is_read(tmp_path: Path) -> None:
    """Every field comes back; a request that succeeded has no problem."""
    writer = SegmentWriter(tmp_path, "load-1", clock_ns=Clock())
    writer.add(_request(1))
    writer.add(_request(2, problem="timeout"))
    writer.close()
    found = read_requests(tmp_path)
    assert found.torn == ()
    assert found.table.schema == SCHEMA
    first, second = found.table.to_pylist()
    assert (first["type"], first["name"], first["problem"]) == (
        "consult",
        "operation-1",
        None,
    )
    assert first["start_utc"].timestamp() == 1_700_000_001
    assert (second["response_ms"], second["bytes"]) == (3.0, 2)
    assert (second["problem"], second["process"]) == ("timeout", "load-1")


def test_segments_are_cut_by_time_and_merged_in_order(tmp_path: Path) -> None:
    """One file for each so many seconds; two processes' files are read as one table."""
    clock = Clock()
    writers = [SegmentWriter(tmp_path, f"load-{n}", clock_ns=clock) for n in (1, 2)]
    for number in range(120):
        writers[number % 2].add(_request(number))
        clock.now_ns += _S
    for writer in writers:
        writer.close()
        writer.close()
    assert _names(tmp_path) == [f"operation-{number}" for number in range(120)]
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files[0] == "load-1-00001.arrow"
    assert 6 <= len(files) <= 12


def test_process_started_again_overwrites_nothing(tmp_path: Path) -> None:
    """The second process of one name goes on with the next number."""
    for number in (1, 2):
        writer = SegmentWriter(tmp_path, "load-1", clock_ns=Clock())
        writer.add(_request(number))
        writer.close()
    assert sorted(_names(tmp_path)) == ["operation-1", "operation-2"]


def test_no_request_no_file(tmp_path: Path) -> None:
    """A load that sent nothing leaves nothing, and reads as an empty table."""
    SegmentWriter(tmp_path / "x", "load-1").close()
    assert not (tmp_path / "x").exists()
    assert read_requests(tmp_path / "x").table.num_rows == 0


def _open_segment(folder: Path) -> bytes:
    """Return the bytes of a segment with ten batches that nobody finished."""
    clock = Clock()
    writer = SegmentWriter(folder, "load-1", clock_ns=clock, segment_s=1000)
    for number in range(10):
        clock.now_ns += 2 * _S
        writer.add(_request(number))
    (file,) = folder.glob("*.open")
    unfinished = file.read_bytes()
    writer.close()
    return unfinished


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return such a segment."""
    return _open_segment(tmp_path_factory.mktemp("unfinished"))


@settings(max_examples=60)
@given(st.floats(0, 1))
def test_segment_cut_anywhere_gives_its_whole_batches(
    tmp_path_factory: pytest.TempPathFactory, unfinished: bytes, share: float
) -> None:
    """Cut at any byte, what is before is read, in order, and the file is named."""
    folder = tmp_path_factory.mktemp("cut")
    cut = round(share * len(unfinished))
    (folder / "load-1-00001.open").write_bytes(unfinished[:cut])
    found = read_requests(folder)
    names = found.table["name"].to_pylist()
    assert names == [f"operation-{number}" for number in range(len(names))]
    assert found.torn == ("load-1-00001.open",)
    if cut == len(unfinished):
        assert len(names) == 10


def test_finished_segment_that_is_damaged_is_told(
    tmp_path: Path, unfinished: bytes
) -> None:
    """A file with its final name was whole once: every one that is not is an error."""
    (tmp_path / "load-1-00001.arrow").write_bytes(unfinished[: len(unfinished) // 2])
    (tmp_path / "load-1-00002.arrow").write_bytes(b"nothing of the kind")
    with pytest.raises(LoadError, match=r"00001(.|\n)*00002"):
        read_requests(tmp_path)


def test_other_columns_are_told(tmp_path: Path) -> None:
    """Another program's Arrow file is not taken for requests."""
    batch = pa.record_batch([pa.array([1])], names=["x"])
    file = tmp_path / "x-00001.arrow"
    with file.open("wb") as output, pa.ipc.new_stream(output, batch.schema) as stream:
        stream.write_batch(batch)
    with pytest.raises(LoadError, match="other columns"):
        read_requests(tmp_path)


_ENDLESS = """
import itertools, pathlib, sys, time
from reprise_loadtests.segments import Request, SegmentWriter
writer = SegmentWriter(pathlib.Path(sys.argv[1]), "load-1", batch_s=0, segment_s=0.05)
for number in itertools.count():
    writer.add(Request(kind="k", name=str(number), start_s=time.time(),
                       response_ms=1.0, size=None, problem=None))
    print(number, flush=True)
"""


def test_killed_writer_loses_nothing_it_had_flushed(tmp_path: Path) -> None:
    """SIGKILL in the middle: every request written is read, segment after segment."""
    writing = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writing.stdout is not None
    for line in writing.stdout:
        if int(line) >= 300:
            break
    writing.send_signal(signal.SIGKILL)
    written = [line for line in writing.communicate()[0].splitlines() if line]
    last = int(written[-1]) if written else 300
    names = _names(tmp_path)
    assert names[: last + 1] == [str(number) for number in range(last + 1)]
    assert len(names) <= last + 2


def test_what_locust_counts_is_kept_without_waiting_for_more(tmp_path: Path) -> None:
    """The last request before a lull is on the disk soon; a failure keeps its reason."""
    keeper = Keeper(lambda: tmp_path, every_s=0.01)
    failure = TimeoutError("no answer within 10 s")
    keeper.keep(request_type="GET", name="/", response_time=1.5, response_length=7)
    keeper.keep(request_type="GET", name="/x", exception=failure, context={})
    until(
        lambda: len(_names(tmp_path)) == 2,
        within_s=30,
        every_s=0.05,
        what="both requests to be readable while the process runs",
    )
    keeper.close()
    keeper.close()
    first, second = read_requests(tmp_path).table.to_pylist()
    assert (first["response_ms"], first["bytes"], first["problem"]) == (1.5, 7, None)
    assert second["problem"] == "no answer within 10 s"
