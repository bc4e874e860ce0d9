"""How a site goes away, from any state: even half made, even after a reboot."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from reprise_platform import paths
from reprise_platform.command import run
from reprise_platform.embedded import cgroups, loops, network
from reprise_platform.embedded.holding import held
from reprise_platform.embedded.progress import Progress
from reprise_platform.errors import CommandError
from reprise_platform.sites import check_name
from reprise_platform.waiting import until


def down(name: str, progress: Progress) -> None:
    """Leave no process, mount, namespace, cgroup, link or file of a site. Idempotent.

    It asks the kernel rather than the site's own files, which may be damaged or gone.

    Raises:
        SiteError: no site can have this name.
        Refused: another process is bringing it up, or taking it down.
        WaitTimeout: something outlived it; says what.
    """
    check_name(name)
    folder = paths.site_state(name)
    with held(name, "down"):
        for step, work in STEPS:
            with progress.step(step):
                work(name, folder)


def _processes(name: str, folder: Path) -> None:
    def ended() -> bool:
        found = set(cgroups.processes(name)) | set(_in_namespaces(folder))
        for pid in found - {os.getpid()}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not found

    until(ended, within_s=30, every_s=0.05, what=f"end of every process of site {name}")


def _mounts(name: str, folder: Path) -> None:
    del name

    def unmounted() -> bool:
        found = _mounted_below(folder)
        for target in found:
            with contextlib.suppress(CommandError):
                run(["umount", "--lazy", target])
        return not _mounted_below(folder)

    until(unmounted, within_s=20, every_s=0.1, what=f"unmounting below {folder}")


def _disks(name: str, folder: Path) -> None:
    del name

    def free() -> bool:
        devices = loops.backed_below(folder)
        for device in devices:
            loops.release(device)
        # Free ones of our range are removed, whoever's: they are of no use to anyone.
        return not devices and loops.sweep()

    until(free, within_s=60, every_s=0.05, what=f"loop devices of {folder}")


def _links(name: str, folder: Path) -> None:
    network.remove(name, folder)


def _cgroups(name: str, folder: Path) -> None:
    del folder
    cgroups.remove_site(name)


def _files(name: str, folder: Path) -> None:
    del name

    def gone() -> bool:
        # Tens of thousands of files: rm is several times faster than Python here.
        with contextlib.suppress(CommandError):
            run(["rm", "-rf", "--one-file-system", folder], within_s=120)
        return not folder.exists()

    until(gone, within_s=150, every_s=0.5, what=f"removal of {folder}")


STEPS: tuple[tuple[str, Callable[[str, Path], None]], ...] = (
    ("processes", _processes),
    ("links and network namespaces", _links),
    ("mounts", _mounts),
    ("disks", _disks),
    ("cgroups", _cgroups),
    ("files", _files),
)


def _in_namespaces(folder: Path) -> Iterator[int]:
    """Yield the pids that live in a network namespace held by the site's folder."""
    held = set()
    for file in (folder / "net").iterdir() if (folder / "net").is_dir() else ():
        with contextlib.suppress(OSError):
            stat = file.stat()
            held.add((stat.st_dev, stat.st_ino))
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (entry / "ns" / "net").stat()
                if (stat.st_dev, stat.st_ino) in held:
                    yield int(entry.name)


def _mounted_below(folder: Path) -> list[str]:
    """Return the mount points below a folder, the innermost first."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        # Blanks are written as octal escapes, all other characters as they are.
        escaped = line.split()[4].encode()
        target = escaped.decode("unicode_escape").encode("latin-1").decode()
        if Path(target).is_relative_to(folder):
            found.append(target)
    return sorted(found, key=len, reverse=True)
