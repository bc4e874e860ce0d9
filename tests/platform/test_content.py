"""What is made once: whole or not at all, by one maker, kept by what it is made from."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from reprise_platform import content
from tests.platform import examples


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples.state_in(tmp_path, monkeypatch)


def _write(folder: Path) -> None:
    (folder / "file").write_text("whole")


def test_made_once() -> None:
    """What is there is not made again."""
    first = content.made("kind", "thing", "key", _write)

    def never(_folder: Path) -> None:
        pytest.fail("made again")

    assert content.made("kind", "thing", "key", never) == first
    assert (first / "file").read_text() == "whole"


def _killed_half_way(folder: Path) -> None:
    (folder / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)


def test_killed_half_way_is_not_taken_for_finished() -> None:
    """A maker that dies leaves nothing that the next one takes for its result."""
    process = multiprocessing.get_context("fork").Process(
        target=content.made, args=("kind", "thing", "key", _killed_half_way)
    )
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    folder = content.made("kind", "thing", "key", _write)
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert list(folder.parent.glob(".*partial")) == []


def test_failed_maker_leaves_nothing_finished() -> None:
    """A maker that raises is tried again, from an empty folder."""

    def fails(folder: Path) -> None:
        (folder / "half").touch()
        msg = "no space"
        raise OSError(msg)

    with pytest.raises(OSError, match="no space"):
        content.made("kind", "thing", "key", fails)
    folder = content.made("kind", "thing", "key", _write)
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_a_stray_of_a_killed_maker_writes_elsewhere() -> None:
    """A program that a killed maker left behind cannot write into the next one's folder."""
    strays: list[Path] = []

    def killed(folder: Path) -> None:
        strays.append(folder)
        raise KeyboardInterrupt

    def with_a_stray(folder: Path) -> None:
        assert folder != strays[0]
        assert not strays[0].exists()
        _write(folder)

    with pytest.raises(KeyboardInterrupt):
        content.made("kind", "thing", "key", killed)
    content.made("kind", "thing", "key", with_a_stray)


def test_two_makers_wait_in_line() -> None:
    """Of two that want the same thing at once, one makes it and both have it."""
    made: list[Path] = []
    begun, go_on = threading.Event(), threading.Event()

    def slow(folder: Path) -> None:
        made.append(folder)
        begun.set()
        assert go_on.wait(30)
        _write(folder)

    found: list[Path] = []

    def want() -> None:
        found.append(content.made("kind", "thing", "key", slow))

    wanting = [threading.Thread(target=want) for _ in range(2)]
    wanting[0].start()
    assert begun.wait(30)
    wanting[1].start()
    wanting[1].join(0.2)
    assert wanting[1].is_alive()
    go_on.set()
    for thread in wanting:
        thread.join(30)
    assert len(made) == 1
    assert found[0] == found[1]


def test_key_follows_the_content(tmp_path: Path) -> None:
    """A file's text, its name in a folder, a word: each changes the key; nothing else."""
    folder = tmp_path / "recipe"
    folder.mkdir()
    (folder / "go.mod").write_text("one")
    first = content.key([folder, "word"])
    assert content.key([folder, "word"]) == first
    (folder / "go.mod").touch()
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_text("compiled")
    assert content.key([folder, "word"]) == first
    seen = {first, content.key([folder, "other"])}
    (folder / "go.mod").write_text("two")
    seen.add(content.key([folder, "word"]))
    (folder / "go.mod").rename(folder / "go.sum")
    seen.add(content.key([folder, "word"]))
    assert len(seen) == 4


def test_key_keeps_parts_apart() -> None:
    """Two lists of parts that read alike when run together have two keys."""
    assert content.key(["ab", "c"]) != content.key(["a", "bc"])


def test_lock_dies_with_its_holder(tmp_path: Path) -> None:
    """A lock whose holder was killed is free."""

    def hold() -> None:
        with content.locked(tmp_path / "lock"):
            os.kill(os.getpid(), signal.SIGKILL)

    process = multiprocessing.get_context("fork").Process(target=hold)
    process.start()
    process.join(30)
    with content.locked(tmp_path / "lock"):
        assert process.exitcode == -signal.SIGKILL
