"""Ask the person at the terminal to do something, and wait until it is said to be done.

An experiment, and its lease, run in sessions of their own, which have no terminal: whoever
starts them hands theirs on, by its name.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from reprise_platform.access import Access
from reprise_platform.errors import PlatformError
from reprise_platform.remote.ways import Kind

VARIABLE = "REPRISE_TERMINAL"
_OWN = Path("/dev/tty")
_STANDARD = (0, 1, 2)


def somebody_is_there() -> bool:
    """Tell whether there is a terminal to ask at."""
    return _terminal() is not None


def handed_on() -> Mapping[str, str]:
    """Return the variable that lets a child in another session ask at our terminal."""
    if VARIABLE in os.environ:
        return {}
    for descriptor in _STANDARD:
        with contextlib.suppress(OSError):
            return {VARIABLE: os.ttyname(descriptor)}
    return {}


def lacking_ways(access: Access, capabilities: Iterable[str]) -> tuple[str, ...]:
    """Say which of these capabilities could not be exercised now, and why."""
    found = []
    for each in capabilities:
        way = access.ways.get(each)
        if way == Kind.NONE:
            found.append(f"capabilities.{each} is none")
        if way == Kind.MANUAL and not somebody_is_there():
            found.append(f"capabilities.{each} is manual, and nobody is at a terminal")
    return tuple(found)


def ask(what: str) -> None:
    """Return when the person at the terminal says that it is done.

    Raises:
        PlatformError: there is no terminal, or the answer was not "done".
    """
    path = _terminal()
    if path is None:
        msg = f"{what}: this is done by a person, and there is no terminal to ask at"
        raise PlatformError(msg)
    # Never made our own: a signal from it must reach its own session alone.
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY)
    with os.fdopen(descriptor, "r+b", buffering=0) as terminal:
        question = f"\n>>> {what}\n>>> Do it now, then type `done` and Enter: "
        terminal.write(question.encode())
        answer = bytearray()
        while not answer.endswith(b"\n") and (byte := terminal.read(1)):
            answer += byte
    if answer.strip().lower() != b"done":
        msg = f"{what}: the person at the terminal did not say `done`"
        raise PlatformError(msg)


def _terminal() -> Path | None:
    handed = os.environ.get(VARIABLE)
    for path in (_OWN, *([Path(handed)] if handed else [])):
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_RDWR | os.O_NOCTTY))
            return path
    return None
