"""The end of a file that grows: a log is read no further back than it is shown."""

from __future__ import annotations

import os
from pathlib import Path


def end_of(file: Path, most_bytes: int) -> bytes:
    """Return the last bytes of a file, all of them when it is shorter.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - most_bytes))
        return opened.read()
