"""A site's network: a backbone, a bridge a zone, one link a machine, one to this machine.

Everything lives in network namespaces held by files of the site's own folder. There is no
default route and no NAT, and this machine gets a route to the machines' /24 only, so
nothing routes out. A zone is where its nodes' links meet the backbone: its uplink is what
`isolate_zone` cuts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from reprise_platform.command import DIES_WITH_US, run
from reprise_platform.embedded.topology import ClusterPlan, Topology
from reprise_platform.errors import CommandError
from reprise_platform.waiting import until

BACKBONE = "backbone"
# What the names of links begin with at the backbone: a machine's, a zone's.
_MACHINE, _UPLINK = "m-", "up-"


def host_link(site: str) -> str:
    """Return the name of this machine's link into a site (15 characters at most)."""
    return f"rp-{site}"


def namespace_file(folder: Path, name: str) -> Path:
    """Return the file that holds a network namespace open."""
    return folder / "net" / name


def build(topology: Topology, folder: Path) -> None:
    """Make every namespace, bridge, link, address and route of a site.

    Raises:
        CommandError: what was refused, as the line to paste.
    """
    machines = list(topology.addresses())
    for name in (BACKBONE, *(machine for machine, _, _ in machines)):
        _make_namespace(namespace_file(folder, name))
    _in_backbone(folder, _backbone_lines(topology, folder))
    for machine, address, _ in machines:
        lines = [
            "link set lo up",
            f"addr add {address}/24 dev eth0",
            "link set eth0 up",
            *_routes(topology, machine, address),
        ]
        ip_batch(namespace_file(folder, machine), lines)
        _forward(namespace_file(folder, machine))
    link = host_link(topology.site)
    run(["ip", "addr", "add", f"{topology.host}/24", "dev", link])
    run(["ip", "link", "set", link, "up"])


def ip_batch(namespace: Path, lines: Iterable[str]) -> None:
    """Run `ip` commands inside a network namespace, all or the first that fails."""
    run(["nsenter", f"--net={namespace}", "ip", "-batch", "-"], stdin="\n".join(lines))


def set_link(folder: Path, link: str, *, up: bool) -> None:
    """Plug or unplug one link at the backbone."""
    ip_batch(
        namespace_file(folder, BACKBONE), [f"link set {link} {'up' if up else 'down'}"]
    )


def machine_link(machine: str) -> str:
    """Return the backbone's end of a machine's link."""
    return f"{_MACHINE}{machine}"


def zone_uplink(zone: str) -> str:
    """Return the backbone's end of a zone's uplink."""
    return f"{_UPLINK}{zone}"[:15]


def link_states(folder: Path) -> dict[str, bool]:
    """Return every link at the backbone and whether it is plugged in."""
    command = [
        "nsenter",
        f"--net={namespace_file(folder, BACKBONE)}",
        "ip",
        "-o",
        "link",
    ]
    states = {}
    for line in run(command).splitlines():
        _, name, flags = line.split(maxsplit=2)
        inside = flags[flags.index("<") + 1 : flags.index(">")].split(",")
        states[name.rstrip(":").partition("@")[0]] = "UP" in inside
    return states


def plug_all(folder: Path) -> None:
    """Plug in every machine and zone that was unplugged and left so. Idempotent."""
    for link, plugged in link_states(folder).items():
        if not plugged and link.startswith((_MACHINE, _UPLINK)):
            set_link(folder, link, up=True)


def remove(site: str, folder: Path) -> None:
    """Remove a site's link and namespaces; what is already gone is no error."""
    with contextlib.suppress(CommandError):
        run(["ip", "link", "del", host_link(site)])
    held = folder / "net"
    for file in sorted(held.iterdir()) if held.is_dir() else ():
        until(partial(_let_go, file), within_s=20, every_s=0.1, what=f"end of {file}")


def _let_go(file: Path) -> bool:
    """Remove a namespace's file; true when it is gone.

    One that was made twice (by what an `up` killed at that moment had begun, then by the
    next) is mounted twice.
    """
    with contextlib.suppress(CommandError):
        run(["umount", file])
    with contextlib.suppress(OSError):
        file.unlink()
    return not file.exists()


def _make_namespace(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    # It goes with a killed `up`: late, it would lay its namespace over the next one's.
    run([*DIES_WITH_US, "unshare", f"--net={file}", "true"])


def _in_backbone(folder: Path, lines: Iterable[str]) -> None:
    ip_batch(namespace_file(folder, BACKBONE), lines)


def _backbone_lines(topology: Topology, folder: Path) -> Iterable[str]:
    yield "link set lo up"
    yield "link add core type bridge"
    yield "link set core up"
    for zone in topology.zones():
        uplink, downlink = zone_uplink(zone), f"dn-{zone}"[:15]
        yield f"link add {_zone_bridge(zone)} type bridge"
        yield f"link set {_zone_bridge(zone)} up"
        yield f"link add {uplink} type veth peer name {downlink}"
        yield f"link set {uplink} master core up"
        yield f"link set {downlink} master {_zone_bridge(zone)} up"
    for machine, _, zone in topology.addresses():
        link, peer = machine_link(machine), namespace_file(folder, machine)
        yield f"link add {link} type veth peer name eth0 netns {peer}"
        yield f"link set {link} master {_zone_bridge(zone) if zone else 'core'} up"
    yield f"link add host type veth peer name {host_link(topology.site)} netns 1"
    yield "link set host master core up"


def _zone_bridge(zone: str) -> str:
    return f"z-{zone}"


def _routes(topology: Topology, machine: str, address: str) -> Iterable[str]:
    for cluster in topology.clusters:
        for node in cluster.nodes:
            if node.address != address:
                yield f"route add {node.pods} via {node.address}"
        if machine in _inside(cluster):
            # kube-proxy rewrites the destination only of packets that have a route.
            yield f"route add {cluster.services} dev eth0"


def _inside(cluster: ClusterPlan) -> tuple[str, ...]:
    return (cluster.control_plane, *(node.name for node in cluster.nodes))


def _forward(namespace: Path) -> None:
    # Inside the namespace only: this machine's own ip_forward is left as it is.
    run(
        ["nsenter", f"--net={namespace}", "tee", "/proc/sys/net/ipv4/ip_forward"],
        stdin="1",
    )
