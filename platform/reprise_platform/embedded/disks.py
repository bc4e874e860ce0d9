"""Disks: ext4 file systems in files, so that a full one fills only itself.

A disk's file is sparse: it takes of this machine what was written to it, and can never
take more than its size. It is mounted in the mount namespace of the machine that uses it,
and nowhere else: the machine's death unmounts it, in order, as soon as the last process is
gone.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from reprise_platform.command import run
from reprise_platform.embedded import loops
from reprise_platform.errors import CommandError
from reprise_platform.waiting import until

# What a mount that is no longer used writes before it lets go of its file.
_UNPLUGGED_WITHIN_S = 60
# Access times nobody reads; a file's holes are zeros already, and need no writing.
_OPTIONS = "noatime,noinit_itable,errors=remount-ro"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """One disk of a machine.

    Attributes:
        image: its file on this machine.
        target: where the machine has it, without a leading slash.
        size_bytes: the most that it holds, its own bookkeeping included.
        synced: whether what a program syncs goes to this machine's disk at once. Power
            off is SIGKILL here, which the page cache survives.
    """

    image: Path
    target: str
    size_bytes: int
    synced: bool = False

    @property
    def options(self) -> str:
        """How it is mounted."""
        return _OPTIONS if self.synced else f"{_OPTIONS},nobarrier"


def make(disk: Disk) -> None:
    """Make a disk's file system, empty; one that is there keeps its data. Idempotent.

    Raises:
        CommandError: mkfs.ext4 refuses.
    """
    if disk.image.exists():
        return
    disk.image.parent.mkdir(parents=True, exist_ok=True)
    partial = disk.image.with_name(f".{disk.image.name}.partial")
    with partial.open("wb") as file:
        file.truncate(disk.size_bytes)
    partial.chmod(0o600)
    run(
        [
            *("mkfs.ext4", "-q", "-F", "-m", "0"),
            # The file is all holes: what is not written reads as zeros.
            *("-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", partial),
        ]
    )
    partial.rename(disk.image)


@contextlib.contextmanager
def plugged(disks: Sequence[Disk]) -> Iterator[tuple[tuple[Disk, Path], ...]]:
    """Give each disk a block device while the block runs: mount them meanwhile.

    Waits until a former life of the machine has let go of them: mounted twice, through two
    devices, a file system would be torn.

    Raises:
        WaitTimeout: something still uses one.
        PlatformError: this machine gives no loop device.
    """
    with contextlib.ExitStack() as stack:
        found = []
        for disk in disks:
            make(disk)
            _wait_unplugged(disk.image)
            found.append((disk, stack.enter_context(loops.attached(disk.image))))
        yield tuple(found)


def mount_in(inside: Sequence[str], disk: Disk) -> None:
    """Mount a new disk in a machine that is on; `inside` runs a program in it.

    Raises:
        CommandError: the machine refuses.
    """
    with plugged([disk]) as ((_, device),):
        target = f"/{disk.target}"
        run([*inside, "mkdir", "-p", target])
        mount = ["mount", "-t", "ext4", "-o", disk.options]
        run([*inside, *mount, device, target])
        run([*inside, "rmdir", f"{target}/lost+found"])


def drop(inside: Sequence[str], disk: Disk) -> None:
    """Take a disk away for good, from a machine that is on (`inside`) or off (empty).

    What still uses it keeps it, without a name, until it ends.
    """
    if inside:
        with contextlib.suppress(CommandError):
            run([*inside, "umount", "--lazy", f"/{disk.target}"])
    disk.image.unlink(missing_ok=True)


def _wait_unplugged(image: Path) -> None:
    def free() -> bool:
        users = loops.backed_by(image)
        for device in users:
            # One that nothing has mounted, left by a program killed in between.
            loops.release(device)
        return not users

    until(
        free,
        within_s=_UNPLUGGED_WITHIN_S,
        every_s=0.05,
        what=f"{image} to be unmounted; see: losetup -a",
    )
