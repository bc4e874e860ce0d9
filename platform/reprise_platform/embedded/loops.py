"""Loop devices: block devices over files, from a range of numbers of our own.

Each is attached so that it lets go of its file by itself when its last user does: a mount
dies with the mount namespace of its machine, and the device with the mount. Numbers come
from `OURS`, far from those that other programs take, so that devices that are free there
may be removed again. Source: Linux, include/uapi/linux/loop.h.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from reprise_platform.errors import PlatformError

CONTROL = Path("/dev/loop-control")
OURS = range(4096, 8192)
_BLOCK = Path("/sys/block")
_SET_FD, _CLEAR_FD, _SET_STATUS, _ADD, _REMOVE = 0x4C00, 0x4C01, 0x4C04, 0x4C80, 0x4C81
# lo_device, lo_inode, lo_rdevice, lo_offset, lo_sizelimit, lo_number, lo_encrypt_type,
# lo_encrypt_key_size, lo_flags, lo_file_name, lo_crypt_name, lo_encrypt_key, lo_init.
_STATUS = struct.Struct("=5Q4I64s64s32s2Q")
_AUTOCLEAR = 4
_REMEDY = (
    "a site's disks are file systems in files, which need loop devices. "
    f"Try: modprobe loop. In a container, give it {CONTROL} and block devices 7:* "
    "(--privileged does)."
)
# Another site may remove a number in the moment between its making and its opening.
_TRIES = 50
_TAKEN = (errno.EBUSY, errno.EEXIST, errno.ENOENT, errno.ENXIO, errno.ENODEV)


@contextlib.contextmanager
def attached(image: Path) -> Iterator[Path]:
    """Attach a file to a loop device of its own while the block runs, and yield it.

    A mount made meanwhile keeps the device; without one it lets go at the end, also when
    this process is killed.

    Raises:
        PlatformError: this machine gives no loop device.
    """
    for _ in range(_TRIES):
        number = _add()
        with contextlib.ExitStack() as stack:
            try:
                node = stack.enter_context(_node(Path(f"/dev/loop{number}")))
                held = os.open(node, os.O_RDWR | os.O_CLOEXEC)
                stack.callback(os.close, held)
                _bind(held, image)
            except OSError as error:
                if error.errno in _TAKEN:
                    continue
                msg = f"/dev/loop{number} for {image}: {error.strerror}; {_REMEDY}"
                raise PlatformError(msg) from error
            yield node
            return
    msg = f"no loop device stayed free for {image}; see: losetup -a"
    raise PlatformError(msg)


def backed_below(folder: Path) -> tuple[Path, ...]:
    """Return the loop devices whose files lie (or lay, when deleted) below a folder."""
    return _backed(lambda file: file.startswith(f"{folder}/"))


def backed_by(image: Path) -> tuple[Path, ...]:
    """Return the loop devices whose file is this very one, not a deleted one of its name."""
    return _backed(lambda file: file == str(image))


def backing_file(device: Path) -> str:
    """Return the file behind a device as the kernel tells it; empty when it is free."""
    try:
        return (_BLOCK / device.name / "loop" / "backing_file").read_text().rstrip("\n")
    except OSError:
        return ""


def release(device: Path) -> None:
    """Let a device go of its file, now or when its last mount is gone. Idempotent."""
    with contextlib.suppress(OSError), _node(device) as node:
        held = os.open(node, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(held, _CLEAR_FD)
        finally:
            os.close(held)


def sweep() -> bool:
    """Remove the free devices of our range; true when none is left."""
    free = [
        int(device.name.removeprefix("loop"))
        for device in _BLOCK.glob("loop*")
        if _is_ours(device.name) and not backing_file(device)
    ]
    if not free:
        return True
    with _control() as control:
        for number in free:
            # In use again, or removed by another site's sweep.
            with contextlib.suppress(OSError):
                fcntl.ioctl(control, _REMOVE, number)
    return not any((_BLOCK / f"loop{number}").exists() for number in free)


def _backed(wanted: Callable[[str], bool]) -> tuple[Path, ...]:
    return tuple(
        Path("/dev", device.name)
        for device in _BLOCK.glob("loop*")
        if wanted(backing_file(device))
    )


def _is_ours(name: str) -> bool:
    digits = name.removeprefix("loop")
    return digits.isdigit() and int(digits) in OURS


def _add() -> int:
    """Make a new device of our range and return its number."""
    with _control() as control:
        for number in OURS:
            if (_BLOCK / f"loop{number}").exists():
                continue
            try:
                return int(fcntl.ioctl(control, _ADD, number))
            except FileExistsError:
                continue
            except OSError as error:
                msg = f"{CONTROL}: {error.strerror}; {_REMEDY}"
                raise PlatformError(msg) from error
    msg = f"all {len(OURS)} loop devices from loop{OURS.start} on are there; see: losetup -a"
    raise PlatformError(msg)


def _bind(held: int, image: Path) -> None:
    file = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(held, _SET_FD, file)
    finally:
        os.close(file)
    status = _STATUS.pack(
        *(0, 0, 0, 0, 0),
        *(0, 0, 0, _AUTOCLEAR),
        *(os.fsencode(image)[-63:], b"", b"", 0, 0),
    )
    fcntl.ioctl(held, _SET_STATUS, status)


@contextlib.contextmanager
def _control() -> Iterator[int]:
    try:
        held = os.open(CONTROL, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        msg = f"{CONTROL}: {error.strerror}; {_REMEDY}"
        raise PlatformError(msg) from error
    try:
        yield held
    finally:
        os.close(held)


@contextlib.contextmanager
def _node(device: Path) -> Iterator[Path]:
    """Yield the device's file, made for the moment where /dev does not fill itself."""
    if device.exists():
        yield device
        return
    major, minor = (_BLOCK / device.name / "dev").read_text().split(":")
    os.mknod(device, stat.S_IFBLK | 0o600, os.makedev(int(major), int(minor)))
    try:
        yield device
    finally:
        device.unlink(missing_ok=True)
