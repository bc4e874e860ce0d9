"""A node "without power" where only the API can be used: an approximation, and said so.

The node is cordoned and its pods are deleted without grace; a taint keeps others away.
The machine runs on: its kubelet answers, and connections end more politely than they would.
"""

from __future__ import annotations

from reprise_platform import kube
from reprise_platform.access import Access
from reprise_platform.kube_rest import Json, Object, at, path_to, request, text
from reprise_platform.remote.ways import TAINT

_EFFECT = "NoExecute"


def cut(access: Access, node: str) -> None:
    """Cordon and taint a node, and end its pods at once. Idempotent.

    Raises:
        KubeError: the API server refused, or does not answer.
    """
    kept = _other_taints(access, node)
    spec: Object = {
        "unschedulable": True,
        "taints": [*kept, {"key": TAINT, "effect": _EFFECT}],
    }
    kube.patch(access.primary, "v1", "Node", node, {"spec": spec})
    for pod in _pods_of(access, node):
        name, space = text(pod, "metadata", "name"), text(pod, "metadata", "namespace")
        path = f"{path_to('v1', 'Pod', space)}/{name}?gracePeriodSeconds=0"
        try:
            request(access.primary, "DELETE", path, f"delete pod {space}/{name}")
        except kube.KubeError as error:
            if error.status is None:
                raise


def give_back(access: Access, node: str) -> None:
    """Take the taint away and let pods in again. Idempotent.

    Raises:
        KubeError: the API server refused, or does not answer.
    """
    spec: Object = {"unschedulable": None, "taints": [*_other_taints(access, node)]}
    kube.patch(access.primary, "v1", "Node", node, {"spec": spec})


def _other_taints(access: Access, node: str) -> list[Json]:
    found = kube.get_object(access.primary, "v1", "Node", node)
    taints = at(found, "spec", "taints")
    own = {TAINT, "node.kubernetes.io/unschedulable"}
    listed = taints if isinstance(taints, list) else []
    return [one for one in listed if text(one, "key") not in own]


def _pods_of(access: Access, node: str) -> list[Object]:
    """Return the pods of a node that something would start elsewhere."""
    found = kube.list_objects(access.primary, "v1", "Pod")
    return [
        pod
        for pod in found
        if text(pod, "spec", "nodeName") == node and not _of_a_daemon_set(pod)
    ]


def _of_a_daemon_set(pod: Object) -> bool:
    owners = at(pod, "metadata", "ownerReferences")
    listed = owners if isinstance(owners, list) else []
    return any(text(one, "kind") in {"DaemonSet", "Node"} for one in listed)
