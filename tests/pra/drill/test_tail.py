"""Growing history files are followed, torn lines and all."""

from __future__ import annotations

from pathlib import Path

from reprise_pra.drill.tail import Tail
from reprise_pra.history import Kind, Recorder


def test_each_event_comes_once(tmp_path: Path) -> None:
    """What was read is not read again; files that appear later are followed too."""
    tail = Tail(tmp_path)
    assert tail.look() == ()
    with Recorder(tmp_path, "load-1") as recorder:
        recorder.record(Kind.OK, "search", "1")
        assert [event.op_id for event in tail.look()] == ["1"]
        recorder.record(Kind.OK, "search", "2")
        with Recorder(tmp_path, "load-2") as other:
            other.record(Kind.OK, "search", "3")
        assert [event.op_id for event in tail.look()] == ["2", "3"]
    assert tail.look() == ()


def test_a_line_still_being_written_comes_later(tmp_path: Path) -> None:
    """Half a line is no event yet, even when it is cut inside a letter."""
    with Recorder(tmp_path, "load-1") as recorder:
        recorder.record(Kind.OK, "search", "é")
    file = tmp_path / "load-1.jsonl"
    whole = file.read_bytes()
    cut = whole.index("é".encode()) + 1
    file.write_bytes(whole[:cut])
    tail = Tail(tmp_path)
    assert tail.look() == ()
    file.write_bytes(whole)
    assert [event.op_id for event in tail.look()] == ["é"]


def test_a_line_that_is_no_event_ends_nothing(tmp_path: Path) -> None:
    """A watcher counts it and goes on; the analysis will judge it."""
    (tmp_path / "load-1.jsonl").write_text("{}\nnothing\n")
    tail = Tail(tmp_path)
    assert tail.look() == ()
    assert tail.unreadable == 2


def test_only_the_files_asked_for_are_read(tmp_path: Path) -> None:
    """The display reads the load's files, not the probers' many lines."""
    with Recorder(tmp_path, "prober-read-0") as recorder:
        recorder.record(Kind.OK, "probe", "1")
    assert Tail(tmp_path, "load-*.jsonl").look() == ()
