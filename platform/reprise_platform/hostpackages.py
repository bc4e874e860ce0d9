"""The tools this machine needs: named, said aloud, and installed where apt is there.

Only tools and libraries, never a server: installing one would start its daemon.
"""

from __future__ import annotations

import ctypes.util
import shutil

from reprise_platform.command import run
from reprise_platform.errors import PlatformError

# Program, the Debian package that brings it, what it is for.
TOOLS: tuple[tuple[str, str, str], ...] = (
    ("ip", "iproute2", "network namespaces and links"),
    ("nsenter", "util-linux", "entering a machine's namespaces"),
    ("unshare", "util-linux", "a machine's own namespaces"),
    ("setpriv", "util-linux", "long programs that end with their parent"),
    ("mount", "mount", "a machine's file systems"),
    ("mmdebstrap", "mmdebstrap", "the machines' Debian root"),
    ("tar", "tar", "image layers"),
)
# Shared library (as the linker names it), its package, what it is for.
LIBRARIES: tuple[tuple[str, str, str], ...] = (
    ("pango-1.0", "libpango-1.0-0", "text layout of the PDF report"),
    ("pangoft2-1.0", "libpangoft2-1.0-0", "fonts of the PDF report"),
    ("harfbuzz-subset", "libharfbuzz-subset0", "font subsets of the PDF report"),
)


def missing() -> tuple[tuple[str, str], ...]:
    """Return (package, what for) of every tool and library this machine lacks."""
    tools = [(package, why) for tool, package, why in TOOLS if not shutil.which(tool)]
    libraries = [
        (package, why)
        for library, package, why in LIBRARIES
        if not ctypes.util.find_library(library)
    ]
    return tuple(dict.fromkeys(tools + libraries))


def ensure() -> tuple[str, ...]:
    """Install what is missing where apt is there; return the packages installed.

    Raises:
        PlatformError: something is missing and there is no apt: names the packages.
    """
    lacking = missing()
    if not lacking:
        return ()
    packages = tuple(dict.fromkeys(package for package, _ in lacking))
    if not shutil.which("apt-get"):
        needs = "\n".join(f"  {package}: {why}" for package, why in lacking)
        msg = (
            f"this machine lacks:\n{needs}\n"
            "install them with its package manager (the names are Debian's), then again"
        )
        raise PlatformError(msg)
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], within_s=300, env=env)
    run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        within_s=900,
        env=env,
    )
    return packages
