"""The kernel's modules that a site makes this machine load: asked for, and told.

Most are loaded by the kernel itself when a link, a mount or a rule first needs them. They
stay after `down`: to unload one could take it from a program that came to use it since.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from reprise_platform.command import run
from reprise_platform.errors import CommandError

_LOADED = Path("/proc/modules")
# Module, what is there once it is, what for. The kernel does not load it by itself before
# kube-proxy looks for its settings.
_NEEDED: tuple[tuple[str, Path, str], ...] = (
    (
        "nf_conntrack",
        Path("/proc/sys/net/netfilter/nf_conntrack_max"),
        "kube-proxy follows connections",
    ),
)


def loaded() -> frozenset[str]:
    """Return the names of the modules that are loaded; none where there are none."""
    try:
        lines = _LOADED.read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(line.split()[0] for line in lines)


def need(say: Callable[[str], object]) -> None:
    """Load what the kernel would not load by itself in time; say so in a line each.

    What cannot be loaded is left to what needs it: `doctor` tells what the kernel lacks.
    """
    for name, file, why in _NEEDED:
        if file.exists():
            continue
        path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
        try:
            run(["modprobe", name], env={"PATH": path})
        except CommandError:
            continue
        say(f"loaded the kernel's module {name} ({why})")


def tell(before: frozenset[str], say: Callable[[str], object]) -> None:
    """Say in one line which modules came since, and that they stay."""
    came = sorted(loaded() - before)
    if came:
        say(
            f"modules the kernel has loaded meanwhile: {', '.join(came)}; they stay after "
            "`down`, since another program may have come to use them"
        )
