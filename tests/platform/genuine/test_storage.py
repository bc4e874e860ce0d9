"""A claim is bound to a local volume, whose data outlive the pod."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reprise_platform import kube
from reprise_platform.access import Access
from reprise_platform.kube import Object
from tests.platform.genuine.sandbox import IDLE, Sandbox

pytestmark = pytest.mark.cluster


@pytest.fixture
def volume(sandbox: Sandbox, site_access: Access) -> Iterator[str]:
    """Make a local volume in a folder of a node, and a class of its own; drop both."""
    zone = min(site_access.zones)
    (node, *_) = site_access.zones[zone]
    name, path = sandbox.namespace, f"/tmp/{sandbox.namespace}"  # noqa: S108 - the node's own
    # A pod makes the folder: this needs nothing of the node but its kubelet.
    folder: Object = {"hostPath": {"path": path, "type": "DirectoryOrCreate"}}
    maker = sandbox.pod(
        *("maker", "true"),
        nodeSelector={"kubernetes.io/hostname": node},
        restartPolicy="Never",
        volumes=[{"name": "folder", **folder}],
        container={"volumeMounts": [{"name": "folder", "mountPath": "/folder"}]},
    )
    sandbox.apply(_storage_class(name), _volume(name, node, path), maker)
    phase = "jsonpath={.status.phase}=Succeeded"
    sandbox.kubectl("wait", f"--for={phase}", "pod/maker", "--timeout=80s")
    yield name
    kube.delete(sandbox.cluster, "v1", "PersistentVolume", name)
    kube.delete(sandbox.cluster, "storage.k8s.io/v1", "StorageClass", name)


def test_claim_keeps_its_data(sandbox: Sandbox, volume: str) -> None:
    """A claim waits for its first pod, then is bound; another pod finds what one wrote."""
    resources: Object = {"requests": {"storage": "1Mi"}}
    spec: Object = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": volume,
        "resources": resources,
    }
    claim: Object = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": spec,
    }
    sandbox.apply(claim)
    assert sandbox.values(".status.phase", "pvc/data") == ["Pending"]
    using = sandbox.pod(
        *("user", *IDLE),
        volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        container={"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
    )
    sandbox.apply(using)
    sandbox.ready("pod/user")
    assert sandbox.values(".spec.volumeName", "pvc/data") == [volume]
    sandbox.exec("user", "bash", "-c", "echo kept > /data/file")
    sandbox.kubectl("delete", "pod", "user", "--wait")
    # A claim that a pod uses is not removed, only marked: the next pod would still hold it.
    sandbox.apply(using)
    sandbox.ready("pod/user")
    assert sandbox.exec("user", "cat", "/data/file") == "kept\n"


def _storage_class(name: str) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _volume(name: str, node: str, path: str) -> Object:
    term: Object = {
        "key": "kubernetes.io/hostname",
        "operator": "In",
        "values": [node],
    }
    required: Object = {"nodeSelectorTerms": [{"matchExpressions": [term]}]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Mi"},
            "storageClassName": name,
            "local": {"path": path},
            "nodeAffinity": {"required": required},
        },
    }
