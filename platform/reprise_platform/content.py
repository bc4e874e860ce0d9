"""Things made once and kept by what they are made from: change the recipe, get another."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from reprise_platform import paths

_KEY_LENGTH = 16


def key(parts: Iterable[str | bytes | Path]) -> str:
    """Return a short digest of texts and of files' (or folders') contents."""
    digest = hashlib.sha256()
    for part in parts:
        for chunk in _chunks(part):
            digest.update(len(chunk).to_bytes(8))
            digest.update(chunk)
    return digest.hexdigest()[:_KEY_LENGTH]


def place(kind: str, name: str, made_from: str) -> Path:
    """Return where a thing lies in the cache once it is made."""
    return paths.cache() / kind / f"{name}-{made_from}"


def made(kind: str, name: str, made_from: str, make: Callable[[Path], None]) -> Path:
    """Return `<cache>/<kind>/<name>-<key>`, calling `make(folder)` if it is not there.

    `make` fills a temporary folder that gets its name only when it is complete, so that
    one killed half-way is never taken for finished. Two makers of one thing wait in line.
    """
    folder = place(kind, name, made_from)
    if folder.exists():
        _stamp(folder)
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(f".{folder.name}.lock")):
        if folder.exists():
            return folder
        # A maker that was killed may have left a program that still writes: not here.
        for left in folder.parent.glob(f".{folder.name}.*.partial"):
            shutil.rmtree(left, ignore_errors=True)
        partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.partial")
        partial.mkdir()
        make(partial)
        partial.rename(folder)
    return folder


def _stamp(folder: Path) -> None:
    """Let a thing's time be that of its last use: what has none for long can go."""
    with contextlib.suppress(OSError):
        os.utime(folder)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; the kernel drops it if this process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _chunks(part: str | bytes | Path) -> Iterator[bytes]:
    if isinstance(part, str):
        yield part.encode()
    elif isinstance(part, bytes):
        yield part
    elif part.is_dir():
        for path in sorted(part.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield str(path.relative_to(part)).encode()
                yield path.read_bytes()
    else:
        yield part.read_bytes()
