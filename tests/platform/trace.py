"""What a site may leave behind on this machine, as a set of lines to compare.

Other sites of this machine come and go meanwhile: what bears another site's name in its
path, group or link is left out. Everything else is looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import listing

from reprise_platform import paths
from reprise_platform.embedded import cgroups, loops

TOKEN = "REPRISE_TRACE"


def look(site: str, token: str) -> frozenset[str]:
    """Return what there is: one line each, beginning with its kind.

    Args:
        site: whose traces are looked for; those of other sites are left out.
        token: value of the variable TOKEN in the environment of what was started; its
            descendants have it too, unless they were given an environment of their own.
    """
    others = _Others(site)
    pids = [
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()
    ]
    alien = {pid for pid in pids if others.has_group(_read(pid, "cgroup"))}
    return frozenset(
        [
            *_processes(site, token, set(pids) - alien),
            *_namespaces(set(pids) - alien, alien),
            *(line for line in _mounts(set(pids) - alien) if not others.has(line)),
            *(line for line in _groups() if not others.has(line)),
            *(line for line in _loops(others_up=bool(alien)) if not others.has(line)),
            *(line for line in _machine() if not others.has(line)),
            *(line for line in _sockets() if not others.has(line)),
            *(line for line in _files() if not others.has(line)),
        ]
    )


class _Others:
    """Tells what belongs to another site."""

    def __init__(self, site: str) -> None:
        name = rf"(?!{re.escape(site)}(?![a-z0-9-]))[a-z][a-z0-9-]*"
        self._group = re.compile(rf"/reprise/{name}|reprise-{name}\.scope")
        found = (
            rf"reprise-drill-{name}",
            rf"{re.escape(str(paths.state()))}/sites/\.?{name}",
            rf"\brp-{name}",
        )
        self._other = re.compile("|".join(found))

    def has(self, line: str) -> bool:
        """Tell whether a line names another site."""
        return bool(self._other.search(line)) or (
            line.startswith("cgroup ") and self.has_group(line)
        )

    def has_group(self, line: str) -> bool:
        """Tell whether a cgroup is another site's."""
        return bool(self._group.search(line))


def _processes(site: str, token: str, pids: set[int]) -> Iterator[str]:
    folder = str(paths.site_state(site))
    for pid in pids - {os.getpid()}:
        line = _read(pid, "cmdline").replace("\0", " ")
        ours = (
            f"{TOKEN}={token}" in _read(pid, "environ").split("\0")
            or f"/reprise/{site}" in _read(pid, "cgroup")
            or f"reprise-{site}.scope" in _read(pid, "cgroup")
            or folder in line
        )
        # A zombie is its parent's affair; it holds nothing.
        if ours and not _read(pid, "stat").rpartition(")")[2].startswith(" Z"):
            yield f"process {pid} {line}"


def _namespaces(pids: set[int], alien: set[int]) -> Iterator[str]:
    theirs = {_link(pid, "net") for pid in alien}
    for name in {_link(pid, "net") for pid in pids} - theirs - {""}:
        yield f"network namespace {name}"


def _mounts(pids: set[int]) -> Iterator[str]:
    """Yield every mount of every mount namespace, each namespace looked into once."""
    by_namespace = {_link(pid, "mnt"): pid for pid in sorted(pids, reverse=True)}
    own = _link(os.getpid(), "mnt")
    for namespace, pid in by_namespace.items():
        for shown in listing.mounts(str(pid)):
            # Namespaces of programs that have nothing to do with us have /proc and /tmp.
            if namespace == own or "reprise" in shown:
                yield shown


def _loops(*, others_up: bool) -> Iterator[str]:
    """Yield every loop device with its file.

    A free one of the sites' own numbers may be another site's, which is about to use it.
    """
    for device in Path("/sys/block").glob("loop*"):
        file = loops.backing_file(device)
        number = int(device.name.removeprefix("loop"))
        if file or number not in loops.OURS or not others_up:
            yield f"loop device {device.name} of {file or 'no file'}"


def _groups() -> Iterator[str]:
    for top in cgroups.hierarchies():
        for folder, inner, _ in os.walk(top):
            for name in inner:
                path = f"{folder}/{name}"
                if "reprise" in path:
                    yield f"cgroup {path}"


def _machine() -> Iterator[str]:
    yield from listing.modules()
    yield from listing.sysctls()
    yield from listing.controllers()
    yield from listing.network()
    yield from listing.rules()


def _sockets() -> Iterator[str]:
    for line in Path("/proc/net/unix").read_text().splitlines():
        name = line.split()[7:]
        if name and "reprise" in name[0]:
            yield f"socket {name[0]}"


def _files() -> Iterator[str]:
    if paths.state().exists():
        yield f"file {paths.state()}"
        for folder in (paths.state(), paths.state() / "sites"):
            for path in folder.iterdir() if folder.is_dir() else ():
                yield f"file {path}"


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _link(pid: int, kind: str) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/{kind}").readlink())
    except OSError:
        return ""
