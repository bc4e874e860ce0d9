"""`cache`: what was built once and kept, when it was last used, and what can go."""

from __future__ import annotations

import argparse
import dataclasses
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import rich.console
import rich.table

from reprise_platform import content, paths
from reprise_platform.errors import Refused
from reprise_platform.language import Language, spoken
from reprise_pra.analysis.results import Text

COMMAND: Final = "cache"
_DAY_S = 86400.0
_WHAT: Final = Text(
    fr="dit ce que le cache contient, et en retire ce qui ne sert plus",
    en="say what the cache holds, and take out what is no longer used",
)
_UNUSED: Final = Text(
    fr="retire ce qui n'a pas servi depuis autant de jours ; aucun site ne doit être monté",
    en="take out what was not used for so many days; no site may be up",
)
_HEAD: Final = (
    Text(fr="fait", en="made"),
    Text(fr="dernier usage (jours)", en="last used (days)"),
    Text(fr="Mo", en="MB"),
)
_REMOVED: Final = Text(fr="retiré : {} ({:.0f} Mo)", en="taken out: {} ({:.0f} MB)")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing of the cache.

    Attributes:
        used_s: the wall clock's time of its last use.
        size_bytes: on disk; what two entries share is counted in each.
    """

    folder: Path
    used_s: float
    size_bytes: int

    @property
    def name(self) -> str:
        """Its kind and its name, as in `images/velero-c4a4...`."""
        return f"{self.folder.parent.name}/{self.folder.name}"


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: Language
) -> None:
    """Add the command to the platform's."""
    what = spoken(_WHAT, language)
    made = commands.add_parser(COMMAND, help=what, description=what)
    made.add_argument(
        "--unused-days", type=_days, metavar="N", help=spoken(_UNUSED, language)
    )
    made.set_defaults(lang=language)


def run(chosen: argparse.Namespace) -> int:
    """List the cache, or take out of it what has not been used for long.

    Raises:
        Refused: a site is up: its machines' roots lie in the cache.
    """
    if chosen.unused_days is None:
        _list(entries(), chosen.lang)
        return 0
    for gone in prune(unused_s=chosen.unused_days * _DAY_S):
        said = spoken(_REMOVED, chosen.lang)
        sys.stdout.write(said.format(gone.name, gone.size_bytes / 1e6) + "\n")
    return 0


def entries(*, used_before_s: float = math.inf) -> tuple[Entry, ...]:
    """Return what is whole in the cache and was not used since, the longest unused first.

    Args:
        used_before_s: as the wall clock tells it; by default all. Only what is returned is
            measured, which takes its time.
    """
    found = (
        Entry(
            folder=folder,
            used_s=folder.stat().st_mtime,
            size_bytes=_size_bytes(folder),
        )
        for folder in paths.cache().glob("*/[!.]*")
        if folder.is_dir() and folder.stat().st_mtime < used_before_s
    )
    return tuple(sorted(found, key=lambda entry: (entry.used_s, entry.name)))


def prune(*, unused_s: float) -> tuple[Entry, ...]:
    """Take out what was not used for so many seconds, and return it.

    Raises:
        Refused: a site is up, in whole or in part; nothing was taken out.
    """
    up = sorted(path.name for path in (paths.state() / "sites").glob("[!.]*"))
    if up:
        names, command = (
            ", ".join(up),
            f"python -m reprise_platform down --name {up[0]}",
        )
        problem = Text(
            fr=f"{names} : ses machines sont dans le cache ; d'abord `{command}`",
            en=f"{names}: its machines run from the cache; first `{command}`",
        )
        raise Refused([problem])
    old = entries(used_before_s=time.time() - unused_s)
    for entry in old:
        _remove(entry.folder)
    return old


def _remove(folder: Path) -> None:
    """Take one thing out: killed half-way, what is left is not taken for it."""
    with content.locked(folder.with_name(f".{folder.name}.lock")):
        going = folder.with_name(f".{folder.name}.going.partial")
        shutil.rmtree(going, ignore_errors=True)
        folder.rename(going)
        shutil.rmtree(going)


def _list(found: Iterable[Entry], language: Language) -> None:
    table = rich.table.Table(box=None, pad_edge=False)
    for head in _HEAD:
        justify = "left" if head is _HEAD[0] else "right"
        table.add_column(spoken(head, language), justify=justify)  # type: ignore[arg-type]
    for entry in found:
        days = (time.time() - entry.used_s) / _DAY_S
        table.add_row(entry.name, f"{days:.1f}", f"{entry.size_bytes / 1e6:,.0f}")
    rich.console.Console().print(table)


def _size_bytes(folder: Path) -> int:
    told = subprocess.run(
        ["du", "-s", "-B1", str(folder)], check=True, stdout=subprocess.PIPE, text=True
    )
    return int(told.stdout.split()[0])


def _days(word: str) -> float:
    try:
        days = float(word)
    except ValueError:
        days = -1
    if not days >= 0:
        msg = f"{word!r} is not a number of days, 0 or more"
        raise argparse.ArgumentTypeError(msg)
    return days
