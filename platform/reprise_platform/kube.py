"""The few Kubernetes calls the harness needs, typed, over the official client.

Objects cross this boundary as plain JSON mappings; states that are judged (nodes, pods)
are parsed into frozen types here, once.
"""

from __future__ import annotations

import dataclasses
import functools
import http
import json
import socket
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import kubernetes.client
import kubernetes.config
import urllib3
from kubernetes.client.exceptions import ApiException

from reprise_platform.access import Cluster
from reprise_platform.errors import PlatformError

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
type Object = dict[str, Json]

_REQUEST_TIMEOUT_S = 10
_ZONE_LABEL = "topology.kubernetes.io/zone"
_OWNER = "reprise"


class KubeError(PlatformError):
    """The API server refused (`status` is HTTP's), or did not answer (None)."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status


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
    path = _path(api_version, kind, namespace) + query
    answer = _called(cluster, "GET", path, f"list {kind}", observe=observe)
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
    path = f"{_path(api_version, kind, namespace)}/{name}"
    try:
        return _called(cluster, "GET", path, f"get {kind} {name}", observe=observe)
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
        path = f"{_path_of(item)}/{_text(item, 'metadata', 'name')}"
        _called(
            cluster,
            "PATCH",
            f"{path}?fieldManager={_OWNER}&force=true",
            f"apply {item['kind']} {_text(item, 'metadata', 'name')}",
            body=item,
            content_type="application/apply-patch+yaml",
        )


def create(cluster: Cluster, item: Mapping[str, Json]) -> None:
    """Create one object; one that exists is an error."""
    what = f"create {item['kind']} {_text(item, 'metadata', 'name')}"
    _called(cluster, "POST", _path_of(item), what, body=item)


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
    _called(
        cluster,
        "PATCH",
        f"{_path(api_version, kind, namespace)}/{name}",
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
    path = f"{_path(api_version, kind, namespace)}/{name}?propagationPolicy=Background"
    try:
        _called(cluster, "DELETE", path, f"delete {kind} {name}")
    except KubeError as error:
        if error.status != http.HTTPStatus.NOT_FOUND:
            raise


def pod_log(
    cluster: Cluster, namespace: str, pod: str, *, container: str | None = None
) -> str:
    """Return what a pod's container wrote."""
    api = kubernetes.client.CoreV1Api(_api_client(cluster.kubeconfig))
    try:
        text: str = api.read_namespaced_pod_log(
            pod, namespace, container=container, _request_timeout=_REQUEST_TIMEOUT_S
        )
    except (ApiException, urllib3.exceptions.HTTPError) as error:
        msg = f"{cluster.name}: log of pod {namespace}/{pod}: {_reason(error)}"
        raise KubeError(msg) from error
    return text


def api_reachable(cluster: Cluster, timeout_s: float = 2) -> bool:
    """Return whether the API server's port takes a connection."""
    config = json.loads(cluster.kubeconfig.read_text())
    url = urllib.parse.urlsplit(config["clusters"][0]["cluster"]["server"])
    try:
        with socket.create_connection((url.hostname, url.port), timeout=timeout_s):
            return True
    except OSError:
        return False


def api_ready(cluster: Cluster) -> bool:
    """Return whether the API server says of itself that it is ready."""
    client = _api_client(cluster.kubeconfig)
    try:
        client.call_api(
            "GET", f"{client.configuration.host}/readyz", _request_timeout=2
        )
    except (ApiException, urllib3.exceptions.HTTPError):
        return False
    return True


def cluster_uid(cluster: Cluster) -> str:
    """Return what names a cluster for its whole life: the UID of kube-system."""
    found = get_object(cluster, "v1", "Namespace", "kube-system")
    return _text(found or {}, "metadata", "uid")


def text(item: Json, *path: str) -> str:
    """Return the text at a path of a JSON object, or "" where there is none."""
    return _text(item, *path)


def _called(
    cluster: Cluster,
    method: str,
    path: str,
    what: str,
    *,
    body: Mapping[str, Json] | None = None,
    content_type: str = "application/json",
    observe: bool = False,
) -> Object:
    client = _api_client(cluster.observer_kubeconfig if observe else cluster.kubeconfig)
    headers = {**client.default_headers, "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = content_type
    try:
        answer = client.call_api(
            method,
            client.configuration.host + path,
            headers,
            body,
            _request_timeout=_REQUEST_TIMEOUT_S,
        )
        text: bytes = answer.read()  # type: ignore[no-untyped-call]
        data: Json = json.loads(text or b"{}")
    except (ApiException, urllib3.exceptions.HTTPError, ValueError) as error:
        msg = f"{cluster.name}: {what}: {_reason(error)}"
        raise KubeError(msg, status=getattr(error, "status", None)) from error
    if getattr(answer, "status", 200) >= http.HTTPStatus.BAD_REQUEST:
        msg = f"{cluster.name}: {what}: {_text(data, 'message')}"
        raise KubeError(msg, status=answer.status)
    return data if isinstance(data, dict) else {}


def _path_of(item: Mapping[str, Json]) -> str:
    namespace = _text(item, "metadata", "namespace") or None
    return _path(_text(item, "apiVersion"), _text(item, "kind"), namespace)


def _path(api_version: str, kind: str, namespace: str | None) -> str:
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{inside}/{_plural(kind)}"


def _plural(kind: str) -> str:
    # Kubernetes' own rule of thumb, true of every kind used here; asking each server
    # for its list of kinds took seconds and missed those defined since.
    lower = kind.lower()
    if lower == "endpoints":
        return lower
    if lower.endswith("y"):
        return f"{lower[:-1]}ies"
    return f"{lower}es" if lower.endswith("s") else f"{lower}s"


@functools.cache
def _api_client(kubeconfig: Path) -> kubernetes.client.ApiClient:
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(  # type: ignore[no-untyped-call]
        str(kubeconfig), client_configuration=configuration
    )
    # A dead site must be seen dead at once: the caller decides how often to try.
    configuration.retries = urllib3.Retry(total=0)
    return kubernetes.client.ApiClient(configuration)


def _reason(error: Exception) -> str:
    body = getattr(error, "body", None)
    if isinstance(body, bytes):
        body = body.decode(errors="replace")
    if isinstance(body, str) and body:
        try:
            return str(json.loads(body)["message"])
        except (ValueError, KeyError, TypeError):
            return body[:500]
    return str(error)[:500]


def _at(item: Json | Mapping[str, Json], *path: str) -> Json:
    here: Json | Mapping[str, Json] = item
    for step in path:
        if not isinstance(here, Mapping):
            return None
        here = here.get(step)
    return dict(here) if isinstance(here, Mapping) else here


def _text(item: Json | Mapping[str, Json], *path: str) -> str:
    value = _at(item, *path)
    return value if isinstance(value, str) else ""


def _conditions(item: Object) -> dict[str, str]:
    found = _at(item, "status", "conditions")
    listed: Sequence[Json] = found if isinstance(found, list) else []
    return {_text(one, "type"): _text(one, "status") for one in listed}


def _labels(item: Object) -> dict[str, str]:
    found = _at(item, "metadata", "labels")
    return {k: str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _node(item: Object) -> NodeState:
    taints = _at(item, "spec", "taints")
    return NodeState(
        name=_text(item, "metadata", "name"),
        uid=_text(item, "metadata", "uid"),
        zone=_labels(item).get(_ZONE_LABEL, ""),
        ready=_conditions(item).get("Ready") == "True",
        unschedulable=_at(item, "spec", "unschedulable") is True,
        taints=tuple(
            sorted(
                f"{_text(taint, 'key')}:{_text(taint, 'effect')}"
                for taint in (taints if isinstance(taints, list) else [])
            )
        ),
    )


def _pod(item: Object) -> PodState:
    return PodState(
        name=_text(item, "metadata", "name"),
        uid=_text(item, "metadata", "uid"),
        node=_text(item, "spec", "nodeName"),
        phase=_text(item, "status", "phase"),
        ready=_conditions(item).get("Ready") == "True",
        deleting=bool(_text(item, "metadata", "deletionTimestamp")),
        labels=_labels(item),
    )
