"""Bring a site up and take it down, several times, and note what each time cost."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

from reprise_platform import paths, provider
from reprise_platform.bench.consumption import Usage, idle, on_disk
from reprise_platform.embedded import layout
from reprise_platform.embedded.progress import Progress, StepTime
from reprise_platform.errors import Refused
from reprise_platform.sites import Site
from reprise_pra.analysis.results import Text


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One `up` and one `down`: seconds of each and of their steps, and what lay between.

    `disk_bytes` is what the site's own folder takes while it is up, its disks' holes left
    out.
    """

    up: tuple[StepTime, ...]
    up_s: float
    usages: tuple[Usage, ...]
    disk_bytes: int
    down: tuple[StepTime, ...]
    down_s: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The middle one of some figures, with the least and the greatest."""

    median: float
    least: float
    greatest: float


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the bounds; at least one value."""
    return Spread(
        median=statistics.median(values), least=min(values), greatest=max(values)
    )


def steps(rounds: Sequence[tuple[StepTime, ...]]) -> dict[str, Spread]:
    """Return the spread of each step's seconds, in the order of the first round.

    A step that not every round had (what was built in the first, say) is of those that
    had it.
    """
    found: dict[str, list[float]] = {}
    for each in rounds:
        for step in each:
            found.setdefault(step.step, []).append(step.seconds)
    return {step: spread(seconds) for step, seconds in found.items()}


def one(
    file: Path,
    site: Site,
    *,
    settle_s: float,
    idle_s: float,
    pause: Callable[[float], object],
) -> Round:
    """Bring a site up, look at it while nobody asks anything of it, take it down.

    Args:
        settle_s: let pass before looking, in seconds: what starts late ends meanwhile.
        idle_s: how long is looked, in seconds.

    Raises:
        Refused: a site of that name is there: it is not ours to take down.
        PlatformError: as `up` and `down`.
    """
    if paths.site_state(site.name).exists():
        raise Refused([_taken(site.name)])
    up = Progress(provider.STEPS_UP)
    try:
        provider.provision(file, site.name, up)
        up_s = up.seconds()
        machines = _machines(site.name)
        pause(settle_s)
        used = idle(site.name, machines, idle_s, pause)
        disk = on_disk(paths.site_state(site.name))
    finally:
        down = Progress(provider.STEPS_DOWN)
        provider.destroy(site.name, down)
    return Round(
        up=tuple(up.times),
        up_s=up_s,
        usages=used,
        disk_bytes=disk,
        down=tuple(down.times),
        down_s=down.seconds(),
    )


def _machines(name: str) -> tuple[str, ...]:
    laid = layout.load(name)
    return tuple(machine.name for machine in laid.machines()) if laid else ()


def _taken(name: str) -> Text:
    return Text(
        fr=f"un site {name} est déjà là, et ce banc démonte ce qu'il monte : prenez un"
        " autre --name",
        en=f"a site {name} is here already, and this bench takes down what it brings up:"
        " take another --name",
    )
