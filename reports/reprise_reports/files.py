"""Whole files or none: a reader never sees half of a report."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from reprise_reports.errors import ReportError


def put(path: Path, content: bytes | str) -> Path:
    """Write a file in one step, replacing the one that was there; return its path.

    Raises:
        ReportError: the folder cannot be written to.
    """
    data = content.encode() if isinstance(content, str) else content
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        os.replace(partial, path)  # noqa: PTH105 - the same call, said as what it is
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        msg = f"cannot write {path}: {error.strerror}; is the disk full, the folder yours?"
        raise ReportError(msg) from error
    return path
