"""Opening a history file that an earlier, killed process may have left torn."""

from __future__ import annotations

from pathlib import Path

from reprise_pra.history import Recorder


def open_recorder(folder: Path, process: str) -> Recorder:
    """Open `<folder>/<process>.jsonl` for appending, without its torn last line.

    One process name is used by one process at a time, and by several in turn: each
    experiment of a drill is the nemesis while it runs. A line that a killed one left
    half-written is no event, and would make a bad line once another follows it.
    """
    path = folder / f"{process}.jsonl"
    if path.exists():
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            with path.open("r+b") as file:
                file.truncate(whole)
    return Recorder(folder, process)
