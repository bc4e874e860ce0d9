"""Puts the ledgers of several machines into one folder, on the master's clock.

`python -m reprise_loadtests.merge --into DIR FOLDER...`: every `load-<n>` of every folder
becomes a process of its own. A worker's file tells by how much its instants are to be
shifted; where a worker has an arrival on record, what its master took for lost is left out.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from reprise_loadtests.errors import LoadError
from reprise_pra.history import Event, HistoryError, JsonValue, read_history

_INSTANTS = ("intended_ns", "until_ns")


def merged(files: Iterable[Path]) -> tuple[tuple[Event, ...], ...]:
    """Return each file's events on the master's clock, renamed so that no two share a name.

    The boot becomes the master's where a shift was made, so that durations are valid.

    Raises:
        LoadError: a file cannot be read, or none holds a schedule.
    """
    read: list[tuple[Event, ...]] = []
    for path in sorted(files):
        try:
            read.append(read_history([path]).events)
        except HistoryError as error:
            raise LoadError(str(error)) from error
    masters = [
        events for events in read if any(one.operation == "schedule" for one in events)
    ]
    if not masters:
        msg = "no file holds a schedule: give the master's folder too"
        raise LoadError(msg)
    boot_id = masters[0][0].boot_id
    begun = {
        one.value.get("instance")
        for events in read
        if events not in masters
        for one in events
        if one.operation == "arrival"
    }
    found = []
    for number, events in enumerate(read, start=1):
        shift_ns = _shift_ns(events)
        kept = (
            one
            for one in events
            if events not in masters
            or one.operation != "arrival"
            or "reason" not in one.value
            or one.value.get("instance") not in begun
        )
        found.append(
            tuple(_moved(one, f"load-{number}", shift_ns, boot_id) for one in kept)
        )
    return tuple(found)


def _shift_ns(events: Sequence[Event]) -> int:
    for event in events:
        shift_ns = event.value.get("shift_ns")
        if event.operation == "clock" and isinstance(shift_ns, int):
            return shift_ns
    return 0


def _moved(event: Event, process: str, shift_ns: int, boot_id: str) -> Event:
    if not shift_ns:
        return dataclasses.replace(event, process=process)
    value: dict[str, JsonValue] = dict(event.value)
    for key in _INSTANTS:
        if isinstance(at_ns := value.get(key), int) and at_ns:
            value[key] = at_ns + shift_ns
    return dataclasses.replace(
        event,
        process=process,
        value=value,
        at_ns=event.at_ns + shift_ns,
        boot_id=boot_id,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 0 when one folder holds all."""
    parser = argparse.ArgumentParser(prog="python -m reprise_loadtests.merge")
    parser.add_argument("--into", required=True, type=Path, help="a new folder")
    parser.add_argument("folders", nargs="+", type=Path, help="history folders")
    given = parser.parse_args(arguments)
    if given.into.exists():
        sys.stderr.write(f"{given.into}: is there already; give a new folder\n")
        return 1
    try:
        files = [p for folder in given.folders for p in folder.glob("load-*.jsonl")]
        found = merged(files)
    except LoadError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    given.into.mkdir(parents=True)
    for events in found:
        if events:
            path = given.into / f"{events[0].process}.jsonl"
            lines = "".join(f"{event.to_line()}\n" for event in events)
            path.write_text(lines, encoding="utf-8")
    sys.stdout.write(f"{len(found)} files in {given.into}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
