"""A managed control plane: one machine with etcd, the API server and its controllers."""

from __future__ import annotations

from pathlib import Path

from reprise_platform.embedded import builds
from reprise_platform.embedded.disks import Disk
from reprise_platform.embedded.machine import Bind, Machine, Service
from reprise_platform.embedded.pki import Authority, service_account_keys
from reprise_platform.embedded.topology import (
    API_PORT,
    CONTROLLERS_PORT,
    ClusterPlan,
)
from reprise_platform.sites import Site, size_bytes

_PKI = "/etc/kubernetes/pki"


def make_identities(cluster: ClusterPlan, site: str, folder: Path) -> None:
    """Make a cluster's certificates and kubeconfigs in `folder` (new).

    `admin.conf` is the harness', `observer.conf` can only look.
    """
    authority = Authority(folder, f"reprise {site} {cluster.name}")
    authority.keep(
        "apiserver",
        "kube-apiserver",
        addresses=[cluster.address, "127.0.0.1", cluster.api_service],
        names=["kubernetes", "kubernetes.default.svc", "localhost"],
    )
    authority.keep(
        "controllers-serving",
        "kube-controller-manager",
        addresses=[cluster.address],
    )
    authority.keep("kubelet-client", "kube-apiserver-kubelet-client")
    service_account_keys(folder)
    clients = {
        "admin": ("reprise-admin", ("system:masters",)),
        "observer": ("reprise-observer", ()),
        "prometheus": ("reprise-prometheus", ()),
        "controller-manager": ("system:kube-controller-manager", ()),
        "scheduler": ("system:kube-scheduler", ()),
        "proxy": ("system:kube-proxy", ()),
        **{
            node.name: (f"system:node:{node.name}", ("system:nodes",))
            for node in cluster.nodes
        },
    }
    for file, (common_name, groups) in clients.items():
        authority.keep(file, common_name, groups=groups)
        authority.kubeconfig(file, cluster.server, f"{site}-{cluster.name}")


def machine(
    cluster: ClusterPlan, site: Site, folder: Path, root: Path, pki: Path
) -> Machine:
    """Return the machine of a cluster's control plane."""
    kubernetes = next(item for item in builds.BUILDS if item.name == "kubernetes")
    etcd = next(item for item in builds.BUILDS if item.name == "etcd")
    return Machine(
        name=cluster.control_plane,
        site=site.name,
        site_folder=folder,
        root=root,
        binds=(
            Bind(source=builds.build(kubernetes), target="opt/kubernetes"),
            Bind(source=builds.build(etcd), target="opt/etcd"),
            Bind(source=pki, target=_PKI.lstrip("/")),
        ),
        disks=(
            Disk(
                image=folder / "machines" / cluster.control_plane / "etcd.img",
                target="var/lib/etcd",
                size_bytes=size_bytes(site.disks.control_plane),
            ),
        ),
        services=(
            Service(name="etcd", command=_etcd()),
            Service(name="apiserver", command=_apiserver(cluster)),
            Service(name="controller-manager", command=_controllers(cluster, site)),
            Service(name="scheduler", command=_scheduler()),
        ),
    )


def _etcd() -> tuple[str, ...]:
    return (
        "/opt/etcd/etcd",
        "--data-dir=/var/lib/etcd",
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        # Power loss is SIGKILL here: the page cache survives it, so fsync buys nothing.
        "--unsafe-no-fsync",
        "--logger=zap",
        "--log-level=warn",
    )


def _apiserver(cluster: ClusterPlan) -> tuple[str, ...]:
    return (
        "/opt/kubernetes/kube-apiserver",
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={cluster.address}",
        f"--bind-address={cluster.address}",
        f"--secure-port={API_PORT}",
        f"--tls-cert-file={_PKI}/apiserver.crt",
        f"--tls-private-key-file={_PKI}/apiserver.key",
        "--tls-min-version=VersionTLS13",
        f"--client-ca-file={_PKI}/ca.crt",
        f"--service-account-key-file={_PKI}/sa.pub",
        f"--service-account-signing-key-file={_PKI}/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-cluster-ip-range={cluster.services}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--anonymous-auth=false",
        # Velero's node agent is a privileged pod: it reads the volumes of others.
        "--allow-privileged=true",
        f"--kubelet-client-certificate={_PKI}/kubelet-client.crt",
        f"--kubelet-client-key={_PKI}/kubelet-client.key",
        # By name it would ask a DNS that the control plane does not have.
        "--kubelet-preferred-address-types=InternalIP",
        # No kube-proxy runs beside it: webhooks are called at their pods' addresses.
        "--enable-aggregator-routing=true",
    )


def _controllers(cluster: ClusterPlan, site: Site) -> tuple[str, ...]:
    return (
        "/opt/kubernetes/kube-controller-manager",
        f"--kubeconfig={_PKI}/controller-manager.conf",
        f"--authentication-kubeconfig={_PKI}/controller-manager.conf",
        f"--authorization-kubeconfig={_PKI}/controller-manager.conf",
        f"--service-account-private-key-file={_PKI}/sa.key",
        f"--root-ca-file={_PKI}/ca.crt",
        f"--cluster-signing-cert-file={_PKI}/ca.crt",
        f"--cluster-signing-key-file={_PKI}/ca.key",
        f"--service-cluster-ip-range={cluster.services}",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        # Its metrics are read from outside, by whom the API server lets read them.
        f"--bind-address={cluster.address}",
        f"--secure-port={CONTROLLERS_PORT}",
        f"--tls-cert-file={_PKI}/controllers-serving.crt",
        f"--tls-private-key-file={_PKI}/controllers-serving.key",
        "--tls-min-version=VersionTLS13",
        f"--node-monitor-grace-period={site.detection.node_monitor_grace_s}s",
        "--node-monitor-period=1s",
    )


def _scheduler() -> tuple[str, ...]:
    return (
        "/opt/kubernetes/kube-scheduler",
        f"--kubeconfig={_PKI}/scheduler.conf",
        f"--authentication-kubeconfig={_PKI}/scheduler.conf",
        f"--authorization-kubeconfig={_PKI}/scheduler.conf",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
    )
