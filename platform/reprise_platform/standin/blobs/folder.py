"""Bytes in a folder of this machine, as OpenMRS keeps them without an S3."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from reprise_platform.standin.blobs import BlobsError


class Folder:
    """Each name a file, its SHA-256 in another beside it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, whole or not at all.

        Raises:
            BlobsError: the folder refuses.
        """
        path = self._root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _digest_of(path).write_text(hashlib.sha256(data).hexdigest())
            beside = path.with_name(f"{path.name}.part")
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            msg = f"{path.parent}: {error.strerror}"
            raise BlobsError(msg) from error

    def get(self, name: str) -> bytes:
        """Return the bytes of a name.

        Raises:
            BlobsError: there are none, or others than were kept.
        """
        path = self._root / name
        try:
            data = path.read_bytes()
            kept = _digest_of(path).read_text()
        except OSError as error:
            msg = f"{path}: {error.strerror}"
            raise BlobsError(msg) from error
        if hashlib.sha256(data).hexdigest() != kept:
            msg = f"{path}: not the bytes that were kept"
            raise BlobsError(msg)
        return data

    def delete(self, name: str) -> None:
        """Forget a name.

        Raises:
            BlobsError: the folder refuses.
        """
        path = self._root / name
        try:
            path.unlink(missing_ok=True)
            _digest_of(path).unlink(missing_ok=True)
        except OSError as error:
            msg = f"{path}: {error.strerror}"
            raise BlobsError(msg) from error


def _digest_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
