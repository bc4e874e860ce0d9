"""Which address blocks are free: what sites, and anybody else's routes, already hold."""

from __future__ import annotations

import ipaddress
import json
import shutil
from pathlib import Path

from reprise_platform import paths
from reprise_platform.command import run
from reprise_platform.embedded import network
from reprise_platform.embedded.topology import BLOCKS
from reprise_platform.errors import SiteError
from reprise_platform.sites import Site

# A route to so much of the world (a VPN's halves, say) claims no block of ours: the
# site's own, narrower one comes before it.
_WORLDWIDE_PREFIX = 4


def holders(but: str = "") -> dict[ipaddress.IPv4Network, str]:
    """Return who holds each block that is not free, the site `but` left out.

    Raises:
        SiteError: another site's file is damaged; says which.
    """
    taken: dict[ipaddress.IPv4Network, str] = {}
    for folder in sorted((paths.state() / "sites").glob("*/site.json")):
        other = folder.parent.name
        if other != but:
            taken[_block_of(folder, other)] = f"site {other}"
    for reached in _routed(network.host_link(but)):
        for block in BLOCKS:
            if reached.overlaps(block):
                taken.setdefault(block, f"this machine's route to {reached}")
    return taken


def free_block(site: Site) -> ipaddress.IPv4Network:
    """Return the site's address block: the one asked for, or the first that is free.

    Raises:
        SiteError: taken, by what, and what to do; or another site's file is damaged.
    """
    taken = holders(but=site.name)
    wanted = (
        BLOCKS if site.network == "auto" else (ipaddress.IPv4Network(site.network),)
    )
    for block in wanted:
        if block not in taken:
            return block
    told = "; ".join(f"{block} by {taken[block]}" for block in wanted)
    msg = f"no address block is free ({told}); take a site down, or set `network`"
    raise SiteError(msg)


def _block_of(file: Path, site: str) -> ipaddress.IPv4Network:
    # Only the block is read: another version's site is no less there.
    try:
        return ipaddress.IPv4Network(json.loads(file.read_text())["block"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        msg = f"{file}: damaged; try: python -m reprise_platform down --name {site}"
        raise SiteError(msg) from error


def _routed(own_link: str) -> list[ipaddress.IPv4Network]:
    """Return what this machine routes somewhere, its own addresses included."""
    if not shutil.which("ip"):
        return []
    found = []
    for route in json.loads(run(["ip", "-j", "-4", "route", "show", "table", "all"])):
        if route["dst"] == "default" or route.get("dev") == own_link:
            continue
        reached = ipaddress.IPv4Network(route["dst"], strict=False)
        if reached.prefixlen > _WORLDWIDE_PREFIX:
            found.append(reached)
    return found
