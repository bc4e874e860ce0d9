"""A namespace of a test's own, kubectl in it, and the few objects these tests begin from."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from reprise_platform import kube
from reprise_platform.access import Access, Cluster
from reprise_platform.command import run
from reprise_platform.embedded import builds
from reprise_platform.errors import CommandError
from reprise_platform.kube import Json, Object
from reprise_platform.waiting import until
from reprise_platform.workloads import patient

LABEL = "reprise.test/genuine"
# Answers with its own name and with the address it was called from.
ECHO = """
import http.server, os

class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"{os.environ['POD']} {self.client_address[0]}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("", 8080), Echo).serve_forever()
"""
IDLE = ("sleep", "infinity")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """One namespace of one cluster, and the image its pods run (it has bash and Python)."""

    cluster: Cluster
    namespace: str
    image: str

    def kubectl(
        self, *words: str | Path, stdin: str | None = None, within_s: float = 90
    ) -> str:
        """Run kubectl in the namespace."""
        line = kubectl_line(self.cluster)
        return run(
            [*line, "-n", self.namespace, *words], stdin=stdin, within_s=within_s
        )

    def refused(self, match: str, *words: str, stdin: str | None = None) -> None:
        """Run kubectl and see it refused with certain words."""
        with pytest.raises(CommandError, match=match):
            self.kubectl(*words, stdin=stdin)

    def apply(self, *objects: Object) -> None:
        """Apply objects by kubectl."""
        self.kubectl("apply", "-f", "-", stdin=as_list(*objects))

    def ready(self, *words: str) -> None:
        """Wait until what `words` name ("pod/a", "-l", "app=b") is Ready."""
        self.kubectl("wait", "--for=condition=Ready", "--timeout=80s", *words)

    def exec(self, pod: str, *command: str) -> str:
        """Run a command in a pod and return what it printed."""
        return self.kubectl("exec", pod, "--", *command)

    def values(self, path: str, *words: str) -> list[str]:
        """Return what `kubectl get WORDS` has at a JSON path, as a list of words."""
        return self.kubectl("get", *words, "-o", f"jsonpath={{{path}}}").split()

    def spec(self, *command: str, **more: Json) -> Object:
        """Return a pod's spec with one container, `main`; `more` is laid over it."""
        main: Object = {
            "name": "main",
            "image": self.image,
            "imagePullPolicy": "Never",
            "command": list(command),
            "env": [
                {
                    "name": "POD",
                    "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
                }
            ],
        }
        inner = more.pop("container", {})
        assert isinstance(inner, dict)
        return {
            "terminationGracePeriodSeconds": 0,
            "containers": [{**main, **inner}],
            **more,
        }

    def pod(self, name: str, *command: str, **more: Json) -> Object:
        """Return a pod labelled `app: NAME`."""
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": self.spec(*command, **more),
        }

    def workload(
        self, kind: str, name: str, *command: str, replicas: int = 0, **more: Json
    ) -> Object:
        """Return a Deployment or, without replicas, a DaemonSet."""
        return {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {"name": name},
            "spec": {
                **({"replicas": replicas} if replicas else {}),
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": self.spec(*command, **more),
                },
            },
        }


def kubectl_line(cluster: Cluster) -> tuple[str | Path, ...]:
    """Return the words that begin a command of kubectl for a cluster."""
    item = next(each for each in builds.BUILDS if each.name == "kubernetes")
    program = builds.build(item) / "kubectl"
    return (program, f"--kubeconfig={cluster.kubeconfig}", "--context", cluster.context)


def service(name: str, app: str, port: int = 8080, **more: Json) -> Object:
    """Return a Service in front of the pods labelled `app`."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": app}, "ports": [{"port": port}], **more},
    }


def config(name: str, data: Mapping[str, str], kind: str = "ConfigMap") -> Object:
    """Return a ConfigMap or a Secret."""
    key = "data" if kind == "ConfigMap" else "stringData"
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name},
        key: dict(data),
    }


def as_list(*objects: Object) -> str:
    """Return objects as kubectl reads them."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


@contextlib.contextmanager
def sandboxed(access: Access, **labels: str) -> Iterator[Sandbox]:
    """Make a namespace on the primary cluster; have it removed, without waiting."""
    cluster, name = access.primary, f"genuine-{uuid.uuid4().hex[:8]}"
    (openmrs, *_) = kube.list_objects(
        cluster, "v1", "Pod", namespace=access.namespace, selector="app=openmrs"
    )
    metadata: Object = {"name": name, "labels": {LABEL: "yes", **labels}}
    kube.create(
        cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    )
    try:
        account = ("v1", "ServiceAccount", "default")
        until(
            patient(lambda: kube.get_object(cluster, *account, namespace=name)),
            within_s=30,
            every_s=0.1,
            what="the namespace's account",
        )
        yield Sandbox(cluster=cluster, namespace=name, image=_image(openmrs))
    finally:
        kube.delete(cluster, "v1", "Namespace", name)


def wait_all_gone(access: Access) -> None:
    """Wait until no namespace of these tests is left."""

    def gone() -> bool:
        return not kube.list_objects(
            access.primary, "v1", "Namespace", selector=f"{LABEL}=yes"
        )

    until(patient(gone), within_s=120, every_s=0.5, what="namespaces to be gone")


def _image(pod: Object) -> str:
    spec = pod["spec"]
    assert isinstance(spec, dict)
    containers = spec["containers"]
    assert isinstance(containers, list)
    return kube.text(containers[0], "image")
