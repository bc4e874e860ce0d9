"""The schema as numbered files, and which of them a database has, as Liquibase keeps it.

A file is never changed once it was published: another follows it. Its digest, kept in the
database when it was run, tells a file that was. Comments and blank lines do not count.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.resources
import re
from collections.abc import Mapping, Sequence

_NAME = re.compile(r"(\d{4})-([a-z0-9-]+)\.sql")


class SchemaRefusedError(Exception):
    """The database's schema is not one this program can bring to its own."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file: statements that may be run again, by anyone, cut anywhere."""

    number: int
    name: str
    statements: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of what the statements say."""
        text = "\n".join(" ".join(one.split()) for one in self.statements)
        return hashlib.sha256(text.encode()).hexdigest()


def changes() -> tuple[Change, ...]:
    """Return the program's own, in their order."""
    folder = importlib.resources.files("reprise_platform.standin") / "migrations"
    files = {each.name: each for each in folder.iterdir() if each.name[0].isdigit()}
    return tuple(
        parse(name, files[name].read_text(encoding="utf-8")) for name in sorted(files)
    )


def parse(name: str, text: str) -> Change:
    """Read a file; its statements end with `;`, its comments are lines of their own.

    Raises:
        SchemaRefusedError: it is not named NNNN-words.sql.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        msg = f"migrations/{name}: must be named as in 0002-appointments.sql"
        raise SchemaRefusedError(msg)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    parts = (part.strip() for part in "\n".join(lines).split(";"))
    statements = tuple(part for part in parts if part)
    return Change(number=int(match[1]), name=match[2], statements=statements)


def pending(ours: Sequence[Change], theirs: Mapping[int, str]) -> tuple[Change, ...]:
    """Return what a database lacks.

    Args:
        theirs: the digest of each change that the database has, by its number.

    Raises:
        SchemaRefusedError: it has other changes than ours; all of them are listed.
    """
    known = {change.number: change for change in ours}
    problems = [
        f"the database has migration {number:04}, this program knows {len(ours)}: "
        "run a program at least as new as the one that wrote this database"
        for number in sorted(theirs.keys() - known.keys())
    ]
    problems += [
        f"migration {number:04}-{known[number].name}: the database had another text "
        "of it; put the file back as it was, and what is new in a file after the last"
        for number in sorted(theirs.keys() & known.keys())
        if theirs[number] != known[number].digest
    ]
    missing = tuple(change for change in ours if change.number not in theirs)
    last = max(theirs, default=0)
    problems += [
        f"migration {change.number:04}-{change.name} comes before {last:04}, which the "
        "database has: give it a number after the last"
        for change in missing
        if change.number < last
    ]
    if problems:
        raise SchemaRefusedError("; ".join(problems))
    return missing
