"""Watches a Kubernetes cluster with the read-only credential, and its nodes by TCP."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import socket
from collections.abc import Iterable, Mapping

import pydantic
from pydantic.alias_generators import to_camel

from reprise_experiments.observe import NodeSeen, WorkloadSeen
from reprise_platform import kube
from reprise_platform.access import Access

_KUBELET_PORT = 10250
_CONNECT_WITHIN_S = 1.0
_ZONE_LABEL = "topology.kubernetes.io/zone"


class _Raw(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel
    )


class _Metadata(_Raw):
    name: str
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] | None = None
    deletion_timestamp: str | None = None


class _Condition(_Raw):
    type: str
    status: str


class _Address(_Raw):
    type: str
    address: str


class _Taint(_Raw):
    key: str
    effect: str
    value: str | None = None


class _LabelSelector(_Raw):
    match_labels: dict[str, str] | None = None


class _Claim(_Raw):
    namespace: str = ""
    name: str = ""


class _Spec(_Raw):
    unschedulable: bool | None = None
    taints: tuple[_Taint, ...] | None = None
    node_name: str | None = None
    replicas: int | None = None
    selector: _LabelSelector | None = None
    claim_ref: _Claim | None = None


class _Status(_Raw):
    conditions: tuple[_Condition, ...] | None = None
    addresses: tuple[_Address, ...] | None = None
    phase: str | None = None
    desired_number_scheduled: int = 0


class _Object(_Raw):
    metadata: _Metadata
    spec: _Spec = _Spec()
    status: _Status = _Status()

    @property
    def is_ready(self) -> bool:
        """Whether its condition Ready is true."""
        found = self.status.conditions or ()
        return any(one.type == "Ready" and one.status == "True" for one in found)

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.metadata.labels or {}


_OBJECTS: pydantic.TypeAdapter[tuple[_Object, ...]] = pydantic.TypeAdapter(
    tuple[_Object, ...]
)
_WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KubeObserver:
    """Sees the primary cluster of a site; a `PlatformError` says that it could not."""

    access: Access

    @property
    def path(self) -> str:
        """Say by which path and credential it sees."""
        cluster = self.access.primary
        # A name, the same in every language: who looked, and by which two paths.
        return f"{cluster.observer_kubeconfig.stem}@{cluster.name} + TCP"

    def cluster_uid(self) -> str:
        """Return the UID of `kube-system`."""
        found = kube.get_object(
            self.access.primary, "v1", "Namespace", "kube-system", observe=True
        )
        return kube.text(found, "metadata", "uid")

    def nodes(self) -> tuple[NodeSeen, ...]:
        """Return every node, by name."""
        seen = [_node_seen(found) for found in self._list("v1", "Node")]
        return tuple(sorted(seen, key=lambda node: node.name))

    def workloads(self) -> tuple[WorkloadSeen, ...]:
        """Return every workload, its Ready pods counted on Ready nodes only."""
        alive = {node.name for node in self.nodes() if node.ready}
        pods = [
            pod
            for pod in self._list("v1", "Pod")
            if pod.is_ready
            and pod.spec.node_name in alive
            and pod.metadata.deletion_timestamp is None
        ]
        return tuple(
            sorted(
                (
                    _workload_seen(kind, found, pods)
                    for kind in _WORKLOADS
                    for found in self._list("apps/v1", kind)
                ),
                key=lambda workload: workload.key,
            )
        )

    def policies(self) -> tuple[str, ...]:
        """Return every network policy with a digest of what it says."""
        found = kube.list_objects(
            self.access.primary, "networking.k8s.io/v1", "NetworkPolicy", observe=True
        )
        return tuple(sorted(_policy(item) for item in found))

    def volumes(self) -> tuple[str, ...]:
        """Return every persistent volume, its phase and its claim."""
        return tuple(
            sorted(
                f"{found.metadata.name} {found.status.phase} {_claim(found.spec)}"
                for found in self._list("v1", "PersistentVolume")
            )
        )

    def api_reachable(self) -> bool:
        """Tell whether the API takes a TCP connection."""
        return kube.api_reachable(self.access.primary, timeout_s=_CONNECT_WITHIN_S)

    def answers(self, address: str) -> bool:
        """Tell whether a kubelet takes a TCP connection from this machine."""
        try:
            with socket.create_connection(
                (address, _KUBELET_PORT), timeout=_CONNECT_WITHIN_S
            ):
                return True
        except OSError:
            return False

    def _list(self, api_version: str, kind: str) -> tuple[_Object, ...]:
        return _OBJECTS.validate_python(
            kube.list_objects(self.access.primary, api_version, kind, observe=True)
        )


def _node_seen(found: _Object) -> NodeSeen:
    internal = [
        one.address for one in found.status.addresses or () if one.type == "InternalIP"
    ]
    taints = sorted(
        f"{taint.key}={taint.value or ''}:{taint.effect}"
        for taint in found.spec.taints or ()
    )
    return NodeSeen(
        name=found.metadata.name,
        zone=found.labels.get(_ZONE_LABEL, ""),
        uid=found.metadata.uid,
        address=internal[0] if internal else "",
        ready=found.is_ready,
        unschedulable=found.spec.unschedulable is True,
        taints=tuple(taints),
    )


def _workload_seen(kind: str, found: _Object, pods: Iterable[_Object]) -> WorkloadSeen:
    wanted = found.spec.replicas
    if kind == "DaemonSet":
        wanted = found.status.desired_number_scheduled
    selector = found.spec.selector
    labels = (selector.match_labels if selector else None) or {}
    mine = [
        pod
        for pod in pods
        if labels
        and pod.metadata.namespace == found.metadata.namespace
        and labels.items() <= pod.labels.items()
    ]
    return WorkloadSeen(
        kind=kind,
        namespace=found.metadata.namespace,
        name=found.metadata.name,
        wanted=1 if wanted is None else wanted,
        ready=len(mine),
        bearers=tuple(sorted({pod.spec.node_name or "" for pod in mine})),
    )


def _policy(item: kube.Object) -> str:
    spec = json.dumps(item.get("spec"), sort_keys=True)
    name = f"{kube.text(item, 'metadata', 'namespace')}/{kube.text(item, 'metadata', 'name')}"
    return f"{name} {hashlib.sha256(spec.encode()).hexdigest()[:12]}"


def _claim(spec: _Spec) -> str:
    claim = spec.claim_ref
    return f"{claim.namespace}/{claim.name}" if claim else "unclaimed"
