"""Debian roots: the machines' shared one, and those the images are made of."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from reprise_platform import content, paths
from reprise_platform.command import TIED, run

SUITE = "bookworm"
# Its MariaDB exporter can ask a member from outside its pod; the older one cannot.
OBSERVABILITY_SUITE = "trixie"
_SLIM = tuple(
    f"--dpkgopt=path-exclude=/usr/share/{name}/*"
    for name in ("doc", "man", "locale", "info", "lintian")
)
_CLEAN = 'rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*'


def packages(recipe: Path) -> tuple[str, ...]:
    """Return the package names of a recipe: one a line, `#` begins a comment."""
    lines = (line.partition("#")[0].strip() for line in recipe.read_text().splitlines())
    return tuple(line for line in lines if line)


def machine_root() -> Path:
    """Return the folder of the machines' root, made the first time (under a minute)."""
    return _root("machine", paths.PLATFORM / "machines" / "packages.txt", SUITE)


def observability_root() -> Path:
    """Return the folder of the observability machine's root, likewise."""
    recipe = paths.PLATFORM / "observability" / "packages.txt"
    return _root("observability", recipe, OBSERVABILITY_SUITE)


def _root(name: str, recipe: Path, suite: str) -> Path:
    made_from = content.key([recipe, suite, *_SLIM])

    def make(out: Path) -> None:
        bootstrap(packages(recipe), out / "root", suite=suite)

    return content.made("roots", name, made_from, make) / "root"


def bootstrap(
    wanted: Sequence[str],
    target: Path,
    *,
    hooks: Sequence[str] = (),
    suite: str = SUITE,
) -> None:
    """Make a Debian root as a folder, or as a tarball when `target` ends in .tar.

    Args:
        hooks: shell commands run with the new root's folder as "$1".

    Raises:
        CommandError: the last lines of mmdebstrap.
    """
    command = [
        # As root it mounts /proc, /sys and more of this machine's into the new root.
        *TIED,
        *("mmdebstrap", "--quiet", "--variant=minbase", *_SLIM),
        f"--include={','.join(wanted)}",
        *(f"--customize-hook={hook}" for hook in (*hooks, _CLEAN)),
        *(suite, str(target)),
    ]
    # Tools that look into a session's folders must find none.
    with contextlib.chdir("/"):
        run(command, within_s=1800, env={"TMPDIR": str(target.parent), "LC_ALL": "C"})
