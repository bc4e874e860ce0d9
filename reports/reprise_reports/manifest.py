"""The digests of a run's evidence: what an auditor compares before recomputing."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

SUMS = "SHA256SUMS"
# What the report writes itself: a report cannot hold its own digest.
_OWN = ("report.", "plots/", SUMS)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One file of the run, by its path inside the run's folder."""

    path: str
    size_bytes: int
    sha256: str


def evidence(folder: Path) -> tuple[Digest, ...]:
    """Return the digests of the files the report rests on, in the order of their paths."""
    return tuple(d for d in _digests(folder) if not d.path.startswith(_OWN))


def checksums(folder: Path) -> str:
    """Return the digests of every file, as `sha256sum --check` reads them."""
    return "".join(
        f"{digest.sha256}  {digest.path}\n"
        for digest in _digests(folder)
        if digest.path != SUMS
    )


def _digests(folder: Path) -> list[Digest]:
    # A link could lead outside of the run, and a path with a line feed has no line.
    paths = sorted(
        (path.relative_to(folder).as_posix(), path)
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.name.isprintable()
    )
    return [
        Digest(path=name, size_bytes=path.stat().st_size, sha256=_sha256(path))
        for name, path in paths
        if not name.endswith(".partial")
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
