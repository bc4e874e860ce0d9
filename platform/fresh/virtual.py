"""`nox -s fresh-vm`: a small site in a stock Debian virtual machine.

Debian's own kernel and systemd, cgroups version 2, nothing loaded and nothing set: what a
machine is like on the day it is installed. Emulated where there is no KVM, hence with
limits twenty times longer, and with what would take hours there done before it boots, by
this machine's processor: host packages installed, servers compiled, images made.
`nox -s fresh` is what proves those. Standard library only, Python 3.9.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import debian

TREE = Path(__file__).resolve().parents[2]
_PACKAGES = (
    *("linux-image-amd64", "systemd-sysv", "dbus", "udev"),
    *("python3", "python3-venv"),
)
_QEMU = "qemu-system-x86_64"
_NEEDED = {_QEMU: "qemu-system-x86", "mkfs.ext4": "e2fsprogs"}
# Room for a site's disks, beside what is copied.
_ROOM_BYTES = 12 << 30
_ENDED = re.compile(r"^trial ended: (.*?)\s*$", re.MULTILINE)
_PREPARE = (
    "python3 -m venv .nox/start && .nox/start/bin/pip install --quiet nox"
    " && .nox/start/bin/nox -s imports"
)
# Printed by the environment's Python: the host packages, then what `up` would make, made.
_HOST_PACKAGES = (
    "from reprise_platform.hostpackages import FILES, TOOLS;"
    "print(*sorted({package for _, package, _ in (*TOOLS, *FILES)}))"
)
_MAKE = (
    "from reprise_platform.embedded import bringup, progress;"
    "bringup.make_everything(progress.Progress(bringup.TOLD))"
)


def main() -> int:
    """Make the machine, boot it, and return 0 when its trial ended well."""
    chosen = _arguments()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="reprise-vm-", dir=chosen.folder))
    try:
        debian.need(_NEEDED)
        disk = _disk(folder, chosen.python)
        for init in ("systemd", "bare") if chosen.init == "both" else (chosen.init,):
            _booted(folder, disk, init=init, within_s=chosen.within_min * 60)
    except debian.FreshError as error:
        print(f"fresh-vm: {error}", file=sys.stderr)
        return 1
    else:
        print("fresh-vm: the small site came up, went, and left the machine as before")
        return 0
    finally:
        debian.remove(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s fresh-vm --", description=__doc__)
    parser.add_argument("--python", required=True, help=argparse.SUPPRESS)
    parser.add_argument(
        "--init",
        choices=("systemd", "bare", "both"),
        default="systemd",
        help="process 1: systemd, a bare shell, or one after the other (%(default)s)",
    )
    parser.add_argument(
        "--within-min", type=float, default=120, help="minutes each (%(default)g)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("/var/tmp"),  # noqa: S108 - a folder of its own is made in it
        help="where the disk is made: some 15 GB for a while (%(default)s)",
    )
    return parser.parse_args()


def _disk(folder: Path, python: str) -> Path:
    """Make the machine's disk: a stock root, the tree with its environment, the cache."""
    root, disk = folder / "root", folder / "disk"
    began_s = time.time()
    _say("what `up` makes once, made or found in the cache")
    debian.ran([python, "-c", _MAKE])
    packages = subprocess.run(
        [python, "-c", _HOST_PACKAGES], check=True, stdout=subprocess.PIPE, text=True
    )
    _say("a stock root")
    debian.bootstrap(root, [*_PACKAGES, *packages.stdout.split()])
    variables = debian.furnish(root, TREE)
    _say("the environment, made in it by the processor of this machine")
    if debian.inside(root, _PREPARE, variables, within_s=1800):
        msg = "the environment could not be made in the root; the lines above say why"
        raise debian.FreshError(msg)
    _copy_cache(root, began_s)
    units = root / "etc/systemd/system"
    shutil.copy(root / debian.TREE / "platform/fresh/trial.service", units)
    wanted = units / "multi-user.target.wants" / "trial.service"
    wanted.parent.mkdir(exist_ok=True)
    wanted.symlink_to("../trial.service")
    # A login on the console would hang up on who tells of the trial there.
    (units / "serial-getty@ttyS0.service").symlink_to("/dev/null")
    (root / "etc/fstab").write_text("/dev/vda / ext4 rw 0 1\n")
    shutil.copy(root / debian.TREE / "platform/fresh/bare-init.sh", root / "bare-init")
    (root / "bare-init").chmod(0o755)
    used = subprocess.run(
        ["du", "-sb", str(root)], check=True, stdout=subprocess.PIPE, text=True
    )
    size = int(int(used.stdout.split()[0]) * 1.3) + _ROOM_BYTES
    _say("its disk")
    with disk.open("wb") as file:
        file.truncate(size)
    debian.ran(["mkfs.ext4", "-q", "-F", "-d", str(root), str(disk)])
    for name in ("vmlinuz", "initrd.img"):
        shutil.copy((root / name).resolve(), folder / name)
    debian.remove(root)
    return disk


def _copy_cache(root: Path, began_s: float) -> None:
    """Copy from the cache what was made or found since, and nothing older."""
    cache = Path(os.environ.get("REPRISE_CACHE") or "/var/cache/reprise")
    target = root / "var/cache/reprise"
    for entry in cache.glob("*/[!.]*"):
        if entry.stat().st_mtime >= began_s:
            to = target / entry.relative_to(cache)
            to.parent.mkdir(parents=True, exist_ok=True)
            debian.ran(["cp", "-a", str(entry), str(to)])


def _booted(folder: Path, disk: Path, *, init: str, within_s: float) -> None:
    """Boot the machine, show its console, and see that its trial ended well."""
    kernel = "root=/dev/vda rw console=ttyS0 quiet"
    if init == "bare":
        kernel += " init=/bare-init"
    words = [
        *("setpriv", "--pdeathsig", "KILL", _QEMU, "-cpu", "max", "-smp", "2"),
        *("-accel", accelerator(Path("/proc/cpuinfo").read_text(), Path("/dev/kvm"))),
        *("-m", "6144", "-nographic", "-no-reboot", "-nic", "none"),
        *("-kernel", str(folder / "vmlinuz"), "-initrd", str(folder / "initrd.img")),
        *("-append", kernel),
        *("-drive", f"file={disk},if=virtio,format=raw,cache=unsafe"),
    ]
    _say(f"booting it, with {init} as process 1")
    began_s = time.monotonic()
    console = folder / f"console-{init}"
    with (
        subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ) as machine,
        console.open("wb") as kept,
    ):
        assert machine.stdout is not None
        try:
            for line in machine.stdout:
                kept.write(line)
                sys.stdout.buffer.write(line)
                sys.stdout.flush()
                if time.monotonic() - began_s > within_s:
                    msg = f"not done within {within_s / 60:.0f} min"
                    raise debian.FreshError(msg)
        finally:
            with contextlib.suppress(ProcessLookupError):
                machine.kill()
    _say(f"{(time.monotonic() - began_s) / 60:.1f} min")
    ended = trial_ended(console.read_text(errors="replace"))
    if ended != "well":
        msg = f"with {init} as process 1 the trial ended: {ended}"
        raise debian.FreshError(msg)


def accelerator(processors: str, kvm: Path) -> str:
    """Return how the machine's processor is had.

    A /dev/kvm without the processor's own help was seen to answer, and then to boot no
    kernel.
    """
    flags = set(processors.split())
    return "kvm" if kvm.exists() and flags & {"vmx", "svm"} else "tcg,thread=multi"


def trial_ended(console: str) -> str:
    """Return what the trial said last of how it ended: "well", or what failed."""
    found = _ENDED.findall(console)
    return found[-1] if found else "without a word"


def _say(what: str) -> None:
    print(f"fresh-vm: {what}", flush=True)


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
