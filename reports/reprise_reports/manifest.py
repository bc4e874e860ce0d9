"""The digests of a run's evidence: what an auditor compares before recomputing."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import re
from pathlib import Path

SUMS = "SHA256SUMS"
# What the report writes itself: a report cannot hold its own digest.
_OWN = ("report.", "plots/", SUMS)
# What was recorded, as against what was derived from it: once it has a digest, it keeps it.
_RECORDED = ("history/", "evidence/")
_RECORDED_FILES = frozenset({"plan.json", "objectives.yaml", "profile.yaml"})
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One file of the run, by its path inside the run's folder."""

    path: str
    size_bytes: int
    sha256: str


def evidence(folder: Path) -> tuple[Digest, ...]:
    """Return the digests of the files the report rests on, in the order of their paths."""
    return tuple(d for d in _digests(folder) if not d.path.startswith(_OWN))


class Fate(enum.StrEnum):
    """What became of a recorded file since its digest was first written."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One recorded file that is not as it was, by its path inside the run's folder."""

    path: str
    fate: Fate


def checksums(folder: Path) -> str:
    """Return the digests of every file, as `sha256sum --check` reads them.

    Those of what was recorded are written once: a later report renews only those of the
    files derived from it, so that no change of the evidence is ever taken for its origin.
    """
    sealed = _sealed(folder)
    sums = {
        digest.path: digest.sha256
        for digest in _digests(folder)
        if digest.path != SUMS
        and not (sealed is not None and _is_recorded(digest.path))
    }
    sums |= sealed or {}
    return "".join(f"{sums[path]}  {path}\n" for path in sorted(sums))


def changes(folder: Path) -> tuple[Change, ...]:
    """List what was recorded and is not as it was when its digests were first written.

    Empty for a run that has no digests yet: nothing can be told of it.
    """
    sealed = _sealed(folder)
    if sealed is None:
        return ()
    present = {
        digest.path: digest.sha256
        for digest in _digests(folder)
        if _is_recorded(digest.path)
    }
    found = []
    for path in sorted(sealed.keys() | present.keys()):
        if path not in present:
            found.append(Change(path=path, fate=Fate.MISSING))
        elif path not in sealed:
            found.append(Change(path=path, fate=Fate.ADDED))
        elif present[path] != sealed[path]:
            found.append(Change(path=path, fate=Fate.CHANGED))
    return tuple(found)


def _sealed(folder: Path) -> dict[str, str] | None:
    """Return the digests that what was recorded had at first; None: none were written."""
    try:
        text = (folder / SUMS).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    # A line that cannot be read leaves its file without a digest: it counts as added.
    read = (_LINE.fullmatch(line) for line in text.split("\n"))
    return {one[2]: one[1] for one in read if one and _is_recorded(one[2])}


def _is_recorded(path: str) -> bool:
    return path.startswith(_RECORDED) or path in _RECORDED_FILES


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
