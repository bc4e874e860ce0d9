"""Disks: file systems in files: their limit is their own, their mounts end by themselves."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_platform.command import run
from reprise_platform.embedded import disks, loops
from reprise_platform.embedded.disks import Disk
from reprise_platform.errors import CommandError, PlatformError, WaitTimeout
from reprise_platform.waiting import until

_is_root = pytest.mark.skipif(
    os.geteuid() != 0 or not loops.CONTROL.exists(), reason="loop devices need root"
)
_MIB = 1 << 20


def _disk(folder: Path, name: str = "one", mib: int = 64) -> Disk:
    image = folder / "disks" / f"{name}.img"
    return Disk(image=image, target=f"srv/{name}", size_bytes=mib * _MIB)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder whose loop devices are gone when the test ends."""
    yield tmp_path
    for device in loops.backed_below(tmp_path):
        loops.release(device)
    _unplugged(tmp_path)
    until(loops.sweep, within_s=20, every_s=0.1, what="free devices to be removed")


def _unplugged(folder: Path) -> None:
    until(
        lambda: not loops.backed_below(folder),
        within_s=20,
        every_s=0.05,
        what="devices to be free",
    )


def test_a_disk_takes_what_is_written_to_it(tmp_path: Path) -> None:
    """A new disk is as large as asked for and takes little; made again it stays."""
    disk = _disk(tmp_path, mib=1024)
    disks.make(disk)
    found = disk.image.stat()
    assert found.st_size == 1024 * _MIB
    assert found.st_blocks * 512 < 40 * _MIB
    assert found.st_mode & 0o777 == 0o600
    disks.make(disk)
    assert disk.image.stat().st_mtime_ns == found.st_mtime_ns
    assert [path.name for path in disk.image.parent.iterdir()] == ["one.img"]


def test_a_half_made_disk_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk whose making was killed is never taken for whole."""
    disk = _disk(tmp_path)

    def killed(command: list[object]) -> str:
        raise CommandError(str(command[0]))

    with monkeypatch.context() as broken:
        broken.setattr(disks, "run", killed)
        with pytest.raises(CommandError, match=r"mkfs\.ext4"):
            disks.make(disk)
    assert not disk.image.exists()
    disks.make(disk)
    assert [path.name for path in disk.image.parent.iterdir()] == ["one.img"]


def test_no_loop_devices_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without loop devices is told so, and what to do."""
    monkeypatch.setattr(loops, "CONTROL", tmp_path / "none")
    with (
        pytest.raises(
            PlatformError, match=r"none: No such file.*modprobe loop.*privil"
        ),
        loops.attached(tmp_path / "image"),
    ):
        pass


@_is_root
def test_a_full_disk_fills_only_itself(folder: Path) -> None:
    """Written full, a disk gives ENOSPC at its limit; its neighbour takes writes on.

    The first process of the mount namespace is killed then: no device is left.
    """
    full, other = _disk(folder, "full"), _disk(folder, "other")
    with disks.plugged([full, other]) as plugged:
        lines = [f"mkdir -p {folder}/{disk.target}" for disk, _ in plugged]
        lines += [
            f"mount -o {disk.options} {device} {folder}/{disk.target}"
            for disk, device in plugged
        ]
        script = [
            *("set -e", *lines, f"echo kept > {folder}/srv/full/kept"),
            f"dd if=/dev/zero of={folder}/srv/full/big bs=1M 2>&1 || true",
            f"dd if=/dev/zero of={folder}/srv/other/some bs=1M count=8 2>&1",
            "echo ready; exec sleep 60",
        ]
        machine = subprocess.Popen(
            ["unshare", "--mount", "bash", "-c", "\n".join(script)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert machine.stdout is not None
        told = "".join(iter(machine.stdout.readline, "ready\n"))
    assert os.strerror(errno.ENOSPC) in told
    assert "8+0 records out" in told
    assert len(loops.backed_below(folder)) == 2
    assert not list((folder / "srv" / "full").iterdir())
    assert full.image.stat().st_blocks * 512 <= full.size_bytes
    machine.kill()
    machine.communicate()
    _unplugged(folder)
    assert _read(full, folder, "kept") == "kept\n"


def _read(disk: Disk, folder: Path, name: str) -> str:
    """Mount a disk once more, in a namespace that ends, and read a file of it."""
    with disks.plugged([disk]) as ((_, device),):
        script = f"mount {device} {folder}/{disk.target} && cat {folder}/{disk.target}/{name}"
        return run(["unshare", "--mount", "bash", "-c", script])


@_is_root
def test_a_device_nobody_mounted_lets_go(folder: Path) -> None:
    """Without a mount the device frees itself at the end, and sweeping removes it."""
    disk = _disk(folder)
    with disks.plugged([disk]) as ((_, device),):
        assert loops.backing_file(device) == str(disk.image)
        assert int(device.name.removeprefix("loop")) in loops.OURS
    _unplugged(folder)
    until(loops.sweep, within_s=20, every_s=0.1, what="free devices to be removed")
    assert not device.exists()


@_is_root
def test_a_disk_still_mounted_is_not_plugged_twice(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system is never given out through two devices: it would be torn."""
    monkeypatch.setattr(disks, "_UNPLUGGED_WITHIN_S", 0.2)
    disk = _disk(folder)
    with (
        disks.plugged([disk]),
        pytest.raises(WaitTimeout, match="to be unmounted"),
        disks.plugged([disk]),
    ):
        pass


@_is_root
def test_what_a_killed_program_left_bound_is_released(folder: Path) -> None:
    """A device bound without the mark that lets it go by itself is freed at the next use."""
    disk = _disk(folder)
    disks.make(disk)
    number = run(["losetup", "--find", "--show", disk.image]).strip()
    assert loops.backed_by(disk.image) == (Path(number),)
    with disks.plugged([disk]):
        assert Path(number) not in loops.backed_by(disk.image)
    loops.release(Path(number))


@_is_root
def test_two_at_once_get_two_devices(folder: Path) -> None:
    """Sites that come up side by side never get one device for two files."""
    pair = [_disk(folder, name) for name in ("one", "two")]
    with disks.plugged(pair) as plugged:
        assert len({device for _, device in plugged}) == 2
        assert [loops.backing_file(device) for _, device in plugged] == [
            str(disk.image) for disk in pair
        ]
