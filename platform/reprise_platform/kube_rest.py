"""Requests to a Kubernetes API server, as JSON, over the official client's connection.

The client brings what is hard (kubeconfigs, certificates, tokens); its generated methods
(but for pods' logs, which are text) and its dynamic discovery are left out: discovery took
seconds at each start, missed kinds defined since, and left files behind.
"""

from __future__ import annotations

import functools
import http
import json
from collections.abc import Mapping
from pathlib import Path

import kubernetes.client
import kubernetes.config
import urllib3
from kubernetes.client.exceptions import ApiException

from reprise_platform.access import Cluster
from reprise_platform.errors import PlatformError
from reprise_platform.waiting import patience

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
type Object = dict[str, Json]

REQUEST_TIMEOUT_S = 10
_SHOWN_CHARACTERS = 500


class KubeError(PlatformError):
    """The API server refused (`status` is HTTP's), or did not answer (None)."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status


def request(
    cluster: Cluster,
    method: str,
    path: str,
    what: str,
    *,
    body: Mapping[str, Json] | None = None,
    content_type: str = "application/json",
    observe: bool = False,
) -> Object:
    """Send one request and return the JSON object of the answer.

    Args:
        what: what is asked, for the message ("list Node").
        observe: through the read-only credential of the observer.

    Raises:
        KubeError: refused, unreachable, or no answer within 10 s.
    """
    client = api_client(cluster.observer_kubeconfig if observe else cluster.kubeconfig)
    headers = {**client.default_headers, "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = content_type
    # A kubeconfig may bring a token, or a program that gets one, in place of a certificate.
    client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
    try:
        answer = client.call_api(
            method,
            client.configuration.host + path,
            headers,
            body,
            _request_timeout=REQUEST_TIMEOUT_S * patience(),
        )
        raw: bytes = answer.read()  # type: ignore[no-untyped-call]
    except (ApiException, urllib3.exceptions.HTTPError) as error:
        msg = f"{cluster.name}: {what}: {reason(error)}"
        raise KubeError(msg, status=getattr(error, "status", None)) from error
    # The status first: a kind that is not served yet is refused in plain text.
    if answer.status >= http.HTTPStatus.BAD_REQUEST:
        msg = f"{cluster.name}: {what}: {_said(raw) or f'HTTP {answer.status}'}"
        raise KubeError(msg, status=answer.status)
    try:
        data: Json = json.loads(raw or b"{}")
    except ValueError as error:
        msg = f"{cluster.name}: {what}: not JSON ({error}): {_said(raw)}"
        raise KubeError(msg) from error
    return data if isinstance(data, dict) else {}


def path_of(item: Mapping[str, Json]) -> str:
    """Return the path of the collection an object belongs to."""
    namespace = text(item, "metadata", "namespace") or None
    return path_to(text(item, "apiVersion"), text(item, "kind"), namespace)


def path_to(api_version: str, kind: str, namespace: str | None) -> str:
    """Return the path of a kind's collection."""
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


def api_client(kubeconfig: Path) -> kubernetes.client.ApiClient:
    """Return the connection a kubeconfig describes, made once for what it now says."""
    try:
        told = kubeconfig.stat()
    except OSError:
        return _api_client(kubeconfig, 0, 0)
    # A site taken down and up again has other keys under the same path.
    return _api_client(kubeconfig, told.st_ino, told.st_mtime_ns)


@functools.cache
def _api_client(
    kubeconfig: Path, _inode: int, _written_ns: int
) -> kubernetes.client.ApiClient:
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(  # type: ignore[no-untyped-call]
        str(kubeconfig), client_configuration=configuration
    )
    # A dead site must be seen dead at once: the caller decides how often to try.
    configuration.retries = urllib3.Retry(total=0)
    return kubernetes.client.ApiClient(configuration)


def pod_log(
    cluster: Cluster,
    namespace: str,
    pod: str,
    *,
    container: str | None = None,
    previous: bool = False,
    lines: int | None = None,
) -> str:
    """Return what a pod's container wrote.

    Args:
        previous: what its former life wrote, when it was started again.
        lines: the last ones only.

    Raises:
        KubeError: the API server refuses or does not answer.
    """
    api = kubernetes.client.CoreV1Api(api_client(cluster.kubeconfig))
    try:
        text: str = api.read_namespaced_pod_log(
            pod,
            namespace,
            container=container,
            previous=previous,
            tail_lines=lines,
            _request_timeout=REQUEST_TIMEOUT_S * patience(),
        )
    except (ApiException, urllib3.exceptions.HTTPError) as error:
        msg = f"{cluster.name}: log of pod {namespace}/{pod}: {reason(error)}"
        raise KubeError(msg) from error
    return text


def reason(error: Exception) -> str:
    """Return what an error of the client says, in one line."""
    body = getattr(error, "body", None)
    return (_said(body) if body else str(error))[:_SHOWN_CHARACTERS]


def _said(body: str | bytes) -> str:
    """Return the message of a refusal: a Status object's, or the text as it came."""
    shown = body.decode(errors="replace") if isinstance(body, bytes) else body
    try:
        return str(json.loads(shown)["message"])
    except (ValueError, KeyError, TypeError):
        return shown.strip()[:_SHOWN_CHARACTERS]


def at(item: Json | Mapping[str, Json], *path: str) -> Json:
    """Return what lies at a path of a JSON object, or None."""
    here: Json | Mapping[str, Json] = item
    for step in path:
        if not isinstance(here, Mapping):
            return None
        here = here.get(step)
    return dict(here) if isinstance(here, Mapping) else here


def text(item: Json | Mapping[str, Json], *path: str) -> str:
    """Return the text at a path of a JSON object, or "" where there is none."""
    value = at(item, *path)
    return value if isinstance(value, str) else ""
