"""Locks between processes that the kernel lets go of when their holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from reprise_experiments.errors import LedgerError
from reprise_platform.errors import WaitTimeout
from reprise_platform.waiting import until

_POLL_S = 0.02


def try_lock(path: Path) -> int | None:
    """Take the lock `path` and return its descriptor, or None if another has it.

    Closing the descriptor, or dying, lets it go.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def locked(path: Path, *, within_s: float) -> Iterator[None]:
    """Hold the lock `path` for a block.

    Raises:
        LedgerError: another process kept it for longer than `within_s` seconds.
    """
    descriptors: list[int] = []

    def take() -> bool:
        descriptor = try_lock(path)
        if descriptor is not None:
            descriptors.append(descriptor)
        return bool(descriptors)

    try:
        until(take, within_s=within_s, every_s=_POLL_S, what=f"the lock {path}")
    except WaitTimeout as error:
        msg = f"{error}; `fuser {path}` names the process that has it"
        raise LedgerError(msg) from error
    try:
        yield
    finally:
        os.close(descriptors[0])
