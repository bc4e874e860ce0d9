"""A machine: network, pid, mount, uts and ipc namespaces over one shared Debian root.

Switching it off kills its first process, and with it every process of the machine, pods
included; all its mounts live in its own mount namespace and go with it. Its disk (the
overlay's upper folder and the bound folders) stays, as a real machine's would.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reprise_platform import content, paths
from reprise_platform.embedded import cgroups, disks, network
from reprise_platform.embedded.disks import Disk
from reprise_platform.errors import PlatformError
from reprise_platform.waiting import patience, until

_SCRIPTS = paths.PLATFORM / "machines"
# In a machine's folder: how its first process ended, that its power was cut, its keys.
ENDED, CUT, HELD = "ended", "cut", "held"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """A folder or file of this machine seen inside: read-only unless said otherwise."""

    source: Path
    target: str
    writable: bool = False
    # Services hold what they read there when they start.
    held: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A program kept running: started again one second after it ends, as systemd would.

    `env` is written to a file that only root reads, never to a command line.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a machine is made of.

    Attributes:
        site_folder: the site's own folder; the machine's is `machines/<name>` in it.
        root: the shared Debian root, the overlay's lower layer.
        files: path inside to text, written before each start (configuration).
        prepare: shell lines run inside before the services (idempotent).
    """

    name: str
    site: str
    site_folder: Path
    root: Path
    binds: tuple[Bind, ...] = ()
    disks: tuple[Disk, ...] = ()
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    prepare: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()

    @property
    def folder(self) -> Path:
        """The machine's own folder on this machine."""
        return self.site_folder / "machines" / self.name

    @property
    def namespace(self) -> Path:
        """The file that holds its network namespace."""
        return network.namespace_file(self.site_folder, self.name)

    @property
    def held(self) -> str:
        """A digest of the keys that its services would hold if they started now."""
        return content.key(bind.source for bind in self.binds if bind.held)


def start(machine: Machine) -> None:
    """Switch a machine on; one that runs is left alone.

    It runs on after this process: its first process has a session of its own.
    """
    with content.locked(machine.folder / ".lock"):
        if first_process(machine) is not None:
            return
        cgroups.prepare_machine(machine.site, machine.name)
        with disks.plugged(machine.disks) as plugged:
            _write(machine, plugged)
            _launch(machine)


def _launch(machine: Machine) -> None:
    """Start the first process, and wait until it has laid its root and mounted its disks."""
    pid_file, laid = machine.folder / "pid", machine.folder / "laid"
    console_log = machine.folder / "console.log"
    for file in (pid_file, laid, machine.folder / ENDED, machine.folder / CUT):
        file.unlink(missing_ok=True)
    with console_log.open("ab") as console:
        launched = subprocess.run(
            [
                *("setsid", "--fork", "sh", _SCRIPTS / "record.sh"),
                *(
                    machine.folder / ENDED,
                    cgroups.hold_file(machine.site) or "/dev/null",
                ),
                *("bash", _SCRIPTS / "launch.sh", pid_file),
                *(str(cgroups.version()), machine.namespace),
                machine.folder / "inner.sh",
                *cgroups.machine_groups(machine.site, machine.name),
            ],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            cwd="/",
            # Only what a program needs to be found: no session, no secret goes in.
            env={"PATH": os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"},
        )
    what = f"start of machine {machine.name}; see {machine.folder}/console.log"
    if launched.returncode != 0:
        raise PlatformError(what, logs=[console_log])

    def ready() -> bool:
        if pid_file.exists() and _outer_process(machine) is None:
            msg = f"failed: {what}"
            raise PlatformError(msg, logs=[console_log])
        return laid.exists()

    until(ready, within_s=60, every_s=0.01, what=what, logs=[console_log])


def kill(machine: Machine, within_s: float = 10) -> None:
    """Cut a machine's power: every process of it is dead when this returns. Idempotent.

    Raises:
        WaitTimeout: a process outlived SIGKILL (it sleeps in the kernel).
    """
    with content.locked(machine.folder / ".lock"):
        outer = _outer_process(machine)
        groups = cgroups.machine_groups(machine.site, machine.name)
        if outer is not None:
            (machine.folder / CUT).touch()
            for inner in _children(outer):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(inner, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(outer, signal.SIGKILL)

        def gone() -> bool:
            return not any(_populated(group) for group in groups)

        until(gone, within_s=within_s, every_s=0.02, what=f"end of {machine.name}")
        (machine.folder / "pid").unlink(missing_ok=True)


def add_disk(machine: Machine, disk: Disk) -> None:
    """Make a disk for a machine, and mount it there when the machine is on.

    One that is off mounts it when it starts, if it is one of the machine's then.
    """
    with content.locked(machine.folder / ".lock"):
        if first_process(machine) is None:
            disks.make(disk)
        else:
            disks.mount_in(inside(machine), disk)


def drop_disk(machine: Machine, disk: Disk) -> None:
    """Take a disk away from a machine for good. Idempotent."""
    with content.locked(machine.folder / ".lock"):
        disks.drop(inside(machine) if first_process(machine) else (), disk)


def first_process(machine: Machine) -> int | None:
    """Return the pid of the machine's first process, or None when it is off."""
    outer = _outer_process(machine)
    if outer is None:
        return None
    return next(iter(_children(outer)), outer)


def inside(machine: Machine) -> tuple[str, ...]:
    """Return the words that run a program inside a machine that is on.

    Raises:
        ProcessLookupError: the machine is off.
    """
    pid = first_process(machine)
    if pid is None:
        msg = f"machine {machine.name} is off"
        raise ProcessLookupError(msg)
    return ("nsenter", "-t", str(pid), "-m", "-p", "-u", "-n", "-i", "-r", "-w")


def _write(machine: Machine, plugged: Sequence[tuple[Disk, Path]]) -> None:
    for name in ("upper", "work", "root", "log", "etc"):
        (machine.folder / name).mkdir(parents=True, exist_ok=True)
    for bind in machine.binds:
        if bind.writable:
            bind.source.mkdir(parents=True, exist_ok=True)
    etc = machine.folder / "etc"
    for path, text in machine.files.items():
        file = etc / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(text)
    services = []
    for service in machine.services:
        env = etc / f"{service.name}.env"
        env.touch(mode=0o600)
        env.write_text(
            "".join(f"export {k}={shlex.quote(v)}\n" for k, v in service.env.items())
        )
        services.append(f"keep {service.name} {shlex.join(service.command)}")
    first = (f"AGAIN_S={patience():g}", ". /etc/reprise/keep.sh")
    (etc / "start.sh").write_text(
        "\n".join([*first, *machine.prepare, *services, "wait", ""])
    )
    (etc / "keep.sh").write_text((_SCRIPTS / "keep.sh").read_text())
    (machine.folder / HELD).write_text(machine.held)
    (machine.folder / "inner.sh").write_text(_inner(machine, plugged))


def _inner(machine: Machine, plugged: Sequence[tuple[Disk, Path]]) -> str:
    folder = machine.folder
    binds = [
        Bind(source=folder / "etc", target="etc/reprise"),
        Bind(source=folder / "log", target="var/log", writable=True),
        *machine.binds,
    ]
    values = {"NAME": machine.name, "LOWER": machine.root, "FOLDER": folder}
    lines = [f"{name}={shlex.quote(str(value))}" for name, value in values.items()]
    lines.append((_SCRIPTS / "inner-head.sh").read_text())
    lines += [
        shlex.join(["disk", str(device), disk.target, disk.options])
        for disk, device in plugged
    ]
    lines += [
        shlex.join(["bind", str(each.source), each.target, _mode(each)])
        for each in binds
    ]
    lines.append((_SCRIPTS / "inner-tail.sh").read_text())
    return "\n".join(lines)


def _mode(bind: Bind) -> str:
    return "rw" if bind.writable else "ro"


def _outer_process(machine: Machine) -> int | None:
    try:
        word, started, *boot = (machine.folder / "pid").read_text().split()
        pid = int(word)
    except (OSError, ValueError):
        return None
    # A pid is used again one day: it is ours only with the start time we wrote down, and
    # in no other boot, where the clock of start times began anew.
    ours = _started_at(pid) == started and boot in ([], [_boot()])
    return pid if ours else None


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _started_at(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "gone"
    fields = stat.rpartition(")")[2].split()
    return "gone" if fields[0] == "Z" else fields[19]


def _children(pid: int) -> Iterator[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return
    yield from (int(word) for word in text.split())


def _populated(group: Path) -> bool:
    for file in group.rglob("cgroup.procs") if group.is_dir() else ():
        with contextlib.suppress(OSError):
            if file.read_text().strip():
                return True
    return False
