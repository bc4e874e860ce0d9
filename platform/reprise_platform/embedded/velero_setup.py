"""Velero installed on both sites, from the manifests its own client writes."""

from __future__ import annotations

import base64
import http
import tempfile

import yaml

from reprise_platform import kube, manifests
from reprise_platform.access import Access, Cluster
from reprise_platform.command import run
from reprise_platform.embedded import credentials
from reprise_platform.embedded.images import Image
from reprise_platform.embedded.progress import side_by_side
from reprise_platform.embedded.store import REGION
from reprise_platform.kube import Json, Object
from reprise_platform.sites import Site
from reprise_platform.waiting import until

NAMESPACE = "velero"


def install(access: Access, site: Site, image: Image) -> None:
    """Install Velero on both sites, or bring it back to what is wanted. Idempotent.

    Raises:
        CommandError: Velero's client could not write its manifests.
        KubeError: a cluster refused an object.
    """
    text = _manifests(access, image)

    def on(cluster: Cluster) -> None:
        wanted = objects(access, site, text, cluster.name)
        kinds = [item for item in wanted if item["kind"] == "CustomResourceDefinition"]
        kube.apply(cluster, kinds)
        for item in wanted:
            if item not in kinds:
                _applied(cluster, item)

    side_by_side(lambda: on(access.primary), lambda: on(access.recovery))


def objects(access: Access, site: Site, text: str, cluster: str) -> list[Object]:
    """Return Velero's objects for one site, `primary` or `recovery`.

    The recovery site sees the primary's backups through a read-only location: it must
    never write, expire or delete one.
    """
    wanted = [item for item in _parsed(text) if item["kind"] != "Secret"]
    namespace = next(item for item in wanted if item["kind"] == "Namespace")
    profile = credentials.aws_profile(access.state, cluster)
    password = (access.state / "repository-password").read_text()
    first: list[Object] = [
        namespace,
        _secret("cloud-credentials", {"cloud": profile}),
        _secret("velero-repo-credentials", {"repository-password": password}),
    ]
    for item in wanted:
        if item["kind"] == "BackupStorageLocation":
            _set(item, ["spec", "accessMode"], _mode(cluster))
            # The location is looked at once a minute, and only if this has passed by
            # then: a minute or more can mean two.
            _set(item, ["spec", "backupSyncPeriod"], "10s")
            _set(item, ["spec", "validationFrequency"], "10s")
        if item["kind"] == "Deployment":
            _server(item, site)
        if item["kind"] in {"Deployment", "DaemonSet"}:
            _never_pull(item)
    return [*first, *(item for item in wanted if item["kind"] != "Namespace")]


def schedule(site: Site) -> Object:
    """Return the schedule of the primary's backups."""
    return {
        "apiVersion": "velero.io/v1",
        "kind": "Schedule",
        "metadata": {"name": "openmrs", "namespace": NAMESPACE},
        "spec": {
            "schedule": f"@every {site.backups.every_s}s",
            "skipImmediately": False,
            "template": {
                "includedNamespaces": ["openmrs"],
                "excludedNamespaceScopedResources": [
                    *("secrets", "events", "events.events.k8s.io", "endpoints"),
                    "endpointslices.discovery.k8s.io",
                ],
                "storageLocation": "default",
                "snapshotVolumes": False,
                "ttl": "24h0m0s",
            },
        },
    }


def _mode(cluster: str) -> str:
    return "ReadWrite" if cluster == "primary" else "ReadOnly"


def _applied(cluster: Cluster, item: Object) -> None:
    """Apply one object, waiting for its kind to be served: it was defined just now."""

    def tried() -> bool:
        try:
            kube.apply(cluster, [item])
        except kube.KubeError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    what = f"{cluster.name} to serve {item['kind']}"
    until(tried, within_s=30, every_s=0.2, what=what)


def _manifests(access: Access, image: Image) -> str:
    store, bucket = access.backup_store, credentials.BUCKETS["primary"]
    with tempfile.NamedTemporaryFile() as empty:
        return run(
            [
                *(access.velero, "install", "--dry-run", "-o", "yaml"),
                *("--provider", "aws", "--plugins", image.reference),
                *("--image", image.reference, "--bucket", bucket),
                # The keys are put in afterwards: they belong in no argument or file.
                *("--secret-file", empty.name),
                *("--use-node-agent", "--use-volume-snapshots=false"),
                *(
                    "--velero-pod-cpu-request",
                    "20m",
                    "--velero-pod-mem-request",
                    "64Mi",
                ),
                *("--node-agent-pod-cpu-request", "20m"),
                *("--node-agent-pod-mem-request", "32Mi"),
                "--backup-location-config",
                f"region={REGION},s3ForcePathStyle=true,s3Url={store.endpoint}",
            ],
            env={"KUBECONFIG": str(access.primary.kubeconfig)},
        )


def _parsed(text: str) -> list[Object]:
    found: list[Object] = []
    for item in yaml.safe_load_all(text):
        if item and item.get("kind") == "List":
            found += item["items"]
        elif item:
            found.append(item)
    return found


def _server(item: Object, site: Site) -> None:
    (container,) = _containers(item)
    arguments = container["args"]
    assert isinstance(arguments, list)
    # A restore that hangs blocks every later one until this passes; the default is 4 h.
    arguments.append(f"--fs-backup-timeout={site.backups.restore_deadline_s}s")


def _never_pull(item: Object) -> None:
    for container in _containers(item):
        container["imagePullPolicy"] = "Never"
    # The plug-in comes in Velero's own image: the init container only has to copy it.
    for container in _containers(item, "initContainers"):
        container["imagePullPolicy"] = "Never"
        container["command"] = ["/bin/cp", "/plugins/velero-plugin-for-aws", "/target/"]


def _containers(item: Object, key: str = "containers") -> list[dict[str, Json]]:
    here: Json = item
    for step in ("spec", "template", "spec", key):
        here = here.get(step) if isinstance(here, dict) else None
    return (
        [one for one in here if isinstance(one, dict)] if isinstance(here, list) else []
    )


def _set(item: Object, path: list[str], value: Json) -> None:
    here: Json = item
    for step in path[:-1]:
        assert isinstance(here, dict)
        here = here[step]
    assert isinstance(here, dict)
    here[path[-1]] = value


def _secret(name: str, values: dict[str, str]) -> Object:
    item = manifests.secret(name, NAMESPACE, {})
    item.pop("stringData")
    item["data"] = {
        key: base64.b64encode(value.encode()).decode() for key, value in values.items()
    }
    return item
