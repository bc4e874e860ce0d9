"""What this machine is: looked at and tried, not judged."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from reprise_platform import hostpackages, paths
from reprise_platform.command import run
from reprise_platform.doctor.trial import NAMESPACES, UNTRIED
from reprise_platform.embedded import addresses, builds, cgroups
from reprise_platform.errors import CommandError, PlatformError

# Bits of Linux' capabilities(7) that `up` uses; nothing here can be had without them.
CAPABILITIES: Mapping[str, int] = {
    "CAP_CHOWN": 0,
    "CAP_DAC_OVERRIDE": 1,
    "CAP_FOWNER": 3,
    "CAP_KILL": 5,
    "CAP_SETGID": 6,
    "CAP_SETUID": 7,
    "CAP_SETPCAP": 8,
    "CAP_NET_ADMIN": 12,
    "CAP_SYS_CHROOT": 18,
    "CAP_SYS_PTRACE": 19,
    "CAP_SYS_ADMIN": 21,
    "CAP_MKNOD": 27,
    "CAP_SETFCAP": 31,
}
RESOURCE_CAPABILITY, _RESOURCE_BIT = "CAP_SYS_RESOURCE", 24
_PROC = Path("/proc")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The file system on which a folder is, or would be made."""

    folder: Path
    device: int
    kind: str
    free_bytes: int
    free_files: int
    writable: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was found.

    Attributes:
        inotify_used: instances that this user's processes hold now.
        capabilities: those of CAPABILITIES and RESOURCE_CAPABILITY that this process has.
        trials: what was tried to "" or why it does not work (see `trial.py`).
        cgroup_error, delegation_error: "" or why a group could not be made.
        delegation_error: None where no systemd runs.
        compiler_disk: where Go keeps what it compiled.
        cached: every server, root and image store was made before.
        blocks_taken: address block to who holds it.
        blocks_error: why that could not be told, or "".
        newest_source_s: the last change of this program's own files, seconds of the epoch.
    """

    kernel: str
    architecture: str
    root: bool
    capabilities: frozenset[str]
    trials: Mapping[str, str]
    cgroup_version: int
    cgroup_controllers: frozenset[str]
    cgroup_error: str
    delegation_error: str | None
    state_disk: Disk
    cache_disk: Disk
    compiler_disk: Disk
    cached: bool
    memory_bytes: int
    memory_available_bytes: int
    processors: int
    inotify_instances: int
    inotify_watches: int
    inotify_used: int
    lacking: tuple[tuple[str, str], ...]
    apt: bool
    python: tuple[int, int]
    blocks_taken: Mapping[str, str]
    blocks_error: str
    now_s: float
    newest_source_s: float


def look() -> Facts:
    """Look at this machine and try what can be tried; takes well under a second."""
    root = os.geteuid() == 0
    version, controllers = _cgroup_controllers()
    memory = _memory()
    taken, blocks_error = _blocks()
    return Facts(
        kernel=platform.release(),
        architecture=platform.machine(),
        root=root,
        capabilities=_capabilities(),
        trials=_trials(),
        cgroup_version=version,
        cgroup_controllers=controllers,
        cgroup_error=_cgroup_error(version) if root else "",
        delegation_error=_delegation_error() if root else None,
        state_disk=_disk(paths.state()),
        cache_disk=_disk(paths.cache()),
        compiler_disk=_disk(_compiler_cache()),
        cached=_cached(),
        memory_bytes=memory.get("MemTotal", 0),
        memory_available_bytes=memory.get("MemAvailable", 0),
        processors=len(os.sched_getaffinity(0)),
        inotify_instances=_sysctl("fs/inotify/max_user_instances"),
        inotify_watches=_sysctl("fs/inotify/max_user_watches"),
        inotify_used=_inotify_used(),
        lacking=hostpackages.missing(),
        apt=shutil.which("apt-get") is not None,
        python=sys.version_info[:2],
        blocks_taken=taken,
        blocks_error=blocks_error,
        now_s=time.time(),
        newest_source_s=Path(__file__).stat().st_mtime,
    )


def _capabilities() -> frozenset[str]:
    status = (_PROC / "self/status").read_text()
    found = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)
    bits = int(found[1], 16) if found else 0
    wanted = {**CAPABILITIES, RESOURCE_CAPABILITY: _RESOURCE_BIT}
    return frozenset(name for name, bit in wanted.items() if bits >> bit & 1)


def _trials() -> Mapping[str, str]:
    script = Path(__file__).with_name("trial.py")
    roots = sorted((paths.cache() / "roots").glob("machine-*/root"))
    try:
        with tempfile.TemporaryDirectory(prefix="reprise-trial-") as work:
            # Its mounts lie in namespaces of their own: the folder stays empty here.
            told = run([sys.executable, "-I", "-S", script, work, *roots[:1]])
        found = json.loads(told)
    except (CommandError, OSError, ValueError) as error:
        names = [*(f"namespace {name}" for name in NAMESPACES), "overlay", "loop"]
        names += ["links", "nftables", "iptables", "conntrack"]
        return dict.fromkeys(names, f"{UNTRIED}{error}")
    return {str(name): str(said) for name, said in found.items()}


def _cgroup_controllers() -> tuple[int, frozenset[str]]:
    try:
        version = cgroups.version()
        if version == 1:
            named = [path.name.split(",") for path in cgroups.hierarchies()]
            found = frozenset(name for names in named for name in names)
            return (1, found) if found else (0, found)
        words = (cgroups.ROOT / "cgroup.controllers").read_text().split()
        return version, frozenset(words)
    except OSError:
        return 0, frozenset()


def _cgroup_error(version: int) -> str:
    """Make a group and remove it again, as a site's would be made without systemd."""
    if version == 0 or (version == 2 and _has_systemd()):  # noqa: PLR2004
        return ""
    try:
        for top in cgroups.hierarchies():
            group = top / f"reprise-trial-{os.getpid()}"
            group.mkdir()
            group.rmdir()
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    return ""


def _has_systemd() -> bool:
    return Path("/run/systemd/system").is_dir()


def _delegation_error() -> str | None:
    if not _has_systemd():
        return None
    unit = f"reprise-trial-{os.getpid()}.scope"
    words = ("--scope", "--quiet", "--collect", f"--unit={unit}", "-p", "Delegate=yes")
    try:
        run(["systemd-run", *words, "true"], within_s=10)
    except CommandError as error:
        return str(error)
    return ""


def _disk(folder: Path) -> Disk:
    there = folder
    while not there.exists():
        there = there.parent
    found = os.statvfs(there)
    kinds = [
        (Path(words[4]), words[words.index("-") + 1])
        for line in (_PROC / "self/mountinfo").read_text().splitlines()
        if there.is_relative_to((words := line.split())[4])
    ]
    # Of mounts one above another, the last in the list is the one seen.
    depth = max((len(point.parts) for point, _ in kinds), default=0)
    kind = next((k for p, k in reversed(kinds) if len(p.parts) == depth), "unknown")
    return Disk(
        folder=folder,
        device=there.stat().st_dev,
        kind=kind,
        free_bytes=found.f_bavail * found.f_frsize,
        # Some file systems (btrfs) count no files.
        free_files=found.f_favail if found.f_files else 1 << 40,
        writable=not found.f_flag & os.ST_RDONLY and os.access(there, os.W_OK),
    )


def _compiler_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("GOCACHE") or Path(home) / "go-build").resolve()


def _cached() -> bool:
    """Tell whether something of each kind was made; a recipe changed since costs less."""
    tools = paths.cache() / "tools"
    made = {path.name.rpartition("-")[0] for path in tools.glob("[!.]*-*")}
    stores = any((paths.cache() / "stores").glob("[!.]*"))
    return stores and {item.name for item in builds.BUILDS} <= made


def _memory() -> dict[str, int]:
    lines = (_PROC / "meminfo").read_text().splitlines()
    split = (line.partition(":") for line in lines)
    return {name: int(value.split()[0]) * 1024 for name, _, value in split}


def _sysctl(name: str) -> int:
    try:
        return int((_PROC / "sys" / name).read_text())
    except (OSError, ValueError):
        return 0


def _inotify_used() -> int:
    used = 0
    for process in _PROC.glob("[0-9]*"):
        # Each ends, or is another user's, as it likes.
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.geteuid():
                for file in (process / "fd").iterdir():
                    with contextlib.suppress(OSError):
                        used += str(file.readlink()) == "anon_inode:inotify"
    return used


def _blocks() -> tuple[Mapping[str, str], str]:
    try:
        return {str(block): who for block, who in addresses.holders().items()}, ""
    except PlatformError as error:
        return {}, str(error)
