"""Where a site's processes are counted: its own cgroups, on either version.

Version 1: `<hierarchy>/reprise/<site>/<machine>` in every hierarchy. Version 2 with
systemd: a delegated scope `reprise-<site>.scope`, so that nothing of systemd's is
touched; without systemd: `/reprise/<site>`. On version 2 each machine gets a cgroup
namespace of its own, so that its kubelet sees only what it may use.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from reprise_platform.command import run
from reprise_platform.waiting import until

ROOT = Path("/sys/fs/cgroup")
# A site's claim on busy processors, in programs of ordinary priority.
_WEIGHT = 16


def version() -> int:
    """Return 2 on a unified hierarchy, else 1."""
    return 2 if (ROOT / "cgroup.controllers").exists() else 1


def hierarchies() -> tuple[Path, ...]:
    """Return the mounted hierarchies: one on version 2, one a controller on version 1."""
    if version() == 2:  # noqa: PLR2004
        return (ROOT,)
    return tuple(
        path
        for path in sorted(ROOT.iterdir())
        if not path.is_symlink() and (path / "cgroup.procs").exists()
    )


def site_groups(site: str) -> tuple[Path, ...]:
    """Return the top cgroup of a site in each hierarchy, whether it exists or not."""
    if version() == 2 and _has_systemd():  # noqa: PLR2004
        return (ROOT / "system.slice" / _scope(site),)
    return tuple(path / "reprise" / site for path in hierarchies())


def machine_groups(site: str, machine: str) -> tuple[Path, ...]:
    """Return the cgroups of one machine, one a hierarchy."""
    return tuple(group / machine for group in site_groups(site))


def prepare_site(site: str) -> None:
    """Make a site's top cgroups. Idempotent."""
    if version() == 2:  # noqa: PLR2004
        (group,) = site_groups(site)
        if _has_systemd() and not group.exists():
            _start_scope(site, group)
        group.mkdir(parents=True, exist_ok=True)
        if not _has_systemd():
            _enable_all(ROOT)
            _enable_all(group.parent)
        _enable_all(group)
        _weigh(group, "cpu.weight", _WEIGHT * 100)
        return
    for group in site_groups(site):
        group.mkdir(parents=True, exist_ok=True)
        _fill_cpuset(group.parent)
        _weigh(group.parent, "cpu.shares", _WEIGHT * 1024)
        _fill_cpuset(group)


def prepare_machine(site: str, machine: str) -> None:
    """Make a machine's cgroups anew, empty of processes and children. Idempotent."""
    for group in machine_groups(site, machine):
        _remove_tree(group)
        group.mkdir(parents=True, exist_ok=True)
        _fill_cpuset(group)


def processes(site: str) -> Iterator[int]:
    """Yield the pids in a site's cgroups, whatever state the site is in."""
    seen: set[int] = set()
    for top in site_groups(site):
        for file in sorted(top.rglob("cgroup.procs")) if top.is_dir() else ():
            with contextlib.suppress(OSError):
                seen.update(int(word) for word in file.read_text().split())
    yield from sorted(seen - {0})


def remove_site(site: str) -> None:
    """Remove a site's cgroups; every process in them must be gone."""
    for top in site_groups(site):
        until(partial(_remove_tree, top), within_s=20, every_s=0.1, what=f"{top}")
        with contextlib.suppress(OSError):
            if top.parent.name == "reprise":
                top.parent.rmdir()


def _remove_tree(top: Path) -> bool:
    """Remove a cgroup from its leaves up; true when it is gone."""
    if top.is_dir():
        folders = [top, *(path for path in top.rglob("*") if path.is_dir())]
        for folder in sorted(folders, key=lambda path: -len(path.parts)):
            with contextlib.suppress(OSError):
                folder.rmdir()
    return not top.is_dir()


def _fill_cpuset(group: Path) -> None:
    # A version 1 cpuset takes no process until it has processors and memory nodes.
    for name in ("cpuset.cpus", "cpuset.mems"):
        file = group / name
        if file.exists() and version() == 1 and not file.read_text().strip():
            file.write_text((group.parent / name).read_text())


def _weigh(group: Path, name: str, value: int) -> None:
    # A cgroup counts as one process when processors are shared out: without this, two
    # whole clusters would get as much as one busy program beside them, and stall.
    if (group / name).exists():
        (group / name).write_text(str(value))


def _enable_all(group: Path) -> None:
    for controller in (group / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):
            (group / "cgroup.subtree_control").write_text(f"+{controller}")


def _has_systemd() -> bool:
    return Path("/run/systemd/system").is_dir() and bool(shutil.which("systemd-run"))


def _scope(site: str) -> str:
    return f"reprise-{site}.scope"


def _start_scope(site: str, group: Path) -> None:
    # A scope lives as long as a process does; this one holds it in a leaf of its own,
    # because a cgroup that hands controllers down may hold no process itself.
    hold = (
        f"mkdir {group}/hold; echo $$ > {group}/hold/cgroup.procs; exec sleep infinity"
    )
    subprocess.Popen(
        [
            *(
                "systemd-run",
                "--scope",
                "--quiet",
                "--collect",
                f"--unit={_scope(site)}",
            ),
            *("-p", "Delegate=yes", "-p", "TimeoutStopSec=5s", "sh", "-c", hold),
        ],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(
        lambda: (group / "hold").is_dir() and time.monotonic(),
        within_s=10,
        every_s=0.05,
        what=f"systemd's scope {_scope(site)}",
    )
    run(["systemctl", "is-active", "--quiet", _scope(site)])
