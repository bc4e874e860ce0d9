"""The few Kubernetes calls the harness needs, typed, over the official client.

Objects cross this boundary as plain JSON mappings; states that are judged (nodes, pods)
are parsed into frozen types here, once.
"""

from __future__ import annotations

import dataclasses
import http
import json
import socket
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence

import urllib3
from kubernetes.client.exceptions import ApiException

from reprise_platform.access import Cluster
from reprise_platform.kube_rest import (
    Json,
    KubeError,
    Object,
    api_client,
    at,
    path_of,
    path_to,
    pod_log,
    request,
    text,
)
from reprise_platform.waiting import patience

__all__ = [
    "Json",
    "KubeError",
    "NodeState",
    "Object",
    "PodState",
    "api_reachable",
    "api_ready",
    "apply",
    "cluster_uid",
    "create",
    "delete",
    "get_object",
    "labels",
    "list_objects",
    "nodes",
    "patch",
    "pod_log",
    "pods",
    "text",
]

_ZONE_LABEL = "topology.kubernetes.io/zone"
_OWNER = "reprise"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """What the API server knows of a node."""

    name: str
    uid: str
    zone: str
    ready: bool
    unschedulable: bool
    taints: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodState:
    """What the API server knows of a pod; `deleting` when its end was asked for."""

    name: str
    uid: str
    node: str
    phase: str
    ready: bool
    deleting: bool
    labels: Mapping[str, str]


def nodes(cluster: Cluster, *, observe: bool = False) -> tuple[NodeState, ...]:
    """Return the nodes of a cluster, by name.

    Args:
        observe: look through the read-only credential of the observer.
    """
    found = list_objects(cluster, "v1", "Node", observe=observe)
    return tuple(sorted((_node(item) for item in found), key=lambda node: node.name))


def pods(
    cluster: Cluster, namespace: str, selector: str = "", *, observe: bool = False
) -> tuple[PodState, ...]:
    """Return the pods of a namespace that match a label selector, by name."""
    found = list_objects(
        cluster, "v1", "Pod", namespace=namespace, selector=selector, observe=observe
    )
    return tuple(sorted((_pod(item) for item in found), key=lambda pod: pod.name))


def list_objects(
    cluster: Cluster,
    api_version: str,
    kind: str,
    *,
    namespace: str | None = None,
    selector: str = "",
    observe: bool = False,
) -> tuple[Object, ...]:
    """Return the objects of a kind as JSON mappings; without a namespace, of all.

    Raises:
        KubeError: refused, unreachable, or the kind is not known there.
    """
    query = f"?labelSelector={urllib.parse.quote(selector)}" if selector else ""
    path = path_to(api_version, kind, namespace) + query
    answer = request(cluster, "GET", path, f"list {kind}", observe=observe)
    items = answer.get("items")
    # A list's items do not carry their own kind: put it back.
    return tuple(
        {"apiVersion": api_version, "kind": kind, **item}
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict)
    )


def get_object(
    cluster: Cluster,
    api_version: str,
    kind: str,
    name: str,
    *,
    namespace: str | None = None,
    observe: bool = False,
) -> Object | None:
    """Return one object as a JSON mapping, or None when there is none of that name."""
    path = f"{path_to(api_version, kind, namespace)}/{name}"
    try:
        return request(cluster, "GET", path, f"get {kind} {name}", observe=observe)
    except KubeError as error:
        if error.status == http.HTTPStatus.NOT_FOUND:
            return None
        raise


def apply(cluster: Cluster, objects: Iterable[Mapping[str, Json]]) -> None:
    """Make objects be as given (server-side apply): again changes nothing.

    Raises:
        KubeError: names the object that was refused, and why.
    """
    for item in objects:
        path = f"{path_of(item)}/{text(item, 'metadata', 'name')}"
        request(
            cluster,
            "PATCH",
            f"{path}?fieldManager={_OWNER}&force=true",
            f"apply {item['kind']} {text(item, 'metadata', 'name')}",
            body=item,
            content_type="application/apply-patch+yaml",
        )


def create(cluster: Cluster, item: Mapping[str, Json]) -> None:
    """Create one object; one that exists is an error."""
    what = f"create {item['kind']} {text(item, 'metadata', 'name')}"
    request(cluster, "POST", path_of(item), what, body=item)


def patch(
    cluster: Cluster,
    api_version: str,
    kind: str,
    name: str,
    change: Mapping[str, Json],
    *,
    namespace: str | None = None,
) -> None:
    """Merge a change into one object."""
    request(
        cluster,
        "PATCH",
        f"{path_to(api_version, kind, namespace)}/{name}",
        f"patch {kind} {name}",
        body=change,
        content_type="application/merge-patch+json",
    )


def delete(
    cluster: Cluster,
    api_version: str,
    kind: str,
    name: str,
    *,
    namespace: str | None = None,
) -> None:
    """Delete one object; one that is already gone is no error."""
    path = (
        f"{path_to(api_version, kind, namespace)}/{name}?propagationPolicy=Background"
    )
    try:
        request(cluster, "DELETE", path, f"delete {kind} {name}")
    except KubeError as error:
        if error.status != http.HTTPStatus.NOT_FOUND:
            raise


def api_reachable(cluster: Cluster, timeout_s: float = 2) -> bool:
    """Return whether the API server's port takes a connection."""
    config = json.loads(cluster.kubeconfig.read_text())
    url = urllib.parse.urlsplit(config["clusters"][0]["cluster"]["server"])
    try:
        with socket.create_connection(
            (url.hostname, url.port or 443), timeout=timeout_s
        ):
            return True
    except OSError:
        return False


def api_ready(cluster: Cluster) -> bool:
    """Return whether the API server says of itself that it is ready."""
    client = api_client(cluster.kubeconfig)
    try:
        answer = client.call_api(
            "GET",
            f"{client.configuration.host}/readyz",
            _request_timeout=2 * patience(),
        )
    except (ApiException, urllib3.exceptions.HTTPError):
        return False
    # A refusal is an answer too: only 200 says ready.
    return bool(answer.status == http.HTTPStatus.OK)


def cluster_uid(cluster: Cluster) -> str:
    """Return what names a cluster for its whole life: the UID of kube-system."""
    found = get_object(cluster, "v1", "Namespace", "kube-system")
    return text(found or {}, "metadata", "uid")


def _conditions(item: Object) -> dict[str, str]:
    found = at(item, "status", "conditions")
    listed: Sequence[Json] = found if isinstance(found, list) else []
    return {text(one, "type"): text(one, "status") for one in listed}


def labels(item: Object) -> dict[str, str]:
    """Return an object's labels."""
    found = at(item, "metadata", "labels")
    return {k: str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _node(item: Object) -> NodeState:
    taints = at(item, "spec", "taints")
    return NodeState(
        name=text(item, "metadata", "name"),
        uid=text(item, "metadata", "uid"),
        zone=labels(item).get(_ZONE_LABEL, ""),
        ready=_conditions(item).get("Ready") == "True",
        unschedulable=at(item, "spec", "unschedulable") is True,
        taints=tuple(
            sorted(
                f"{text(taint, 'key')}:{text(taint, 'effect')}"
                for taint in (taints if isinstance(taints, list) else [])
            )
        ),
    )


def _pod(item: Object) -> PodState:
    return PodState(
        name=text(item, "metadata", "name"),
        uid=text(item, "metadata", "uid"),
        node=text(item, "spec", "nodeName"),
        phase=text(item, "status", "phase"),
        ready=_conditions(item).get("Ready") == "True",
        deleting=bool(text(item, "metadata", "deletionTimestamp")),
        labels=labels(item),
    )
