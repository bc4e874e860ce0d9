"""The bench's figures for people and for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import rich.console
import rich.table

from reprise_platform.bench.consumption import Usage, on_disk
from reprise_platform.bench.description import Description
from reprise_platform.bench.rounds import Round, Spread, spread, steps
from reprise_platform.language import Language, spoken
from reprise_pra.analysis.results import Text

_MIB, _GIB = 1 << 20, 1 << 30
UP, DOWN = "up", "down"
ALL: Final = Text(fr="en tout", en="all")
_STEP = Text(fr="étape (secondes)", en="step (seconds)")
_MEDIAN = Text(fr="médiane", en="median")
_LEAST = Text(fr="min", en="least")
_GREATEST = Text(fr="max", en="greatest")
_MACHINE = Text(fr="au repos", en="idle")
_PROCESSORS = Text(fr="processeur (%)", en="processor (%)")
_MEMORY = Text(fr="mémoire (Mio)", en="memory (MiB)")
_DISK = Text(fr="disque", en="disk")
_ROOM = Text(fr="Gio", en="GiB")
_SITE = Text(fr="un site monté", en="one site, up")
_ROUNDS = Text(fr="{} mesures ; machine : {}", en="{} rounds; machine: {}")


def printed(
    machine: Description,
    rounds: Sequence[Round],
    cache: Mapping[str, int],
    language: Language,
    console: rich.console.Console,
) -> None:
    """Print the steps of `up` and `down`, the idle machines, and the disk."""
    for name, title in ((UP, UP), (DOWN, DOWN)):
        table = rich.table.Table(
            f"{title}: {spoken(_STEP, language)}",
            *(_right(head, language) for head in (_MEDIAN, _LEAST, _GREATEST)),
        )
        for step, seconds in _steps(rounds, name).items():
            table.add_row(step, *_cells(seconds))
        table.add_section()
        table.add_row(spoken(ALL, language), *_cells(_total(rounds, name)))
        console.print(table)
    idle = rich.table.Table(
        spoken(_MACHINE, language),
        *(_right(head, language) for head in (_PROCESSORS, _MEMORY)),
    )
    for usage in (found := usages(rounds)):
        idle.add_row(usage.machine, *_usage(usage.processors, usage.memory_bytes))
    idle.add_section()
    processors = sum(usage.processors for usage in found)
    memory = sum(usage.memory_bytes for usage in found)
    idle.add_row(spoken(ALL, language), *_usage(processors, memory))
    console.print(idle)
    disk = rich.table.Table(spoken(_DISK, language), _right(_ROOM, language))
    disk.add_row(spoken(_SITE, language), f"{_disk(rounds).median / _GIB:.2f}")
    for name, size in cache.items():
        disk.add_row(name, f"{size / _GIB:.2f}")
    console.print(disk)
    told = spoken(_ROUNDS, language).format(len(rounds), machine.as_text())
    console.print(told, highlight=False, markup=False)


def as_json(
    machine: Description, rounds: Sequence[Round], cache: Mapping[str, int]
) -> str:
    """Return the same for programs: seconds, processors, bytes."""

    def timed(name: str) -> dict[str, object]:
        return {
            "seconds": dataclasses.asdict(_total(rounds, name)),
            "steps": {
                step: dataclasses.asdict(found)
                for step, found in _steps(rounds, name).items()
            },
        }

    whole = {
        "machine": dataclasses.asdict(machine),
        "rounds": len(rounds),
        UP: timed(UP),
        DOWN: timed(DOWN),
        "idle": [dataclasses.asdict(usage) for usage in usages(rounds)],
        "site_disk_bytes": int(_disk(rounds).median),
        "cache_bytes": dict(cache),
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def usages(rounds: Sequence[Round]) -> tuple[Usage, ...]:
    """Return each machine's median usage, in the order of the first round."""
    found: dict[str, list[Usage]] = {}
    for each in rounds:
        for usage in each.usages:
            found.setdefault(usage.machine, []).append(usage)
    return tuple(
        Usage(
            machine=name,
            processors=spread([one.processors for one in all_]).median,
            memory_bytes=int(spread([one.memory_bytes for one in all_]).median),
        )
        for name, all_ in found.items()
    )


def cached(folder: Path) -> dict[str, int]:
    """Return the bytes of each part of the cache, by its folder."""
    parts = sorted(each for each in folder.iterdir() if each.is_dir())
    return {str(each): on_disk(each) for each in parts}


def _steps(rounds: Sequence[Round], name: str) -> dict[str, Spread]:
    return steps([each.up if name == UP else each.down for each in rounds])


def _total(rounds: Sequence[Round], name: str) -> Spread:
    return spread([each.up_s if name == UP else each.down_s for each in rounds])


def _disk(rounds: Sequence[Round]) -> Spread:
    return spread([each.disk_bytes for each in rounds])


def _cells(found: Spread) -> tuple[str, str, str]:
    values = (found.median, found.least, found.greatest)
    first, second, third = (f"{value:.1f}" for value in values)
    return first, second, third


def _usage(processors: float, memory_bytes: int) -> tuple[str, str]:
    return f"{100 * processors:.1f}", f"{memory_bytes / _MIB:.0f}"


def _right(head: Text, language: Language) -> rich.table.Column:
    return rich.table.Column(spoken(head, language), justify="right")
