"""What is seen of a site, and what an experiment may not leave behind."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from reprise_experiments import kube_observer, probes, session
from reprise_experiments.kube_observer import KubeObserver
from reprise_experiments.observe import Snapshot, silent, snapshot
from reprise_experiments.residue import residue
from reprise_experiments.site import Site
from reprise_experiments.testing import Mood, World
from reprise_platform import kube

type Object = dict[str, Any]

READY = [{"type": "Ready", "status": "True"}]
NOT_READY = [{"type": "Ready", "status": "Unknown"}]


def _node(name: str, conditions: list[Object], **spec: object) -> Object:
    labels = {"topology.kubernetes.io/zone": name[0]}
    addresses = [
        {"type": "Hostname", "address": name},
        {"type": "InternalIP", "address": f"198.18.0.{len(name)}"},
    ]
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": labels},
        "spec": spec,
        "status": {"conditions": conditions, "addresses": addresses},
    }


def _pod(node: str, conditions: list[Object], **metadata: object) -> Object:
    return {
        "metadata": {
            "name": f"p-{node}",
            "namespace": "openmrs",
            "labels": {"app": "openmrs", "pod-template-hash": "x"},
            **metadata,
        },
        "spec": {"nodeName": node},
        "status": {"conditions": conditions, "phase": "Running"},
    }


CLUSTER: dict[str, list[Object]] = {
    "Node": [
        _node("b1", NOT_READY, taints=[{"key": "unreachable", "effect": "NoExecute"}]),
        _node("a1", READY, unschedulable=True),
        _node("c1", READY),
    ],
    "Pod": [
        _pod("a1", READY),
        _pod("b1", READY),
        _pod("c1", NOT_READY),
        _pod("c1", READY, deletionTimestamp="2026-11-23T00:00:00Z"),
        _pod("c1", READY, namespace="elsewhere"),
        _pod("c1", READY, labels={"app": "other"}),
    ],
    "Deployment": [
        {
            "metadata": {"name": "openmrs", "namespace": "openmrs"},
            "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "openmrs"}}},
        }
    ],
    "StatefulSet": [],
    "DaemonSet": [
        {
            "metadata": {"name": "agent", "namespace": "velero"},
            "spec": {"selector": {"matchLabels": {"app": "agent"}}},
            "status": {"desiredNumberScheduled": 2},
        }
    ],
    "NetworkPolicy": [
        {"metadata": {"name": "deny", "namespace": "openmrs"}, "spec": {"x": 1}}
    ],
    "PersistentVolume": [
        {
            "metadata": {"name": "pv"},
            "spec": {"claimRef": {"namespace": "openmrs", "name": "data"}},
            "status": {"phase": "Bound"},
        },
        {"metadata": {"name": "free"}, "status": {"phase": "Available"}},
    ],
}


@pytest.fixture
def cluster(site: Site, monkeypatch: pytest.MonkeyPatch) -> KubeObserver:
    """Return an observer of the objects above, seen by the read-only credential."""

    def listed(
        _cluster: object, _version: str, kind: str, *, observe: bool = False
    ) -> tuple[Object, ...]:
        assert observe, "the observer must not use the injector's credential"
        return tuple(CLUSTER[kind])

    monkeypatch.setattr(kube, "list_objects", listed)
    return KubeObserver(access=site.access)


def test_nodes_are_seen_by_name_with_address_and_taints(cluster: KubeObserver) -> None:
    """Readiness, cordon, taints, zone, UID and the address of the kubelet."""
    a1, b1, _ = cluster.nodes()

    assert (a1.name, a1.zone, a1.uid, a1.ready) == ("a1", "a", "uid-a1", True)
    assert a1.unschedulable
    assert a1.address == "198.18.0.2"
    assert not b1.ready
    assert b1.taints == ("unreachable=:NoExecute",)


def test_pod_counts_only_on_a_ready_node(cluster: KubeObserver) -> None:
    """A pod of a dead node that still reads Ready is not; nor one on its way out."""
    agent, openmrs = sorted(cluster.workloads(), key=lambda workload: workload.name)

    assert (openmrs.wanted, openmrs.ready) == (3, 1)
    assert (agent.kind, agent.wanted, agent.ready) == ("DaemonSet", 2, 0)


def test_policies_and_volumes_are_told_by_what_they_say(cluster: KubeObserver) -> None:
    """A policy changed in place, or a volume let go of, is a difference."""
    (before,) = cluster.policies()
    CLUSTER["NetworkPolicy"][0]["spec"] = {"x": 2}
    try:
        (after,) = cluster.policies()
    finally:
        CLUSTER["NetworkPolicy"][0]["spec"] = {"x": 1}

    assert before != after
    assert cluster.volumes() == ("free Available unclaimed", "pv Bound openmrs/data")


def test_node_answers_when_its_kubelet_takes_a_connection(
    cluster: KubeObserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network's own view needs no credential and no cluster."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(kube_observer, "_KUBELET_PORT", port)
        assert cluster.answers("127.0.0.1")
    assert not cluster.answers("127.0.0.1")


def test_silence_is_asked_of_all_at_once(site: Site) -> None:
    """A dead node's time-out delays no other's answer: all four wait for each other."""
    together = threading.Barrier(4)

    class Slow(World):
        def answers(self, address: str) -> bool:
            together.wait(timeout=10)
            return address == "c1"

    slow = Slow(folder=site.access.state.parent)

    assert silent(slow, ("a1", "a2", "b1", "c1")) == {"a1", "a2", "b1"}
    assert silent(slow, ()) == frozenset()


def test_same_site_has_no_residue(site: Site) -> None:
    """Nothing done, nothing left."""
    assert residue(snapshot(site.observer), snapshot(site.observer)) == ()


def _first_node(**changes: object) -> Callable[[Snapshot], Snapshot]:
    def change(seen: Snapshot) -> Snapshot:
        first = dataclasses.replace(seen.nodes[0], **changes)  # type: ignore[arg-type]
        return dataclasses.replace(seen, nodes=(first, *seen.nodes[1:]))

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_first_node(ready=False), "is zone a, NotReady"),
        (_first_node(unschedulable=True), "cordoned"),
        (_first_node(taints=("x=:NoSchedule",)), "taint x=:NoSchedule"),
        (_first_node(uid="new"), "uid new"),
        (lambda seen: dataclasses.replace(seen, nodes=seen.nodes[1:]), "is absent"),
        (lambda seen: dataclasses.replace(seen, answering=()), "node gone: a1"),
        (lambda seen: dataclasses.replace(seen, policies=("p 1",)), "policy new: p 1"),
        (lambda seen: dataclasses.replace(seen, volumes=()), "volume gone"),
        (
            lambda seen: dataclasses.replace(
                seen,
                workloads=(
                    dataclasses.replace(seen.workloads[0], wanted=2),
                    seen.workloads[1],
                ),
            ),
            "was 3 Ready of 3; is 3 Ready of 2",
        ),
    ],
)
def test_every_difference_is_residue(
    change: Callable[[Snapshot], Snapshot], said: str, site: Site
) -> None:
    """Nodes, taints, cordons, replicas, policies, volumes and links are all compared."""
    before = snapshot(site.observer)

    assert said in "; ".join(residue(before, change(before)))


@pytest.fixture
def opened(site: Site, fake: World) -> Any:  # noqa: ANN401 - a generator fixture
    """Open the session that probes ask for."""
    session.open_session(fake.site_name, str(fake.folder / "history"))
    yield
    session.close_session()


@pytest.mark.usefixtures("door", "opened")
def test_probes_of_a_good_site() -> None:
    """A site in its steady state answers yes, and how many."""
    assert probes.front_door_answers(limit_s=2, within_s=0)
    assert probes.replicas_ready(workload="openmrs")
    assert probes.ready_members(workload="galera") == 3


@pytest.mark.usefixtures("opened")
def test_probe_says_no_and_does_not_raise(fake: World) -> None:
    """Shut door, missing workload, silent API: all are answers."""
    assert not probes.front_door_answers(limit_s=0.2, within_s=0)
    assert not probes.replicas_ready(workload="nobody")
    assert probes.ready_members(workload="nobody") == 0
    fake.feel(Mood.BLIND)
    assert not probes.replicas_ready(workload="openmrs")
    assert probes.ready_members(workload="galera") == 0
