"""Prometheus' own tools, run on this machine out of the observability machine's root."""

from __future__ import annotations

import subprocess
from pathlib import Path

from reprise_platform.embedded import roots


def run(
    tool: str, *arguments: str | Path, cwd: Path
) -> subprocess.CompletedProcess[str]:
    """Run one of the root's programs with the root's own libraries."""
    root = roots.observability_root()
    (loader,) = root.glob("usr/lib*/ld-linux*.so.*")
    (libraries,) = root.glob("usr/lib/*-linux-gnu")
    return subprocess.run(
        [
            *(root / "usr" / loader.readlink().relative_to(".."), "--library-path"),
            *(libraries, root / "usr" / "bin" / tool, *arguments),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=600,
    )
