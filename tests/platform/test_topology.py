"""Addresses: unique, inside the site's block, and nothing leads out of it."""

from __future__ import annotations

import ipaddress
import itertools
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reprise_platform.embedded import network
from reprise_platform.embedded.topology import BLOCKS, Topology, plan
from reprise_platform.sites import Database, Primary, Recovery, Site
from tests.platform import examples

_BENCHMARKS = ipaddress.IPv4Network("198.18.0.0/15")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+(?:/\d+)?")


@st.composite
def _sites(draw: st.DrawFn) -> Site:
    zones = draw(st.integers(1, 5))
    sizes = draw(st.lists(st.integers(1, 3), min_size=zones, max_size=zones))
    recovery = draw(st.integers(1, min(3, 16 - sum(sizes)))) if sum(sizes) < 16 else 1
    return Site(
        name="drawn",
        provider="embedded",
        primary=Primary(
            zones={
                f"z{zone}": tuple(f"z{zone}n{node}" for node in range(size))
                for zone, size in enumerate(sizes)
            }
        ),
        recovery=Recovery(nodes=tuple(f"r{node}" for node in range(recovery))),
        database=Database(members=1),
    )


def _ranges(topology: Topology) -> list[ipaddress.IPv4Network]:
    pods = [node.pods for cluster in topology.clusters for node in cluster.nodes]
    services = [cluster.services for cluster in topology.clusters]
    return [
        ipaddress.IPv4Network(each) for each in (topology.machines, *pods, *services)
    ]


@given(site=_sites(), block=st.sampled_from(BLOCKS))
def test_addresses_are_unique_and_in_the_block(
    site: Site, block: ipaddress.IPv4Network
) -> None:
    """No two machines share an address, none is outside the machines' own range."""
    topology = plan(site, block)
    addresses = [
        topology.host,
        *(address for _, address, _ in topology.addresses()),
    ]
    assert len(set(addresses)) == len(addresses)
    machines = ipaddress.IPv4Network(topology.machines)
    assert all(ipaddress.IPv4Address(each) in machines for each in addresses)


@given(site=_sites(), block=st.sampled_from(BLOCKS))
def test_ranges_are_disjoint_and_in_the_block(
    site: Site, block: ipaddress.IPv4Network
) -> None:
    """Machines, pods and services of both sites never overlap, and fill one block only."""
    ranges = _ranges(plan(site, block))
    assert all(each.subnet_of(block) for each in ranges)
    pairs = itertools.combinations(ranges, 2)
    assert not any(one.overlaps(other) for one, other in pairs)


def test_blocks_are_disjoint() -> None:
    """Sites side by side have addresses apart, all reserved for benchmarks."""
    assert len(BLOCKS) == 8
    assert all(block.subnet_of(_BENCHMARKS) for block in BLOCKS)
    pairs = itertools.combinations(BLOCKS, 2)
    assert not any(one.overlaps(other) for one, other in pairs)


@given(site=_sites(), block=st.sampled_from(BLOCKS))
def test_api_and_dns_are_services(site: Site, block: ipaddress.IPv4Network) -> None:
    """A cluster's own two services have addresses of its own services' range."""
    for cluster in plan(site, block).clusters:
        services = ipaddress.IPv4Network(cluster.services)
        assert ipaddress.IPv4Address(cluster.api_service) in services
        assert ipaddress.IPv4Address(cluster.dns) in services
        assert cluster.api_service != cluster.dns


@given(site=_sites(), block=st.sampled_from(BLOCKS))
def test_nothing_routes_out(site: Site, block: ipaddress.IPv4Network) -> None:
    """No line gives a machine a default route, or an address outside 198.18.0.0/15."""
    topology = plan(site, block)
    folder = Path("/state/site")
    lines = list(network._backbone_lines(topology, folder))
    for machine, address, _ in topology.addresses():
        lines += network._routes(topology, machine, address)
    assert not any("default" in line or "0.0.0.0/0" in line for line in lines)
    named = [each for line in lines for each in _ADDRESS.findall(line)]
    assert named
    assert all(ipaddress.IPv4Interface(each).network.subnet_of(block) for each in named)


@given(site=_sites())
def test_link_names_fit_and_differ(site: Site) -> None:
    """The kernel takes 15 characters; two links of one name would be one link."""
    lines = list(network._backbone_lines(plan(site, BLOCKS[0]), Path("/state")))
    named = [
        word
        for line in lines
        for word in re.findall(r"(?:add|name) (\S+)(?= type)", line)
    ]
    peers = [word for line in lines for word in re.findall(r"peer name (\S+)$", line)]
    assert len(set(named + peers)) == len(named + peers)
    assert all(len(word) <= 15 for word in named + peers)
    assert len(network.host_link("a" * 12)) == 15


def test_a_zone_has_one_uplink() -> None:
    """Every node of a zone meets the backbone through that zone's uplink alone."""
    topology = examples.topology()
    lines = list(network._backbone_lines(topology, Path("/state")))
    for node in topology.primary.nodes:
        assert (
            f"link set {network.machine_link(node.name)} master z-{node.zone} up"
            in lines
        )
    for zone in topology.zones():
        assert f"link set {network.zone_uplink(zone)} master core up" in lines


def test_pods_of_others_are_reached_through_their_node() -> None:
    """A machine has a route to each other node's pods, and none to its own node's."""
    topology = examples.topology()
    (first, second, *_) = topology.primary.nodes
    lines = list(network._routes(topology, first.name, first.address))
    assert f"route add {second.pods} via {second.address}" in lines
    assert not any(first.pods in line for line in lines)
