"""What NetworkPolicies allow between pods: their published rules, and nothing else.

A pod that a policy selects for a direction takes only what some such policy allows; a
flow needs the leave of both its ends. Peers outside are told by their address.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterable, Mapping, Sequence

from reprise_platform.kube import Json, Object
from reprise_platform.kube_rest import at, text


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of a flow: a pod by its labels and its namespace's, or an address."""

    labels: Mapping[str, str] | None = None
    namespace: str = ""
    address: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One connection: from, to, port."""

    source: End
    target: End
    port: int
    protocol: str = "TCP"


def allowed(policies: Sequence[Object], flow: Flow) -> bool:
    """Tell whether both ends let a flow pass."""
    return _passes(policies, flow, "Egress") and _passes(policies, flow, "Ingress")


def selects(policy: Object, end: End) -> bool:
    """Tell whether a policy is about a pod."""
    if end.labels is None or end.namespace != text(policy, "metadata", "namespace"):
        return False
    return _matches(at(policy, "spec", "podSelector"), end.labels)


def _passes(policies: Iterable[Object], flow: Flow, direction: str) -> bool:
    here, there = (
        (flow.source, flow.target)
        if direction == "Egress"
        else (flow.target, flow.source)
    )
    about = [
        policy
        for policy in policies
        if selects(policy, here)
        and direction in _texts(at(policy, "spec", "policyTypes"))
    ]
    return not about or any(
        _rule_allows(rule, "to" if direction == "Egress" else "from", there, flow)
        for policy in about
        for rule in _objects(at(policy, "spec", direction.lower()))
    )


def _rule_allows(rule: Object, key: str, peer: End, flow: Flow) -> bool:
    peers, ports = _objects(rule.get(key)), _objects(rule.get("ports"))
    fits_peer = not peers or any(_is_peer(one, peer) for one in peers)
    fits_port = not ports or any(
        one.get("port") == flow.port and one.get("protocol", "TCP") == flow.protocol
        for one in ports
    )
    return fits_peer and fits_port


def _is_peer(rule: Object, end: End) -> bool:
    if "ipBlock" in rule:
        cidr = ipaddress.ip_network(text(rule, "ipBlock", "cidr"))
        return bool(end.address) and ipaddress.ip_address(end.address) in cidr
    if end.labels is None:
        return False
    if "namespaceSelector" in rule:
        name = {"kubernetes.io/metadata.name": end.namespace}
        if not _matches(rule["namespaceSelector"], name):
            return False
    elif end.namespace != "openmrs":  # a pod selector alone: the policy's own namespace
        return False
    return "podSelector" not in rule or _matches(rule["podSelector"], end.labels)


def _matches(selector: Json, labels: Mapping[str, str]) -> bool:
    exact = at(selector, "matchLabels") or {}
    assert isinstance(exact, dict)
    if any(labels.get(key) != value for key, value in exact.items()):
        return False
    for one in _objects(at(selector, "matchExpressions")):
        assert one["operator"] == "In", "the only one the charts use"
        if labels.get(text(one, "key")) not in _texts(one["values"]):
            return False
    return True


def _objects(value: Json) -> list[Object]:
    return (
        [one for one in value if isinstance(one, dict)]
        if isinstance(value, list)
        else []
    )


def _texts(value: Json) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
