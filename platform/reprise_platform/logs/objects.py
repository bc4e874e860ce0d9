"""What an API server knows of a cluster, for the archive; never a Secret."""

from __future__ import annotations

import json
from collections.abc import Iterator

from reprise_platform import kube
from reprise_platform.access import Cluster
from reprise_platform.errors import PlatformError
from reprise_platform.kube import Object
from reprise_platform.kube_rest import at
from reprise_platform.logs.archive import Archive

_KINDS = (
    *(("v1", kind) for kind in ("Node", "Pod", "Event", "Service", "Namespace")),
    *(("v1", kind) for kind in ("PersistentVolume", "PersistentVolumeClaim")),
    *(("v1", kind) for kind in ("ConfigMap", "ServiceAccount")),
    *(("apps/v1", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet")),
    *(("apps/v1", kind) for kind in ("ReplicaSet",)),
    ("batch/v1", "Job"),
    ("policy/v1", "PodDisruptionBudget"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    *(
        ("velero.io/v1", kind)
        for kind in ("Backup", "Restore", "Schedule", "BackupStorageLocation")
    ),
    *(("velero.io/v1", kind) for kind in ("PodVolumeBackup", "PodVolumeRestore")),
)
_LINES = 2000
_GONE = "previous terminated container"


def add_cluster(archive: Archive, cluster: Cluster) -> list[str]:
    """Add a cluster's objects, events and pods' logs; return what could not be had.

    Raises:
        KubeError: the API server does not answer at all.
    """
    if not kube.api_reachable(cluster):
        return [f"{cluster.name}: its API server takes no connection"]
    problems = []
    pods: tuple[Object, ...] = ()
    for version, kind in _KINDS:
        try:
            found = kube.list_objects(cluster, version, kind)
        except PlatformError as error:
            problems.append(f"{cluster.name} {kind}: {error}")
            continue
        pods = found if kind == "Pod" else pods
        text = json.dumps([_bare(item) for item in found], indent=1)
        archive.add(f"clusters/{cluster.name}/{kind}.json", text)
        if kind == "Event":
            lines = sorted(_event(item) for item in found)
            archive.add(f"clusters/{cluster.name}/events.txt", "\n".join(lines))
    for namespace, pod, container, previous in _containers(pods):
        name = f"{namespace}/{pod}/{container}{'.previous' if previous else ''}.log"
        try:
            said = kube.pod_log(
                cluster,
                namespace,
                pod,
                container=container,
                previous=previous,
                lines=_LINES,
            )
            archive.add(f"clusters/{cluster.name}/pods/{name}", said)
        except PlatformError as error:
            # Of what ran before a node was lost there may be a count and no log.
            if not (previous and _GONE in str(error)):
                problems.append(f"{cluster.name} {name}: {error}")
    return problems


def _bare(item: Object) -> Object:
    meta = at(item, "metadata")
    kept = meta if isinstance(meta, dict) else {}
    # Long, and of no use to whoever looks for a cause.
    return {**item, "metadata": {k: v for k, v in kept.items() if k != "managedFields"}}


def _event(item: Object) -> str:
    when = kube.text(item, "lastTimestamp") or kube.text(item, "eventTime")
    about = f"{kube.text(item, 'involvedObject', 'kind')}/" + kube.text(
        item, "involvedObject", "name"
    )
    said = kube.text(item, "message")
    return (
        f"{when} {kube.text(item, 'type')} {kube.text(item, 'reason')} {about}: {said}"
    )


def _containers(pods: tuple[Object, ...]) -> Iterator[tuple[str, str, str, bool]]:
    for pod in pods:
        namespace, name = (kube.text(pod, "metadata", k) for k in ("namespace", "name"))
        for group in ("initContainerStatuses", "containerStatuses"):
            statuses = at(pod, "status", group)
            for status in statuses if isinstance(statuses, list) else []:
                container = kube.text(status, "name")
                if at(status, "state", "waiting") is None:
                    yield namespace, name, container, False
                restarts = status.get("restartCount") if isinstance(status, dict) else 0
                if restarts:
                    yield namespace, name, container, True
