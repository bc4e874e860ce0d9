"""What each machine lets through: pods reach pods, services, the API and the stores alone.

One nftables table in each machine's own network namespace, beside kube-proxy's and looked
at after its rewriting; this machine's own rules are not touched. A refusal is told (ICMP),
so that who tries something it may not does not hang.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from reprise_platform.command import run
from reprise_platform.embedded import network, observability
from reprise_platform.embedded.scraping import WEBHOOK_PORT
from reprise_platform.embedded.topology import (
    API_PORT,
    STORE_PORT,
    ClusterPlan,
    Node,
    Topology,
)

TABLE = "reprise"
_NODE_PORTS = "30000-32767"
_REFUSED = "reject with icmpx admin-prohibited"


def build(topology: Topology, folder: Path, root: Path) -> None:
    """Lay every machine's rules, or lay them again; what is connected stays connected.

    Args:
        root: the machines' Debian root, whose nft is run: this machine needs none.
    """
    nodes = {
        node.name: (node, plan) for plan in topology.clusters for node in plan.nodes
    }
    for machine, _, _ in topology.addresses():
        lines = [*_own(topology, _CALLS_BACK.get(machine, ()))]
        if machine in nodes:
            lines += _node(topology, *nodes[machine])
        apply(folder, root, machine, lines)


def apply(folder: Path, root: Path, machine: str, lines: Iterable[str]) -> None:
    """Replace one machine's table at once; the first line makes it deletable."""
    text = "\n".join(
        [
            f"table inet {TABLE}",
            f"delete table inet {TABLE}",
            f"table inet {TABLE} {{",
            *lines,
            "}",
        ]
    )
    run([*inside(folder, root, machine), "nft", "-f", "-"], stdin=text + "\n")


def inside(folder: Path, root: Path, machine: str) -> tuple[str | Path, ...]:
    """Return the words before a program of the root, run in a machine's network."""
    return (
        "nsenter",
        f"--net={network.namespace_file(folder, machine)}",
        "chroot",
        root,
    )


_CALLS_BACK: Mapping[str, tuple[int, ...]] = {observability.NAME: (WEBHOOK_PORT,)}
"""Which machine may open a connection to this one, on which ports: the alerts' receiver."""


def _own(topology: Topology, ports: Iterable[int]) -> Iterable[str]:
    """Yield what a machine itself may ask of this one: nothing, but to answer it.

    By flags rather than by state, so that the front doors track no connection.
    """
    to_host = f"ip daddr {topology.host}"
    yield "chain output {"
    yield "type filter hook output priority filter - 10; policy accept;"
    for port in ports:
        yield f"{to_host} tcp dport {port} accept"
    yield f"{to_host} tcp flags & (syn | ack) == syn {_REFUSED}"
    yield f"{to_host} meta l4proto != {{ tcp, icmp }} {_REFUSED}"
    yield f"{to_host} icmp type echo-request drop"
    yield "}"


def _node(topology: Topology, node: Node, cluster: ClusterPlan) -> Iterable[str]:
    """Yield what a node passes on to and from its pods, and what it takes in itself.

    Every other machine of the site may speak to pods, but none of the other cluster.
    """
    pods = ", ".join(each.pods for each in cluster.nodes)
    nodes = ", ".join(each.address for each in cluster.nodes)
    beside = ", ".join(_beside(topology))
    yield "chain forward {"
    yield "type filter hook forward priority filter - 10; policy accept;"
    yield "ct state established,related accept"
    yield 'iifname "eth0" goto arriving'
    yield "goto leaving"
    yield "}"
    yield "chain arriving {"
    yield f"ip saddr {{ {pods}, {nodes}, {cluster.address}, {beside} }} accept"
    yield _REFUSED
    yield "}"
    # By the link it came in on: a pod cannot pretend to be its node, or another's.
    yield "chain leaving {"
    yield f"ip saddr != {node.pods} drop"
    yield f"ip daddr {{ {pods} }} accept"
    yield f"ip daddr {cluster.address} tcp dport {API_PORT} accept"
    yield f"ip daddr {{ {nodes} }} meta l4proto {{ tcp, udp }} th dport {_NODE_PORTS} accept"
    for address, port in _stores(topology):
        yield f"ip daddr {address} tcp dport {port} accept"
    yield _REFUSED
    yield "}"
    yield "chain input {"
    yield "type filter hook input priority filter - 10; policy accept;"
    yield "ct state established,related accept"
    yield 'iifname "lo" accept'
    yield "ip protocol icmp accept"
    yield f'iifname "eth0" ip saddr {{ {cluster.address}, {beside} }} accept'
    # Node ports are kube-proxy's, which says no in its own way where nobody serves.
    yield f'iifname "eth0" ip saddr {{ {nodes} }} accept'
    yield _REFUSED
    yield "}"


def _beside(topology: Topology) -> Iterable[str]:
    """Yield this machine's address and those of the machines outside the clusters."""
    yield topology.host
    inside_clusters = {cluster.address for cluster in topology.clusters} | {
        node.address for cluster in topology.clusters for node in cluster.nodes
    }
    for _, address, _ in topology.addresses():
        if address not in inside_clusters:
            yield address


def _stores(topology: Topology) -> Iterable[tuple[str, int]]:
    """Yield the stores that pods use: Velero the backups'."""
    yield topology.store, STORE_PORT
