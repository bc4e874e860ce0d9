"""The nodes of a remote site: which zone each stands in, and whether it is seen from here."""

from __future__ import annotations

import concurrent.futures
import socket
from collections.abc import Iterator, Mapping

from reprise_platform import kube
from reprise_platform.access import Cluster
from reprise_platform.errors import SiteError
from reprise_platform.kube_rest import Object, at
from reprise_platform.remote.clusters import Problem
from reprise_platform.remote.sitefile import RemoteSite

ZONE_LABEL = "topology.kubernetes.io/zone"
KUBELET_PORT = 10250
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
_CONNECT_WITHIN_S = 3.0


def zones(site: RemoteSite, nodes: Mapping[str, Object]) -> dict[str, tuple[str, ...]]:
    """Return the primary's zones: the file's, or those that the nodes' labels tell.

    Raises:
        SiteError: a node that is not there, or one without a label; says what to do.
    """
    labelled = {
        name: kube.labels(node).get(ZONE_LABEL, "") for name, node in nodes.items()
    }
    if site.zones is not None:
        _check_named(site.zones, labelled)
        return dict(site.zones)
    found: dict[str, tuple[str, ...]] = {}
    unlabelled = []
    for name, node in nodes.items():
        if _CONTROL_PLANE in kube.labels(node):
            continue
        if zone := labelled[name]:
            found[zone] = (*found.get(zone, ()), name)
        else:
            unlabelled.append(name)
    if unlabelled or not found:
        who = ", ".join(unlabelled) or "no worker"
        msg = f"label {ZONE_LABEL} is missing: {who}; set it, or write `zones` here"
        raise SiteError(msg)
    return dict(sorted(found.items()))


def _check_named(
    named: Mapping[str, tuple[str, ...]], labelled: Mapping[str, str]
) -> None:
    every = {name for names in named.values() for name in names}
    if missing := sorted(every - labelled.keys()):
        known = ", ".join(sorted(labelled))
        msg = f"no node {', '.join(missing)} in primary; it has: {known}"
        raise SiteError(msg)
    for zone, names in named.items():
        for name in names:
            if labelled[name] not in {"", zone}:
                msg = (
                    f"node {name} stands in zone {zone} here, and in {labelled[name]} by its"
                    f" label {ZONE_LABEL}: mend one of them"
                )
                raise SiteError(msg)


def machine_problems(
    site: RemoteSite, known: Mapping[str, tuple[str, ...]]
) -> Iterator[Problem]:
    """Yield entries of `machines` that are no node of a zone."""
    nodes = sorted(name for names in known.values() for name in names)
    if unknown := sorted(set(site.machines) - set(nodes)):
        told = f"no node {', '.join(unknown)} in zones; there is: {', '.join(nodes)}"
        yield ("machines", told)


def sight_problems(
    nodes: Mapping[str, Object],
    known: Mapping[str, tuple[str, ...]],
    *,
    port: int = KUBELET_PORT,
) -> Iterator[Problem]:
    """Yield nodes that do not answer from here: each would pass for one without power."""
    names = sorted(name for members in known.values() for name in members)
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        answers = pool.map(lambda name: _answers(_address(nodes[name]), port), names)
        silent = [
            f"{name} ({_address(nodes[name])})"
            for name, is_up in zip(names, answers, strict=True)
            if not is_up
        ]
    if silent:
        told = (
            f"no answer on port {port} of {', '.join(silent)}: a fault is seen by the"
            " silence of its nodes; open that port from this machine, or run where it is"
        )
        yield ("zones", told)


def by_name(cluster: Cluster) -> dict[str, Object]:
    """Return a cluster's nodes, as the observer sees them.

    Raises:
        KubeError: the API server does not answer.
    """
    found = kube.list_objects(cluster, "v1", "Node", observe=True)
    return {kube.text(node, "metadata", "name"): node for node in found}


def _address(node: Object) -> str:
    addresses = at(node, "status", "addresses")
    listed = addresses if isinstance(addresses, list) else []
    internal = [
        kube.text(one, "address")
        for one in listed
        if kube.text(one, "type") == "InternalIP"
    ]
    return internal[0] if internal else ""


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=_CONNECT_WITHIN_S):
            return True
    except OSError:
        return False
