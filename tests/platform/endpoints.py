"""Every door that a site's machines open, and how each must be locked."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from reprise_platform.command import run
from reprise_platform.embedded import network, observability, sitekeys, switching
from reprise_platform.embedded.layout import Layout
from reprise_platform.embedded.scraping import ALERTMANAGER_PORT, PROMETHEUS_PORT
from reprise_platform.embedded.topology import (
    API_PORT,
    DOOR_METRICS_PORT,
    FRONT_DOOR_PORT,
    OPENMRS_NODE_PORT,
    STORE_PORT,
    ClusterPlan,
)

LOOPBACK = "127.0.0.1"
# What is spoken without TLS, and why that gives nothing away.
_PLAIN = {
    DOOR_METRICS_PORT: "HAProxy's figures: counts, no content",
    OPENMRS_NODE_PORT: "OpenMRS behind the front door, on the site's own links",
    10256: "kube-proxy's health, for load balancers",
    10249: "kube-proxy's figures, on loopback",
    9115: "the exporter that probes, on loopback",
    9104: "the exporter that asks the database, on loopback",
    10248: "the kubelet's health, on loopback",
}
# Tries each version at each address of the network it runs in; prints what it was told.
_ASK = """
import json, socket, ssl, sys

def ask(address, port, authority, version):
    context = ssl.create_default_context(cafile=authority)
    # Without it OpenSSL itself would offer nothing as old as 1.1.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    try:
        with socket.create_connection((address, port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname=address) as door:
                return [door.version(), door.getpeercert(True).hex()]
    except (OSError, ssl.SSLError) as error:
        return [getattr(error, "reason", None) or str(error), ""]

print(json.dumps([
    {version: ask(*asked, version) for version in ("TLSv1_1", "TLSv1_2", "TLSv1_3")}
    for asked in json.load(sys.stdin)
]))
"""

# Reads a key of etcd over its own JSON, on the machine where it listens.
_READ = """
import json, ssl, sys, urllib.request

asked = json.load(sys.stdin)
context = ssl.create_default_context(cafile=asked["authority"])
context.load_cert_chain(asked["certificate"], asked["key"])
request = urllib.request.Request(
    "https://127.0.0.1:2379/v3/kv/range", data=json.dumps({"key": asked["name"]}).encode()
)
proxy = urllib.request.ProxyHandler({})
opener = urllib.request.build_opener(
    proxy, urllib.request.HTTPSHandler(context=context)
)
print(json.load(opener.open(request, timeout=10))["kvs"][0]["value"])
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One port that speaks TLS: where, whose certificate, checked with which authority."""

    name: str
    machine: str
    address: str
    port: int
    certificate: Path
    authority: Path
    lowest: str = "TLSv1_3"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint said to each version of TLS, and the certificate it showed."""

    endpoint: Endpoint
    said: dict[str, str]
    shown: bytes


def endpoints(layout: Layout) -> Iterator[Endpoint]:
    """Yield every port of a site that speaks TLS."""
    topology, site = layout.topology, layout.folder / "pki" / "site"
    authority = sitekeys.authority_file(layout.folder)
    yield from (
        Endpoint(
            name=f"front door, {door.name}",
            machine=door.name,
            address=topology.front,
            port=FRONT_DOOR_PORT,
            certificate=site / door.name / "tls.crt",
            authority=authority,
        )
        for door in topology.doors
    )
    yield Endpoint(
        name="backup store",
        machine="store",
        address=topology.store,
        port=STORE_PORT,
        certificate=site / "store" / "tls.crt",
        authority=authority,
        # versitygw has no option that asks for more.
        lowest="TLSv1_2",
    )
    yield from (
        Endpoint(
            name=name,
            machine=observability.NAME,
            address=topology.observability,
            port=port,
            certificate=site / observability.NAME / "tls.crt",
            authority=authority,
        )
        for name, port in (
            ("Prometheus", PROMETHEUS_PORT),
            ("Alertmanager", ALERTMANAGER_PORT),
        )
    )
    for cluster in topology.clusters:
        pki = layout.pki(cluster)
        control = pki / cluster.control_plane
        servers = [
            ("apiserver", cluster.address, API_PORT, pki / "ca.crt"),
            ("controller-manager-server", cluster.address, 10257, pki / "ca.crt"),
            ("scheduler-server", cluster.address, 10259, pki / "ca.crt"),
            ("etcd-server", LOOPBACK, 2379, control / "etcd-ca.crt"),
            ("etcd-peer", LOOPBACK, 2380, control / "etcd-ca.crt"),
        ]
        yield from (
            Endpoint(
                name=f"{cluster.name} {file.removesuffix('-server')}",
                machine=cluster.control_plane,
                address=address,
                port=port,
                certificate=control / f"{file}.crt",
                authority=trusted,
            )
            for file, address, port, trusted in servers
        )
        yield from (
            Endpoint(
                name=f"{cluster.name} kubelet {node.name}",
                machine=node.name,
                address=node.address,
                port=10250,
                certificate=pki / node.name / "kubelet-server.crt",
                authority=pki / "ca.crt",
            )
            for node in cluster.nodes
        )


def ask(layout: Layout, asked: Iterable[Endpoint]) -> list[Answer]:
    """Ask each endpoint, from its own machine's network, for each version of TLS.

    The clinics' address answers on the machine that holds it: the other is left out.
    """
    idle = {door.name for door in switching.seen(layout) if not door.holds}
    found, listed = [], [each for each in asked if each.machine not in idle]
    for machine in dict.fromkeys(each.machine for each in listed):
        own = [each for each in listed if each.machine == machine]
        told = json.loads(
            inside(
                layout,
                machine,
                *(sys.executable, "-c", _ASK),
                stdin=json.dumps(
                    [(each.address, each.port, str(each.authority)) for each in own]
                ),
            )
        )
        found += [
            Answer(
                endpoint=each,
                said={version: said for version, (said, _) in versions.items()},
                shown=bytes.fromhex(versions["TLSv1_3"][1]),
            )
            for each, versions in zip(own, told, strict=True)
        ]
    return found


def etcd_value(layout: Layout, cluster: ClusterPlan, key: str, client: Path) -> bytes:
    """Return what a cluster's etcd keeps under a key, as it lies there.

    Args:
        client: whose certificate and key are shown, a path without its ending.
    """
    own = layout.pki(cluster) / cluster.control_plane
    asked = {
        "authority": str(own / "etcd-ca.crt"),
        "certificate": f"{client}.crt",
        "key": f"{client}.key",
        "name": base64.b64encode(key.encode()).decode(),
    }
    words = (sys.executable, "-c", _READ)
    told = inside(layout, cluster.control_plane, *words, stdin=json.dumps(asked))
    return base64.b64decode(told)


def listening(layout: Layout) -> Iterator[tuple[str, str, int]]:
    """Yield (machine, address, port) of every TCP socket that its machines listen on."""
    for name, _, _ in layout.topology.addresses():
        for line in inside(layout, name, "ss", "-Hlnt").splitlines():
            address, _, port = line.split()[3].rpartition(":")
            yield name, re.sub(r"%.*", "", address), int(port)


def plain(address: str, port: int) -> bool:
    """Tell whether a port is one that is known to speak without TLS."""
    # containerd's, for the kubelet's streams: loopback, at any port, with a drawn token.
    return port in _PLAIN or (address == LOOPBACK and port > 30_000)


def inside(layout: Layout, machine: str, *words: str, stdin: str | None = None) -> str:
    """Run a program of this machine in a machine's network."""
    namespace = network.namespace_file(layout.folder, machine)
    return run(["nsenter", f"--net={namespace}", *words], stdin=stdin)
