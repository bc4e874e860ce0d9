"""Which machines a site is made of, and every address, from its file: pure.

A site lives in one /18 of 198.18.0.0/15. Within it, by third byte from the block's first:
machines 0, pods 16 to 31 (a /24 a node), services of the primary 32 to 39, services of
the recovery site 40 to 47.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterator

from reprise_platform.sites import Site

BLOCKS: tuple[ipaddress.IPv4Network, ...] = tuple(
    ipaddress.IPv4Network("198.18.0.0/15").subnets(new_prefix=18)
)
_HOST, _FRONT, _STORE, _OBSERVABILITY = 1, 4, 5, 8
_DOORS = {"front-1": 6, "front-2": 7}
_CONTROL_PLANES = {"primary": 10, "recovery": 11}
_FIRST_NODE = 20
FRONT_DOOR_PORT = 8443
DOOR_METRICS_PORT = 8405
STORE_PORT = 7070
API_PORT = 6443
KUBELET_PORT = 10250
CONTROLLERS_PORT = 10257
OPENMRS_NODE_PORT = 30080


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One Kubernetes node."""

    name: str
    zone: str
    address: str
    pods: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One of the machines of the front door, and the address that is its own."""

    name: str
    address: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPlan:
    """One cluster: its control plane, its nodes, its ranges."""

    name: str
    control_plane: str
    address: str
    services: str
    api_service: str
    dns: str
    nodes: tuple[Node, ...]

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://{self.address}:{API_PORT}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Everything with an address.

    Attributes:
        host: this machine's own foot in the site.
        front: the clinics' address, held by one of the doors at a time.
    """

    site: str
    block: str
    machines: str
    pods: str
    host: str
    front: str
    doors: tuple[Door, ...]
    store: str
    observability: str
    primary: ClusterPlan
    recovery: ClusterPlan

    @property
    def front_door(self) -> str:
        """The clinics' URL."""
        return f"https://{self.front}:{FRONT_DOOR_PORT}"

    @property
    def clusters(self) -> tuple[ClusterPlan, ...]:
        """Both clusters, the primary first."""
        return (self.primary, self.recovery)

    def addresses(self) -> Iterator[tuple[str, str, str]]:
        """Yield (machine, address, zone); the zone is "" for what stands outside."""
        for door in self.doors:
            yield door.name, door.address, ""
        yield "store", self.store, ""
        yield "observability", self.observability, ""
        for cluster in self.clusters:
            yield cluster.control_plane, cluster.address, ""
            for node in cluster.nodes:
                yield node.name, node.address, node.zone

    def zones(self) -> tuple[str, ...]:
        """Return the zones of both sites, in order."""
        return tuple(dict.fromkeys(n.zone for c in self.clusters for n in c.nodes))


def plan(site: Site, block: ipaddress.IPv4Network) -> Topology:
    """Return a site's machines and addresses in the given block."""

    def part(third: int, prefix: int) -> ipaddress.IPv4Network:
        base = int(block.network_address) + third * 256
        return ipaddress.IPv4Network((base, prefix))

    machines = part(0, 24)
    counter = iter(range(16))

    def node(name: str, zone: str) -> Node:
        index = next(counter)
        address = str(machines[_FIRST_NODE + index])
        return Node(
            name=name, zone=zone, address=address, pods=str(part(16 + index, 24))
        )

    def cluster(name: str, third: int, nodes: tuple[Node, ...]) -> ClusterPlan:
        services = part(third, 21)
        return ClusterPlan(
            name=name,
            control_plane=f"cp-{name}",
            address=str(machines[_CONTROL_PLANES[name]]),
            services=str(services),
            api_service=str(services[1]),
            dns=str(services[10]),
            nodes=nodes,
        )

    primary = tuple(
        node(n, z) for z, names in site.primary.zones.items() for n in names
    )
    recovery = tuple(node(n, "recovery") for n in site.recovery.nodes)
    return Topology(
        site=site.name,
        block=str(block),
        machines=str(machines),
        pods=str(part(16, 20)),
        host=str(machines[_HOST]),
        front=str(machines[_FRONT]),
        doors=tuple(
            Door(name=name, address=str(machines[last]))
            for name, last in _DOORS.items()
        ),
        store=str(machines[_STORE]),
        observability=str(machines[_OBSERVABILITY]),
        primary=cluster("primary", 32, primary),
        recovery=cluster("recovery", 40, recovery),
    )
