"""Which history file a load process writes, and which patients the files know."""

from __future__ import annotations

import itertools
from pathlib import Path

from reprise_loadtests.errors import LoadError
from reprise_loadtests.known import KnownPatient, registered
from reprise_pra.history import HistoryError, Recorder, read_history

BASELINE_JOURNEY = "baseline"
"""The journey of the writes that prepare a load: registrations before it starts."""


def open_recorder(folder: Path, *, first: int = 1) -> Recorder:
    """Open the first `load-<n>` from `first` that no process has taken.

    Two processes never share a file: their operation ids would be the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(first):
        process = f"load-{number}"
        try:
            (folder / f"{process}.jsonl").touch(exist_ok=False)
        except FileExistsError:
            continue
        return Recorder(folder, process)
    raise AssertionError


def patients_on_record(folder: Path) -> tuple[KnownPatient, ...]:
    """Return the patients whose registration the folder's load processes saw acknowledged.

    Raises:
        LoadError: a file of the folder cannot be read as history.
    """
    try:
        history = read_history(folder.glob("load-*.jsonl"))
    except HistoryError as error:
        msg = f"cannot tell which patients are known: {error}"
        raise LoadError(msg) from error
    return registered(history.events)
