"""Requests to an API server: paths, refusals, silence."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reprise_platform import kube, kube_rest
from reprise_platform.access import Cluster


@pytest.mark.parametrize(
    ("version", "kind", "namespace", "path"),
    [
        ("v1", "Pod", "openmrs", "/api/v1/namespaces/openmrs/pods"),
        ("v1", "Node", None, "/api/v1/nodes"),
        ("v1", "Namespace", None, "/api/v1/namespaces"),
        ("v1", "Endpoints", "x", "/api/v1/namespaces/x/endpoints"),
        ("v1", "PersistentVolume", None, "/api/v1/persistentvolumes"),
        ("v1", "ConfigMap", "x", "/api/v1/namespaces/x/configmaps"),
        ("apps/v1", "StatefulSet", "x", "/apis/apps/v1/namespaces/x/statefulsets"),
        ("apps/v1", "DaemonSet", "x", "/apis/apps/v1/namespaces/x/daemonsets"),
        ("batch/v1", "Job", "x", "/apis/batch/v1/namespaces/x/jobs"),
        (
            "networking.k8s.io/v1",
            "NetworkPolicy",
            "x",
            "/apis/networking.k8s.io/v1/namespaces/x/networkpolicies",
        ),
        (
            "storage.k8s.io/v1",
            "StorageClass",
            None,
            "/apis/storage.k8s.io/v1/storageclasses",
        ),
        (
            "rbac.authorization.k8s.io/v1",
            "ClusterRoleBinding",
            None,
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        ),
        (
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            None,
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        ),
        (
            "velero.io/v1",
            "Backup",
            "velero",
            "/apis/velero.io/v1/namespaces/velero/backups",
        ),
        (
            "velero.io/v1",
            "BackupRepository",
            "velero",
            "/apis/velero.io/v1/namespaces/velero/backuprepositories",
        ),
    ],
)
def test_path(version: str, kind: str, namespace: str | None, path: str) -> None:
    """Each kind used here is found where the API server serves it."""
    assert kube_rest.path_to(version, kind, namespace) == path
    item: kube.Object = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "n", **({"namespace": namespace} if namespace else {})},
    }
    assert kube_rest.path_of(item) == path


class _Server(http.server.BaseHTTPRequestHandler):
    """Answers what the test laid down, and keeps what was asked."""

    answers: dict[str, tuple[int, bytes]]
    asked: list[tuple[str, str, bytes, str]]

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        kind = self.headers.get("Content-Type") or ""
        self.asked.append((self.command, self.path, self.rfile.read(length), kind))
        status, body = self.answers.get(self.path.partition("?")[0], (404, b"{}"))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_arguments: Any) -> None:  # noqa: ANN401
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Cluster, type[_Server]]]:
    """Serve canned answers on loopback, and name them as a cluster."""

    class Handler(_Server):
        answers: dict[str, tuple[int, bytes]] = {}  # noqa: RUF012 - one a test
        asked: list[tuple[str, str, bytes, str]] = []  # noqa: RUF012

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield _cluster(tmp_path, running.server_port), Handler
        running.shutdown()
        thread.join()


def _cluster(folder: Path, port: int) -> Cluster:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    file = folder / "kube.conf"
    file.write_text(json.dumps(config))
    return Cluster(
        name="primary", kubeconfig=file, observer_kubeconfig=file, context="c", uid="u"
    )


def test_refusal_says_who_what_and_why(
    server: tuple[Cluster, type[_Server]],
) -> None:
    """A refusal carries the server's own words and its status."""
    cluster, handler = server
    body = json.dumps({"kind": "Status", "message": "nodes is forbidden"}).encode()
    handler.answers["/api/v1/nodes"] = (403, body)
    with pytest.raises(
        kube.KubeError, match="primary: list Node: nodes is forb"
    ) as caught:
        kube.nodes(cluster)
    assert caught.value.status == 403


def test_what_is_not_there_is_none(server: tuple[Cluster, type[_Server]]) -> None:
    """No object of that name is an answer; deleting it twice is no error."""
    cluster, _ = server
    assert kube.get_object(cluster, "v1", "Pod", "x", namespace="n") is None
    kube.delete(cluster, "v1", "Pod", "x", namespace="n")


def test_broken_answer_is_an_error(server: tuple[Cluster, type[_Server]]) -> None:
    """Half an answer, or a page of a proxy, is refused as such, not believed."""
    cluster, handler = server
    handler.answers["/api/v1/nodes"] = (200, b'{"items": [')
    with pytest.raises(kube.KubeError, match="list Node"):
        kube.nodes(cluster)
    handler.answers["/api/v1/nodes"] = (502, b"<html>bad gateway</html>")
    with pytest.raises(kube.KubeError, match="bad gateway"):
        kube.nodes(cluster)


def test_list_without_items_is_empty(server: tuple[Cluster, type[_Server]]) -> None:
    """`items: null`, as an empty list comes from some kinds, is no object."""
    cluster, handler = server
    handler.answers["/api/v1/nodes"] = (200, b'{"items": null}')
    assert kube.nodes(cluster) == ()


def test_objects_are_applied_on_the_server(
    server: tuple[Cluster, type[_Server]],
) -> None:
    """An object is asked for whole, by its own path, as a server-side apply of ours."""
    cluster, handler = server
    path = "/apis/apps/v1/namespaces/n/deployments/d"
    handler.answers[path] = (200, b"{}")
    item: kube.Object = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "namespace": "n"},
    }
    kube.apply(cluster, [item])
    ((method, asked, body, kind),) = handler.asked
    assert (method, asked) == ("PATCH", f"{path}?fieldManager=reprise&force=true")
    assert json.loads(body) == item
    assert kind == "application/apply-patch+yaml"


def test_selector_is_escaped(server: tuple[Cluster, type[_Server]]) -> None:
    """A selector with blanks and brackets arrives as one parameter."""
    cluster, handler = server
    handler.answers["/api/v1/namespaces/n/pods"] = (200, b"{}")
    kube.pods(cluster, "n", "app in (a, b)")
    ((_, asked, _, _),) = handler.asked
    assert asked.endswith("?labelSelector=app%20in%20%28a%2C%20b%29")


def test_states_are_read(server: tuple[Cluster, type[_Server]]) -> None:
    """A node's zone, readiness and taints, a pod's place: as the server has them."""
    cluster, handler = server
    node = {
        "metadata": {
            "name": "a1",
            "uid": "u",
            "labels": {"topology.kubernetes.io/zone": "a"},
        },
        "spec": {"taints": [{"key": "k", "effect": "NoExecute"}]},
        "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]},
    }
    handler.answers["/api/v1/nodes"] = (200, json.dumps({"items": [node, {}]}).encode())
    empty, found = kube.nodes(cluster)
    assert (found.zone, found.ready, found.taints) == ("a", False, ("k:NoExecute",))
    assert (empty.name, empty.ready) == ("", False)


def test_dead_server_is_seen_dead(tmp_path: Path) -> None:
    """A port where nobody listens is an error at once, not after retries."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        cluster = _cluster(tmp_path, held.getsockname()[1])
        assert not kube.api_reachable(cluster)
        assert not kube.api_ready(cluster)
        with pytest.raises(kube.KubeError, match="list Node") as caught:
            kube.nodes(cluster)
        assert caught.value.status is None


def test_reachable_server(server: tuple[Cluster, type[_Server]]) -> None:
    """A port that takes a connection is reachable; readiness is the server's own word."""
    cluster, handler = server
    assert kube.api_reachable(cluster)
    assert not kube.api_ready(cluster)
    handler.answers["/readyz"] = (200, b"ok")
    assert kube.api_ready(cluster)


def test_a_site_made_anew_gets_a_connection_of_its_own(tmp_path: Path) -> None:
    """A kubeconfig that is what it was has one connection; written anew, another."""
    first = _cluster(tmp_path, 1).kubeconfig
    kept = kube_rest.api_client(first)
    assert kube_rest.api_client(first) is kept
    first.unlink()
    again = kube_rest.api_client(_cluster(tmp_path, 2).kubeconfig)
    assert again.configuration.host == "http://127.0.0.1:2"
