"""What a report needs from the host, by Debian package: libraries and fonts, no program.

WeasyPrint loads Pango and HarfBuzz when it is imported; without any font, Pango does not
complain but takes the whole process down. The names are the same on Debian 12 and 13.
"""

from __future__ import annotations

import ctypes.util
import dataclasses
from collections.abc import Callable
from pathlib import Path

FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts"),
    Path("~/.fonts"),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A Debian package, how to see that what it brings is there, and what for.

    `library` is the shared library's name for the linker, `font` the start of a font
    file's name; one of the two is set. Without an optional one the report is still
    written, with a less good look.
    """

    package: str
    why: str
    library: str | None = None
    font: str | None = None
    is_optional: bool = False


REQUIREMENTS = (
    Requirement(
        package="libpango-1.0-0", library="pango-1.0", why="lays out the PDF's text"
    ),
    Requirement(
        package="libpangoft2-1.0-0", library="pangoft2-1.0", why="gives Pango its fonts"
    ),
    Requirement(
        package="libharfbuzz0b", library="harfbuzz", why="shapes the PDF's text"
    ),
    Requirement(
        package="libharfbuzz-subset0",
        library="harfbuzz-subset",
        why="embeds only the letters used",
    ),
    Requirement(package="libfontconfig1", library="fontconfig", why="finds the fonts"),
    Requirement(
        package="fonts-dejavu-core", font="DejaVuSans", why="a font that has every sign"
    ),
    Requirement(
        package="fonts-open-sans",
        font="OpenSans",
        why="the report's own typeface",
        is_optional=True,
    ),
)

DEBIAN_PACKAGES = tuple(requirement.package for requirement in REQUIREMENTS)


def missing(
    find_library: Callable[[str], str | None] = ctypes.util.find_library,
    font_folders: tuple[Path, ...] = FONT_FOLDERS,
) -> tuple[Requirement, ...]:
    """Return the requirements this host does not meet."""
    return tuple(
        requirement
        for requirement in REQUIREMENTS
        if not _is_met(requirement, find_library, font_folders)
    )


def has_font(font_folders: tuple[Path, ...] = FONT_FOLDERS) -> bool:
    """Tell whether there is a font at all."""
    return any(_holds(folder, "*.[to]tf") for folder in font_folders)


def remedy(requirements: tuple[Requirement, ...]) -> str:
    """Return the command that installs them, for a person to paste."""
    packages = [requirement.package for requirement in requirements]
    return " ".join(
        ["apt-get install --no-install-recommends", *(packages or DEBIAN_PACKAGES)]
    )


def _is_met(
    requirement: Requirement,
    find_library: Callable[[str], str | None],
    font_folders: tuple[Path, ...],
) -> bool:
    if requirement.library is not None:
        return find_library(requirement.library) is not None
    pattern = f"{requirement.font}*.[to]tf"
    return any(_holds(folder, pattern) for folder in font_folders)


def _holds(folder: Path, pattern: str) -> bool:
    return next(folder.expanduser().rglob(pattern), None) is not None
