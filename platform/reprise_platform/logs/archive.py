"""One tar.gz in which every text is cleaned of secrets and none is too long."""

from __future__ import annotations

import io
import os
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from reprise_platform.redaction import Redactor
from reprise_platform.tails import end_of

FILE_BYTES = 2 << 20
ARCHIVE_BYTES = 256 << 20
_CUT = b"[the beginning is left out]\n"


class Archive:
    """Writes cleaned texts into a tar.gz, which gets its name when it is whole."""

    def __init__(self, target: Path, redactor: Redactor) -> None:
        """Begin an archive; all its files lie in one folder of its name."""
        self._target = target
        self._partial = target.with_name(f".{target.name}.partial")
        self._redactor = redactor
        self._top = target.name.partition(".tar")[0]
        self._left = ARCHIVE_BYTES
        self.left_out: list[str] = []

    def __enter__(self) -> Self:
        """Open it, readable by its owner alone."""
        handle = os.open(self._partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        self._file = os.fdopen(handle, "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w:gz", compresslevel=6)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it its name when all went well, else remove it."""
        self._tar.close()
        self._file.close()
        if kind is None:
            self._partial.rename(self._target)
        else:
            self._partial.unlink(missing_ok=True)

    def add(self, name: str, text: str | bytes) -> None:
        """Add a text under a name, cleaned, its end when it is too long."""
        data = text.encode(errors="replace") if isinstance(text, str) else text
        # Before it is cut: half a secret would not be known.
        data = self._redactor.clean(data)
        if len(data) > FILE_BYTES:
            data = _CUT + data[-FILE_BYTES:]
        if len(data) > self._left:
            self.left_out.append(name)
            return
        self._left -= len(data)
        member = tarfile.TarInfo(self._redactor.clean_text(f"{self._top}/{name}"))
        member.size, member.mtime, member.mode = len(data), int(time.time()), 0o600
        self._tar.addfile(member, io.BytesIO(data))

    def add_file(self, name: str, path: Path) -> None:
        """Add a file's end; one that cannot be read, or is no text, is said to be so."""
        try:
            size = path.stat().st_size
            # A secret may be cut in two by the limit: more is read than is kept.
            data = end_of(path, FILE_BYTES + 8192)
        except OSError as error:
            self.add(name, f"[cannot be read: {error.strerror}]\n")
            return
        if b"\0" in data[:4096]:
            self.add(name, f"[{size} bytes that are no text]\n")
        else:
            self.add(name, data)

    def add_folder(self, name: str, folder: Path) -> None:
        """Add every file below a folder; links are not followed."""
        for path in _files(folder):
            self.add_file(f"{name}/{path.relative_to(folder)}", path)


def _files(folder: Path) -> Iterator[Path]:
    for top, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(top, name)
            if path.is_file() and not path.is_symlink():
                yield path
