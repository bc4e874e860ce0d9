"""The site's own authority: it signs every server that stands outside the clusters.

`pki/site/ca.crt` is what the clinics, the drill and the pods trust. Each machine has a
folder of its own beside it (`tls.crt`, `tls.key`, and both in `tls.pem`, as HAProxy wants
them), bound into that machine alone.
"""

from __future__ import annotations

from pathlib import Path

from reprise_platform.embedded.machine import Bind
from reprise_platform.embedded.pki import Authority, keep_secret
from reprise_platform.embedded.topology import Topology

INSIDE = "/etc/tls"
"""Where a machine finds its own folder of keys."""


def authority_file(folder: Path) -> Path:
    """Return the certificate that the site's servers are checked with."""
    return folder / "pki" / "site" / "ca.crt"


def make(topology: Topology, folder: Path) -> tuple[str, ...]:
    """Have the site's authority and a certificate for each machine outside the clusters.

    Returns:
        The machines whose certificate is new: what serves with the old one must restart.
    """
    authority = Authority(folder / "pki" / "site", f"reprise {topology.site} site")
    return tuple(
        machine
        for machine, addresses in _servers(topology).items()
        if _kept(authority, machine, addresses)
    )


def bind(folder: Path, machine: str) -> Bind:
    """Return the bind by which a machine has its own keys at `INSIDE`, and no other."""
    own = folder / "pki" / "site" / machine
    return Bind(source=own, target=INSIDE.lstrip("/"), held=True)


def _servers(topology: Topology) -> dict[str, tuple[str, ...]]:
    """Return each machine outside the clusters and the addresses it answers on."""
    inside = {
        name
        for cluster in topology.clusters
        for name in (cluster.control_plane, *(node.name for node in cluster.nodes))
    }
    found: dict[str, tuple[str, ...]] = {}
    for machine, address, _ in topology.addresses():
        if machine not in inside:
            # The clinics' address is shared by all machines of the front door.
            shared = (topology.front,) if machine.startswith("front") else ()
            found[machine] = tuple(dict.fromkeys((address, *shared)))
    return found


def _kept(authority: Authority, machine: str, addresses: tuple[str, ...]) -> bool:
    folder = authority.folder / machine
    made = authority.keep(
        f"{machine}/tls", machine, addresses=addresses, names=(machine,)
    )
    both = (folder / "tls.crt").read_bytes() + (folder / "tls.key").read_bytes()
    authority.hand(folder / "ca.crt")
    return keep_secret(folder / "tls.pem", both) or made
