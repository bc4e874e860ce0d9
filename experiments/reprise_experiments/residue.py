"""What an experiment left behind: two snapshots of the site must be equal."""

from __future__ import annotations

from collections.abc import Mapping

from reprise_experiments.observe import NodeSeen, Snapshot, WorkloadSeen


def residue(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return the differences between two snapshots, one sentence each; none is clean.

    Where pods stand, and addresses, are free to change: a pod moved off a lost node and
    staying where it went is what a cluster should do.
    """
    return (
        *_compare("node", _nodes(before), _nodes(after)),
        *_compare("workload", _workloads(before), _workloads(after)),
        *_set("answering node", before.answering, after.answering),
        *_set("network policy", before.policies, after.policies),
        *_set("volume", before.volumes, after.volumes),
    )


def _nodes(seen: Snapshot) -> Mapping[str, str]:
    return {node.name: describe_node(node) for node in seen.nodes}


def _workloads(seen: Snapshot) -> Mapping[str, str]:
    return {workload.key: describe_workload(workload) for workload in seen.workloads}


def describe_node(node: NodeSeen) -> str:
    """Say what of a node must come back."""
    parts = [f"zone {node.zone}", "Ready" if node.ready else "NotReady"]
    if node.unschedulable:
        parts.append("cordoned")
    parts.extend(f"taint {taint}" for taint in node.taints)
    parts.append(f"uid {node.uid}")
    return ", ".join(parts)


def describe_workload(workload: WorkloadSeen) -> str:
    """Say what of a workload must come back."""
    return f"{workload.ready} Ready of {workload.wanted}"


def _compare(
    what: str, before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[str, ...]:
    found = []
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name, "absent"), after.get(name, "absent")
        if was != now:
            found.append(f"{what} {name}: was {was}; is {now}")
    return tuple(found)


def _set(what: str, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    gone, new = set(before) - set(after), set(after) - set(before)
    return (
        *(f"{what} gone: {name}" for name in sorted(gone)),
        *(f"{what} new: {name}" for name in sorted(new)),
    )
