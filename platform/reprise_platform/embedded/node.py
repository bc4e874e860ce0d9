"""A Kubernetes node: containerd, kubelet and kube-proxy on a machine of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from reprise_platform.embedded import builds, cgroups, layers
from reprise_platform.embedded.disks import Disk
from reprise_platform.embedded.images import Image
from reprise_platform.embedded.machine import Bind, Machine, Service
from reprise_platform.embedded.topology import ClusterPlan, Node
from reprise_platform.sites import Site, size_bytes

# Where a node has its data volumes.
VOLUMES = "/var/lib/reprise/volumes"
_SHARE = (
    f"bash /etc/reprise/share-layers.sh /{layers.INSIDE} /var/lib/containerd || exit"
)
_CONTAINERD = (
    "containerd --config /etc/reprise/containerd.toml >> /var/log/containerd.log 2>&1 &"
)


def machine(
    node: Node,
    cluster: ClusterPlan,
    *,
    site: Site,
    folder: Path,
    root: Path,
    pki: Path,
    images: Sequence[Image],
) -> Machine:
    """Return the machine of one node."""
    kubernetes = next(item for item in builds.BUILDS if item.name == "kubernetes")
    own = folder / "machines" / node.name
    return Machine(
        name=node.name,
        site=site.name,
        site_folder=folder,
        root=root,
        binds=(
            Bind(source=builds.build(kubernetes), target="opt/kubernetes"),
            # A node gets its own keys and nobody else's.
            Bind(source=pki / node.name, target="etc/kubernetes", held=True),
            Bind(source=layers.store(root, images), target=layers.INSIDE),
        ),
        disks=_disks(own, site),
        files={
            "containerd.toml": _containerd(images),
            "kubelet.yaml": json.dumps(_kubelet(node, cluster, site), indent=1),
            "share-layers.sh": layers.SHARE.read_text(),
            "cni/10-reprise.conflist": json.dumps(_network(node), indent=1),
            "resolv.conf": "",
        },
        prepare=(
            _SHARE,
            _CONTAINERD,
            "until [ -S /run/containerd/containerd.sock ]; do sleep 0.1; done",
        ),
        services=(
            Service(name="proxy", command=_proxy(node)),
            Service(name="kubelet", command=_kubelet_command(node)),
        ),
    )


def volume(own: Path, name: str, site: Site) -> Disk:
    """Return a data volume of the node whose folder is `own`.

    What a database syncs must have reached this machine's own disk.
    """
    return Disk(
        image=own / "volumes" / f"{name}.img",
        target=f"{VOLUMES.lstrip('/')}/{name}",
        size_bytes=size_bytes(site.disks.volume),
        synced=True,
    )


def _disks(own: Path, site: Site) -> tuple[Disk, ...]:
    """Return a node's disks: two of its own, and each volume that was made for it.

    Containers' layers and the kubelet's files lie apart: when the kubelet's disk is full
    it evicts pods, where one disk for both would have it delete images, which nothing
    brings back. Containers' layers are overlays, which cannot lie on the machine's.
    """
    return (
        Disk(
            image=own / "images.img",
            target="var/lib/containerd",
            size_bytes=size_bytes(site.disks.images),
        ),
        Disk(
            image=own / "kubelet.img",
            target="var/lib/kubelet",
            size_bytes=size_bytes(site.disks.node),
        ),
        *(
            volume(own, image.stem, site)
            for image in sorted((own / "volumes").glob("*.img"))
        ),
    )


def _containerd(images: Sequence[Image]) -> str:
    pause = next(image for image in images if image.name == "pause")
    return f"""version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause.reference}"
  # Many machines lack CAP_SYS_RESOURCE; without this their pods would not start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/reprise/cni"
"""


def _network(node: Node) -> dict[str, object]:
    # Point to point rather than a bridge: pods of one node then reach each other through
    # a Service without br_netfilter, a module this machine may not have loaded.
    ranges = [[{"subnet": node.pods}]]
    return {
        "cniVersion": "0.4.0",
        "name": "reprise",
        "plugins": [
            {
                "type": "ptp",
                "ipMasq": False,
                "ipam": {
                    "type": "host-local",
                    "ranges": ranges,
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}, "snat": False},
        ],
    }


def _kubelet(node: Node, cluster: ClusterPlan, site: Site) -> dict[str, object]:
    v1 = cgroups.version() == 1
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": node.address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": "/etc/kubernetes/ca.crt"},
        },
        # Prometheus asks before its role is laid: not to be held against it for 30 s.
        "authorization": {"mode": "Webhook", "webhook": {"cacheUnauthorizedTTL": "3s"}},
        "tlsCertFile": "/etc/kubernetes/kubelet-server.crt",
        "tlsPrivateKeyFile": "/etc/kubernetes/kubelet-server.key",
        "tlsMinVersion": "VersionTLS13",
        # Reading its certificate again takes an inotify instance, of which this machine has
        # 128 by default: two sites would not fit. `up` restarts it after a renewal.
        "featureGates": {"ReloadKubeletServerCertificateFile": False},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/reprise/{site.name}/{node.name}" if v1 else "/",
        "failCgroupV1": False,
        "clusterDNS": [cluster.dns],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,
        # A node whose disk was emptied takes pods again soon: the default is 5 minutes.
        "evictionPressureTransitionPeriod": "20s",
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "2%"},
        "localStorageCapacityIsolation": True,
        "nodeStatusUpdateFrequency": "2s",
        "resolvConf": "/etc/reprise/resolv.conf",
        "rotateCertificates": False,
        "serializeImagePulls": False,
        "syncFrequency": "10s",
    }


def _kubelet_command(node: Node) -> tuple[str, ...]:
    return (
        "/opt/kubernetes/kubelet",
        "--config=/etc/reprise/kubelet.yaml",
        "--kubeconfig=/etc/kubernetes/kubelet.conf",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
        f"--node-labels=topology.kubernetes.io/zone={node.zone}",
    )


def _proxy(node: Node) -> tuple[str, ...]:
    return (
        "/opt/kubernetes/kube-proxy",
        "--kubeconfig=/etc/kubernetes/proxy.conf",
        f"--hostname-override={node.name}",
        "--proxy-mode=iptables",
        f"--cluster-cidr={node.pods}",
        f"--healthz-bind-address={node.address}:10256",
        # These belong to the whole machine, which keeps its own values.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    )
