"""Who is who in a cluster: each component its own key, each machine its own folder of them.

A machine has its folder bound in and no other, so one that is taken over holds nobody
else's identity. `admin.conf` and `observer.conf`, the harness' own, lie above them.
"""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

from reprise_platform.embedded.kubeconfigs import kubeconfig
from reprise_platform.embedded.pki import (
    Authority,
    keep_secret,
    service_account_keys,
)
from reprise_platform.embedded.topology import ClusterPlan, Node

AUDIT_POLICY = "audit.json"
ENCRYPTION = "encryption.json"
_LOOPBACK = "127.0.0.1"


def make(cluster: ClusterPlan, site: str, folder: Path) -> None:
    """Have every key, certificate and kubeconfig of a cluster. Idempotent.

    Three authorities: the cluster's, etcd's (whoever it signs reads and writes every
    object, so it signs the API server alone), and the one by which the API server is
    known to the API servers that extend it.
    """
    authority = Authority(folder, f"reprise {site} {cluster.name}")
    context = f"{site}-{cluster.name}"
    for name, groups in (("admin", ("system:masters",)), ("observer", ())):
        authority.keep(name, f"reprise-{name}", groups=groups)
        kubeconfig(folder / name, folder / "ca.crt", cluster.server, context)
    # It may read figures alone; its role comes with who asks for them.
    authority.keep("prometheus", "reprise-prometheus")
    control = folder / cluster.control_plane
    _control_plane(authority, cluster, context)
    _etcd(Authority(folder / "etcd", f"reprise {context} etcd"), control)
    extending = Authority(folder / "front-proxy", f"reprise {context} front proxy")
    extending.keep(control / "front-proxy-client", "front-proxy-client")
    extending.hand(control / "front-proxy-ca.crt")
    service_account_keys(control)
    _encryption(control / ENCRYPTION)
    keep_secret(control / AUDIT_POLICY, json.dumps(_audit(), indent=1).encode())
    for node in cluster.nodes:
        _node(authority, node, cluster.server, context)


def _control_plane(authority: Authority, cluster: ClusterPlan, context: str) -> None:
    control = authority.folder / cluster.control_plane
    authority.keep(
        control / "apiserver",
        "kube-apiserver",
        addresses=[cluster.address, _LOOPBACK, cluster.api_service],
        names=[
            *("kubernetes", "kubernetes.default", "kubernetes.default.svc"),
            *("kubernetes.default.svc.cluster.local", "localhost"),
        ],
    )
    authority.keep(control / "kubelet-client", "kube-apiserver-kubelet-client")
    for name in ("controller-manager", "scheduler"):
        authority.keep(control / name, f"system:kube-{name}")
        kubeconfig(control / name, Path("ca.crt"), cluster.server, context, linked=True)
        authority.keep(
            control / f"{name}-server",
            f"kube-{name}",
            addresses=[cluster.address],
            names=[f"kube-{name}"],
        )
    authority.hand(control / "ca.crt")
    # The controller-manager signs requests for certificates with it.
    authority.hand_key(control / "ca.key")


def _etcd(authority: Authority, control: Path) -> None:
    for name in ("server", "peer"):
        authority.keep(
            control / f"etcd-{name}",
            f"etcd-{name}",
            addresses=[_LOOPBACK],
            names=["localhost"],
            # It calls itself to serve JSON.
            both=True,
        )
    authority.keep(control / "etcd-client", "kube-apiserver-etcd-client")
    authority.hand(control / "etcd-ca.crt")


def _node(authority: Authority, node: Node, server: str, context: str) -> None:
    own = authority.folder / node.name
    authority.keep(
        own / "kubelet", f"system:node:{node.name}", groups=("system:nodes",)
    )
    authority.keep(
        own / "kubelet-server",
        f"system:node:{node.name}",
        groups=("system:nodes",),
        addresses=[node.address],
        names=[node.name],
    )
    authority.keep(own / "proxy", "system:kube-proxy")
    authority.hand(own / "ca.crt")
    for name in ("kubelet", "proxy"):
        kubeconfig(own / name, Path("ca.crt"), server, context, linked=True)


def _encryption(path: Path) -> None:
    """Draw the key with which the API server seals Secrets before etcd stores them."""
    if path.exists():
        return
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    config = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {
                "resources": ["secrets"],
                # No `identity` beside it: what lies unsealed would be refused, not read.
                "providers": [{"secretbox": {"keys": [{"name": "1", "secret": key}]}}],
            }
        ],
    }
    keep_secret(path, json.dumps(config, indent=1).encode())


def _audit() -> dict[str, object]:
    """Return what the API server writes down: who asked what of which object, no content."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            # Every two seconds from each node, and nothing a person did.
            {
                "level": "None",
                "userGroups": ["system:nodes", "system:serviceaccounts"],
                "resources": [
                    {"group": "coordination.k8s.io", "resources": ["leases"]},
                    {"group": "", "resources": ["events", "nodes/status"]},
                    {"group": "events.k8s.io", "resources": ["events"]},
                ],
            },
            # What there is to ask, and whether it answers: no object is named.
            {
                "level": "None",
                "nonResourceURLs": [
                    *("/healthz*", "/readyz*", "/livez*", "/version", "/openapi/*"),
                    *("/api", "/api/*", "/apis", "/apis/*"),
                ],
            },
            {"level": "Metadata"},
        ],
    }
