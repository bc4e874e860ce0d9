"""The tools this machine needs: named, said aloud, and installed where apt is there.

Only tools and libraries, never a server: installing one would start its daemon.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from reprise_platform.command import run
from reprise_platform.errors import PlatformError

# Program, the Debian package that brings it, what it is for.
TOOLS: tuple[tuple[str, str, str], ...] = (
    ("ip", "iproute2", "network namespaces and links"),
    ("nsenter", "util-linux", "entering a machine's namespaces"),
    ("unshare", "util-linux", "a machine's own namespaces"),
    ("setpriv", "util-linux", "long programs that end with their parent"),
    ("mount", "mount", "a machine's file systems"),
    ("mkfs.ext4", "e2fsprogs", "the file systems of a site's disks"),
    ("mmdebstrap", "mmdebstrap", "the machines' Debian root"),
    ("tar", "tar", "image layers"),
)
# File, its package, what it is for.
FILES: tuple[tuple[Path, str, str], ...] = (
    (
        Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
        "debian-archive-keyring",
        "the signatures of the machines' Debian root",
    ),
    (
        Path("/etc/ssl/certs/ca-certificates.crt"),
        "ca-certificates",
        "trusting the registries from which servers are compiled",
    ),
)


def missing() -> tuple[tuple[str, str], ...]:
    """Return (package, what for) of every tool and file this machine lacks."""
    tools = [(package, why) for tool, package, why in TOOLS if not shutil.which(tool)]
    files = [(package, why) for file, package, why in FILES if not file.exists()]
    return tuple(dict.fromkeys(tools + files))


def ensure(
    also: Iterable[tuple[str, str]] = (), *, say: Callable[[str], object]
) -> tuple[str, ...]:
    """Install what is missing where apt is there; return the packages installed.

    Args:
        also: (package, what for) of what a caller found missing for its own work.
        say: is given one line a package before it is installed.

    Raises:
        PlatformError: something is missing and there is no apt: names the packages.
    """
    lacking = (*missing(), *also)
    if not lacking:
        return ()
    reasons: dict[str, list[str]] = {}
    for package, why in lacking:
        reasons.setdefault(package, []).append(why)
    packages = tuple(reasons)
    if not shutil.which("apt-get"):
        needs = "\n".join(f"  {package}: {why}" for package, why in lacking)
        msg = (
            f"this machine lacks:\n{needs}\n"
            "install them with its package manager (the names are Debian's), then again"
        )
        raise PlatformError(msg)
    for package, whys in reasons.items():
        told = "; ".join(dict.fromkeys(whys))
        say(f"installing on this machine: {package} ({told})")
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], within_s=300, env=env)
    run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        within_s=900,
        env=env,
    )
    return packages
