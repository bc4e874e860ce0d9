"""The README's own commands, read from it: what a newcomer would paste."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DRILL, CHECK = "drill", "check"


class NoCommandError(Exception):
    """The README has not the two commands that it promises."""


def commands(text: str) -> dict[str, str]:
    """Return the command of the drill and that of the tests: the first two shell blocks.

    Raises:
        NoCommandError: one is missing, or is not one line.
    """
    found = [block.strip() for block in _BLOCK.findall(text)[:2]]
    if len(found) != 2 or any("\n" in each for each in found):  # noqa: PLR2004
        msg = "README.md: its first two ```sh blocks must be one command each"
        raise NoCommandError(msg)
    drill, check = found
    if "nox -s pra" not in drill or "nox -t check" not in check:
        msg = f"README.md: {drill!r} must run the drill, {check!r} the tests"
        raise NoCommandError(msg)
    return {DRILL: drill, CHECK: check}
