"""Where things are kept: the repository's data, the cache, the state of the sites."""

from __future__ import annotations

import os
from pathlib import Path

# The recipes, charts and site files lie beside the package, in platform/.
PLATFORM = Path(__file__).resolve().parents[1]
REPOSITORY = PLATFORM.parent


def cache() -> Path:
    """Return the folder of built tools, roots and images.

    Safe to delete while no site is up: the roots of running machines lie in it.
    """
    return _folder("REPRISE_CACHE", "/var/cache/reprise")


def state() -> Path:
    """Return the folder of the sites' own files; `down` empties it."""
    return _folder("REPRISE_STATE", "/var/lib/reprise")


def site_state(name: str) -> Path:
    """Return the folder of one site's files."""
    return state() / "sites" / name


def _folder(variable: str, default: str) -> Path:
    # Machines are started elsewhere, and the kernel names mounts by their real paths.
    return Path(os.environ.get(variable) or default).resolve()
