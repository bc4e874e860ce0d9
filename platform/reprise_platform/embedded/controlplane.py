"""A managed control plane: one machine with etcd, the API server and its controllers."""

from __future__ import annotations

from pathlib import Path

from reprise_platform.embedded import builds
from reprise_platform.embedded.disks import Disk
from reprise_platform.embedded.identities import AUDIT_POLICY, ENCRYPTION
from reprise_platform.embedded.machine import Bind, Machine, Service
from reprise_platform.embedded.topology import (
    API_PORT,
    CONTROLLERS_PORT,
    ClusterPlan,
)
from reprise_platform.sites import Site, size_bytes

_PKI = "/etc/kubernetes/pki"


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
            # Not held: all four servers read by themselves what is renewed.
            Bind(source=pki / cluster.control_plane, target=_PKI.lstrip("/")),
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
            Service(name="scheduler", command=_scheduler(cluster)),
        ),
    )


def _etcd() -> tuple[str, ...]:
    return (
        "/opt/etcd/etcd",
        "--data-dir=/var/lib/etcd",
        "--listen-client-urls=https://127.0.0.1:2379",
        "--advertise-client-urls=https://127.0.0.1:2379",
        "--listen-peer-urls=https://127.0.0.1:2380",
        "--initial-advertise-peer-urls=https://127.0.0.1:2380",
        "--initial-cluster=default=https://127.0.0.1:2380",
        f"--cert-file={_PKI}/etcd-server.crt",
        f"--key-file={_PKI}/etcd-server.key",
        f"--trusted-ca-file={_PKI}/etcd-ca.crt",
        "--client-cert-auth",
        f"--peer-cert-file={_PKI}/etcd-peer.crt",
        f"--peer-key-file={_PKI}/etcd-peer.key",
        f"--peer-trusted-ca-file={_PKI}/etcd-ca.crt",
        "--peer-client-cert-auth",
        "--tls-min-version=TLS1.3",
        # Power loss is SIGKILL here: the page cache survives it, so fsync buys nothing.
        "--unsafe-no-fsync",
        "--logger=zap",
        "--log-level=warn",
    )


def _apiserver(cluster: ClusterPlan) -> tuple[str, ...]:
    return (
        "/opt/kubernetes/kube-apiserver",
        "--etcd-servers=https://127.0.0.1:2379",
        f"--etcd-cafile={_PKI}/etcd-ca.crt",
        f"--etcd-certfile={_PKI}/etcd-client.crt",
        f"--etcd-keyfile={_PKI}/etcd-client.key",
        f"--encryption-provider-config={_PKI}/{ENCRYPTION}",
        f"--audit-policy-file={_PKI}/{AUDIT_POLICY}",
        "--audit-log-path=/var/log/audit.log",
        "--audit-log-maxsize=20",
        "--audit-log-maxbackup=4",
        "--audit-log-maxage=90",
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
        # A pod's token ends an hour after it was given, and with its pod: no grace.
        "--service-account-extend-token-expiration=false",
        f"--service-cluster-ip-range={cluster.services}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--anonymous-auth=false",
        # Velero's node agent is a privileged pod: it reads the volumes of others.
        "--allow-privileged=true",
        f"--kubelet-client-certificate={_PKI}/kubelet-client.crt",
        f"--kubelet-client-key={_PKI}/kubelet-client.key",
        f"--kubelet-certificate-authority={_PKI}/ca.crt",
        # By name it would ask a DNS that the control plane does not have.
        "--kubelet-preferred-address-types=InternalIP",
        f"--requestheader-client-ca-file={_PKI}/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={_PKI}/front-proxy-client.crt",
        f"--proxy-client-key-file={_PKI}/front-proxy-client.key",
        # No kube-proxy runs beside it: webhooks are called at their pods' addresses.
        "--enable-aggregator-routing=true",
        "--profiling=false",
    )


def _controllers(cluster: ClusterPlan, site: Site) -> tuple[str, ...]:
    return (
        "/opt/kubernetes/kube-controller-manager",
        f"--kubeconfig={_PKI}/controller-manager.conf",
        f"--authentication-kubeconfig={_PKI}/controller-manager.conf",
        f"--authorization-kubeconfig={_PKI}/controller-manager.conf",
        f"--service-account-private-key-file={_PKI}/sa.key",
        f"--root-ca-file={_PKI}/ca.crt",
        # People's certificates only: every signer takes an inotify instance more.
        f"--cluster-signing-kube-apiserver-client-cert-file={_PKI}/ca.crt",
        f"--cluster-signing-kube-apiserver-client-key-file={_PKI}/ca.key",
        f"--service-cluster-ip-range={cluster.services}",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        *_serves("controller-manager", cluster),
        f"--secure-port={CONTROLLERS_PORT}",
        f"--node-monitor-grace-period={site.detection.node_monitor_grace_s}s",
        "--node-monitor-period=1s",
    )


def _scheduler(cluster: ClusterPlan) -> tuple[str, ...]:
    return (
        "/opt/kubernetes/kube-scheduler",
        f"--kubeconfig={_PKI}/scheduler.conf",
        f"--authentication-kubeconfig={_PKI}/scheduler.conf",
        f"--authorization-kubeconfig={_PKI}/scheduler.conf",
        "--leader-elect=false",
        *_serves("scheduler", cluster),
    )


def _serves(name: str, cluster: ClusterPlan) -> tuple[str, ...]:
    # Its figures are read from outside the machine, by whom the API server allows.
    return (
        f"--bind-address={cluster.address}",
        f"--tls-cert-file={_PKI}/{name}-server.crt",
        f"--tls-private-key-file={_PKI}/{name}-server.key",
        "--tls-min-version=VersionTLS13",
        "--profiling=false",
    )
