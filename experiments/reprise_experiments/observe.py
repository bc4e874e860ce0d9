"""What can be seen of a site from outside, by a path that is not the injector's.

A fault counts as taken, or as undone, when an `Observer` sees it: the cluster's own view
through a read-only credential, and whether a node answers on the network. Nothing here
changes anything.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
from collections.abc import Iterable
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NodeSeen:
    """One node as the cluster and the network show it.

    Attributes:
        address: where its kubelet listens, for the network's own view.
        taints: `key=value:effect`, sorted.
    """

    name: str
    zone: str
    uid: str
    address: str
    ready: bool
    unschedulable: bool
    taints: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadSeen:
    """A Deployment, StatefulSet or DaemonSet: how many it wants and how many are Ready.

    Attributes:
        ready: pods that are Ready *and* stand on a Ready node: a pod of a dead node
            keeps reading Ready for a while.
        bearers: the nodes of those, sorted.
    """

    kind: str
    namespace: str
    name: str
    wanted: int
    ready: int
    bearers: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Name the workload in one string."""
        return f"{self.namespace}/{self.kind}/{self.name}"


class Observer(Protocol):
    """Sees a site's primary cluster; every call has a limit of its own in time."""

    @property
    def path(self) -> str:
        """Say by which path and credential it sees, for the evidence."""

    def cluster_uid(self) -> str:
        """Return the UID that names the cluster (that of `kube-system`)."""

    def nodes(self) -> tuple[NodeSeen, ...]:
        """Return every node, by name."""

    def workloads(self) -> tuple[WorkloadSeen, ...]:
        """Return every workload of every namespace, by key."""

    def policies(self) -> tuple[str, ...]:
        """Return every network policy, as `namespace/name digest-of-its-spec`."""

    def volumes(self) -> tuple[str, ...]:
        """Return every persistent volume, as `name phase claim`."""

    def api_reachable(self) -> bool:
        """Tell whether the cluster's API answers."""

    def answers(self, address: str) -> bool:
        """Tell whether a node's kubelet takes a TCP connection from outside."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A site at one instant, in what a fault may change and an undo must bring back."""

    nodes: tuple[NodeSeen, ...]
    answering: tuple[str, ...]
    workloads: tuple[WorkloadSeen, ...]
    policies: tuple[str, ...]
    volumes: tuple[str, ...]


def silent(observer: Observer, addresses: Iterable[str]) -> frozenset[str]:
    """Return the addresses that do not answer, all asked at once.

    One after the other, each dead node would add its time-out to what is being measured.
    """
    asked = tuple(addresses)
    if not asked:
        return frozenset()
    with concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
        answers = pool.map(observer.answers, asked)
        return frozenset(
            address for address, is_up in zip(asked, answers, strict=True) if not is_up
        )


def snapshot(observer: Observer) -> Snapshot:
    """Take a snapshot of the site's primary.

    Raises:
        PlatformError: the cluster's API did not answer.
    """
    nodes = observer.nodes()
    quiet = silent(observer, (node.address for node in nodes))
    return Snapshot(
        nodes=nodes,
        answering=tuple(node.name for node in nodes if node.address not in quiet),
        workloads=observer.workloads(),
        policies=observer.policies(),
        volumes=observer.volumes(),
    )
