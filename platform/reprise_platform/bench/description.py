"""What this machine is, so that a figure measured here can be read elsewhere."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
import shutil
from pathlib import Path

from reprise_platform import paths
from reprise_platform.embedded import cgroups

_GB = 1 << 30


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A machine, and how busy it was: a figure of a busy one tells little.

    `load` is the mean number of programs that ran or waited over the last minute, before
    anything was measured.
    """

    processors: int
    model: str
    memory_gb: float
    free_disk_gb: float
    kernel: str
    distribution: str
    cgroups: int
    load: float

    def as_text(self) -> str:
        """Return it in one line."""
        return (
            f"{self.processors} × {self.model}, {self.memory_gb:.1f} GiB of memory,"
            f" {self.free_disk_gb:.0f} GiB of disk free, Linux {self.kernel},"
            f" {self.distribution}, cgroups v{self.cgroups}, load {self.load:.1f}"
        )


def described() -> Description:
    """Look at this machine."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    state = paths.state()
    there = next(each for each in (state, *state.parents) if each.is_dir())
    return Description(
        processors=len(os.sched_getaffinity(0)),
        model=_first("/proc/cpuinfo", "model name", ":") or platform.machine(),
        memory_gb=pages / _GB,
        free_disk_gb=shutil.disk_usage(there).free / _GB,
        kernel=platform.release(),
        distribution=_first("/etc/os-release", "PRETTY_NAME", "=") or "Linux",
        cgroups=cgroups.version(),
        load=os.getloadavg()[0],
    )


def _first(file: str, key: str, separator: str) -> str:
    with contextlib.suppress(OSError):
        for line in Path(file).read_text(errors="replace").splitlines():
            name, _, value = line.partition(separator)
            if name.strip() == key:
                return " ".join(value.strip(' "').split())
    return ""
