"""Services, names and addresses behave as on any Kubernetes."""

from __future__ import annotations

import json
import re
import subprocess

import httpx
import pytest

from reprise_platform.access import Access
from reprise_platform.kube import Object
from reprise_platform.waiting import until
from tests.platform.genuine.sandbox import (
    ECHO,
    IDLE,
    Sandbox,
    kubectl_line,
    service,
)

pytestmark = pytest.mark.cluster

_CALL = (
    "import sys, urllib.request as r\n"
    "for url in sys.argv[1:]: print(r.urlopen(url, timeout=5).read().decode())"
)
_FOUND = (
    "import socket, sys\n"
    "print(*sorted({a[4][0] for a in socket.getaddrinfo(sys.argv[1], 80)}))"
)
_POD_IPS = ".items[*].status.podIP"


@pytest.fixture(scope="module")
def served(commons: Sandbox) -> Sandbox:
    """Run a server on every node with three services before them, and a client."""
    commons.apply(
        commons.workload("DaemonSet", "echo", "python3", "-c", ECHO),
        service("echo", "echo"),
        service("everywhere", "echo", type="NodePort"),
        service("each", "echo", clusterIP="None"),
        commons.pod("client", *IDLE, hostname="client", subdomain="clients"),
        service("clients", "client", clusterIP="None"),
    )
    commons.kubectl("rollout", "status", "daemonset/echo", "--timeout=80s")
    commons.ready("pod/client")
    return commons


def _call(sandbox: Sandbox, *urls: str) -> dict[str, str]:
    """Call URLs from the client pod; return who answered, to the caller it saw."""
    told = sandbox.exec("client", "python3", "-c", _CALL, *urls).split()
    return dict(zip(told[::2], told[1::2], strict=True))


def test_service_spreads_over_its_pods(served: Sandbox) -> None:
    """A service's own address, asked often, is answered by several of its pods."""
    pods = set(served.values(".items[*].metadata.name", "pods", "-l", "app=echo"))
    who = set(_call(served, *["http://echo:8080"] * 24))
    assert len(who) > 1
    assert who <= pods


def test_pods_reach_each_other_on_all_nodes(served: Sandbox) -> None:
    """From one pod every other, on whatever node, is reached, and sees who calls."""
    every = ("pods", "-l", "app=echo")
    names = served.values(".items[*].metadata.name", *every)
    urls = [f"http://{ip}:8080" for ip in served.values(_POD_IPS, *every)]
    (own,) = served.values(".status.podIP", "pod/client")
    nodes = served.values(".items[*].spec.nodeName", *every)
    assert len(set(nodes)) == len(names) > 1
    assert _call(served, *urls) == dict.fromkeys(names, own)


def test_node_port_is_open_on_every_node(served: Sandbox, site_access: Access) -> None:
    """Each node answers for the service at the port it was given."""
    (port,) = served.values(".spec.ports[0].nodePort", "service/everywhere")
    internal = '.items[*].status.addresses[?(@.type=="InternalIP")].address'
    addresses = served.values(internal, "nodes")
    assert len(addresses) == sum(map(len, site_access.zones.values()))
    assert _call(served, *(f"http://{address}:{port}" for address in addresses))


def test_names_of_services_and_pods(served: Sandbox) -> None:
    """A service has a name, short and long; a headless one gives its pods; a pod has one."""

    def found(name: str) -> list[str]:
        return served.exec("client", "python3", "-c", _FOUND, name).split()

    own = served.values(".spec.clusterIP", "service/echo")
    assert found("echo") == own
    assert found(f"echo.{served.namespace}.svc.cluster.local") == own
    pods = served.values(_POD_IPS, "pods", "-l", "app=echo")
    assert found("each") == sorted(pods)
    assert found("client.clients") == served.values(".status.podIP", "pod/client")
    unknown = ("python3", "-c", _FOUND, f"nobody.{served.namespace}")
    served.refused("gaierror", "exec", "client", "--", *unknown)


def test_unready_pod_is_no_endpoint(served: Sandbox) -> None:
    """A pod is behind its service when its readiness gate opens, not before."""
    gate = "reprise.test/open"
    pod = served.pod("gated", *IDLE, readinessGates=[{"conditionType": gate}])
    served.apply(pod, service("gated", "gated"))
    served.kubectl(
        "wait", "--for=condition=ContainersReady", "--timeout=80s", "pod/gated"
    )
    assert _behind(served, "gated") == ["false"]
    condition: Object = {"type": gate, "status": "True"}
    change = json.dumps({"status": {"conditions": [condition]}})
    served.kubectl("patch", "pod", "gated", "--subresource=status", "-p", change)
    until(
        lambda: _behind(served, "gated") == ["true"],
        within_s=30,
        every_s=0.2,
        what="the pod to be an endpoint",
    )


def test_port_forward_reaches_a_pod(served: Sandbox) -> None:
    """Kubectl carries a port of this machine's loopback into a pod."""
    (name, *_) = served.values(".items[*].metadata.name", "pods", "-l", "app=echo")
    line = [*kubectl_line(served.cluster), "-n", served.namespace]
    with subprocess.Popen(
        [*line, "port-forward", f"pod/{name}", ":8080"],
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            port = re.findall(r"127.0.0.1:(\d+)", running.stdout.readline())[0]
            answer = httpx.get(f"http://127.0.0.1:{port}", timeout=5)
        finally:
            running.terminate()
    assert answer.text.split()[0] == name


def _behind(sandbox: Sandbox, name: str) -> list[str]:
    """Return, of each endpoint of a service, whether it is ready."""
    label = f"kubernetes.io/service-name={name}"
    ready = ".items[*].endpoints[*].conditions.ready"
    return sandbox.values(ready, "endpointslices", "-l", label)
