"""What a site uses while nobody asks anything of it: asked of the kernel, by machine."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from reprise_platform.embedded import cgroups


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """One cgroup at one instant: processor time since it was made, memory now."""

    cpu_s: float
    memory_bytes: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a machine used: processors (1.0 is one, busy all the time), and memory.

    Memory is the working set, as Kubernetes counts it: without pages that the kernel
    would drop first.
    """

    machine: str
    processors: float
    memory_bytes: int


def counter(site: str, machine: str) -> Counter:
    """Read what a machine's cgroups count, its pods' included; 0 for what they do not."""
    cpu_s, memory = 0.0, 0
    for group in cgroups.machine_groups(site, machine):
        cpu_s = cpu_s or _cpu_s(group)
        memory = memory or _working_set(group)
    return Counter(cpu_s=cpu_s, memory_bytes=memory)


def idle(
    site: str,
    machines: tuple[str, ...],
    over_s: float,
    pause: Callable[[float], object],
) -> tuple[Usage, ...]:
    """Return what each machine uses over some seconds, in the order of `machines`.

    Args:
        over_s: how long is looked, in seconds; above 0.
        pause: lets that many seconds pass.
    """
    before = {name: counter(site, name) for name in machines}
    began_s = time.monotonic()
    pause(over_s)
    after = {name: counter(site, name) for name in machines}
    lasted_s = time.monotonic() - began_s
    return usages(before, after, lasted_s)


def usages(
    before: Mapping[str, Counter], after: Mapping[str, Counter], lasted_s: float
) -> tuple[Usage, ...]:
    """Return the usage between two readings `lasted_s` seconds apart."""
    return tuple(
        Usage(
            machine=name,
            # A machine begun anew in between counts from nothing.
            processors=max(0.0, after[name].cpu_s - before[name].cpu_s) / lasted_s,
            memory_bytes=after[name].memory_bytes,
        )
        for name in before
    )


def on_disk(folder: Path) -> int:
    """Return the bytes that a folder takes on its disk: holes are nothing, links count once.

    What is mounted below is not its own, and not counted.
    """
    seen: set[tuple[int, int]] = set()
    total = 0
    with contextlib.suppress(OSError):
        device = folder.lstat().st_dev
        for top, folders, files in os.walk(folder):
            folders[:] = [
                name for name in folders if _device(Path(top, name)) == device
            ]
            for name in (*files, "."):
                with contextlib.suppress(OSError):
                    found = Path(top, name).lstat()
                    if (found.st_dev, found.st_ino) not in seen:
                        seen.add((found.st_dev, found.st_ino))
                        total += found.st_blocks * 512
    return total


def _device(folder: Path) -> int:
    try:
        return folder.lstat().st_dev
    except OSError:
        return -1


def _cpu_s(group: Path) -> float:
    with contextlib.suppress(OSError):
        return int((group / "cpuacct.usage").read_text()) / 1e9
    return _word(group / "cpu.stat", "usage_usec") / 1e6


def _working_set(group: Path) -> int:
    for name, dropped in (
        ("memory.usage_in_bytes", "total_inactive_file"),
        ("memory.current", "inactive_file"),
    ):
        with contextlib.suppress(OSError):
            used = int((group / name).read_text())
            return max(0, used - _word(group / "memory.stat", dropped))
    return 0


def _word(file: Path, key: str) -> int:
    """Return the number beside a key of one of the kernel's lists; 0 without it."""
    with contextlib.suppress(OSError):
        for line in file.read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == key:
                return int(value)
    return 0
