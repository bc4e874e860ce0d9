"""Where a site's processes are counted: its own cgroups, on either version.

Version 1: `<hierarchy>/reprise/<site>/<machine>` in every hierarchy. Version 2 with
systemd: a delegated scope `reprise-<site>.scope`, so that nothing of systemd's is
touched; without systemd: `/reprise/<site>`, and the controllers that this takes from the
root are given back when the last site goes. On version 2 each machine gets a cgroup
namespace of its own, so that its kubelet sees only what it may use.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from reprise_platform.command import run
from reprise_platform.waiting import until

ROOT = Path("/sys/fs/cgroup")
# A site's claim on busy processors, in programs of ordinary priority.
_WEIGHT = 16
# On a version 2 root without systemd: what we had it hand down, kept on our own cgroup.
_ENABLED = "trusted.reprise.enabled"
# The leaf of a site's processes that are no machine's: a version 2 cgroup that hands
# controllers down may hold none itself.
_HOLD = "hold"


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
            _enable_from_root(group.parent)
        (group / _HOLD).mkdir(exist_ok=True)
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


def hold_file(site: str) -> Path | None:
    """Return the file by which a process joins the site on version 2, else None.

    A session's own processes are counted, and may be killed, with the session.
    """
    if version() == 1:
        return None
    (group,) = site_groups(site)
    return group / _HOLD / "cgroup.procs"


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
        if top.parent.name == "reprise":
            enabled = _enabled(top.parent)
            with contextlib.suppress(OSError):
                # Refused while another site is there, which then gives them back.
                top.parent.rmdir()
                _hand_down(ROOT, (f"-{each}" for each in enabled))


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
    _hand_down(group, (f"+{each}" for each in _words(group / "cgroup.controllers")))


def _enable_from_root(ours: Path) -> None:
    """Have the root hand everything down to us, and remember what it did not before."""
    asked = set(_words(ROOT / "cgroup.controllers"))
    added = asked - set(_words(ROOT / "cgroup.subtree_control"))
    if added:
        value = " ".join(sorted(added | set(_enabled(ours))))
        # Kept by the kernel with the cgroup, hence gone with it, also after a reboot.
        os.setxattr(ours, _ENABLED, value.encode())
        _hand_down(ROOT, (f"+{each}" for each in added))
    _enable_all(ours)


def _enabled(ours: Path) -> list[str]:
    try:
        return os.getxattr(ours, _ENABLED).decode().split()
    except OSError:
        return []


def _hand_down(group: Path, changes: Iterable[str]) -> None:
    """Change which controllers a cgroup hands down; one in use, or not there, stays."""
    for change in changes:
        with contextlib.suppress(OSError):
            (group / "cgroup.subtree_control").write_text(change)


def _words(file: Path) -> list[str]:
    return file.read_text().split()


def _has_systemd() -> bool:
    return Path("/run/systemd/system").is_dir() and bool(shutil.which("systemd-run"))


def _scope(site: str) -> str:
    return f"reprise-{site}.scope"


def _start_scope(site: str, group: Path) -> None:
    # A scope lives as long as a process does; this one holds it in a leaf of its own,
    # because a cgroup that hands controllers down may hold no process itself.
    hold = (
        f"mkdir {group}/{_HOLD}; echo $$ > {group}/{_HOLD}/cgroup.procs; "
        "exec sleep infinity"
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
        lambda: (
            _words(group / _HOLD / "cgroup.procs") if (group / _HOLD).is_dir() else []
        ),
        within_s=10,
        every_s=0.05,
        what=f"systemd's scope {_scope(site)}",
    )
    run(["systemctl", "is-active", "--quiet", _scope(site)])
