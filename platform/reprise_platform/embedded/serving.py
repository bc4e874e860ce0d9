"""When a site serves: pods ready everywhere, and a clinical read through the front door."""

from __future__ import annotations

import json

import httpx

from reprise_platform import kube, prometheus, tls
from reprise_platform.access import Access, Cluster
from reprise_platform.embedded import observability, scraping
from reprise_platform.embedded.layout import NAMESPACE, Layout
from reprise_platform.openmrs import OUTPATIENT_CLINIC, REST_PATH
from reprise_platform.waiting import patience, until


def wait(layout: Layout) -> None:
    """Wait until the primary serves, its backups' location is there, and a read succeeds.

    Raises:
        WaitTimeout: what did not come, and where to look.
    """
    access = layout.access({})
    site = layout.site
    _pods(access.primary, NAMESPACE, "app=galera", site.database.members, within_s=180)
    _pods(access.primary, NAMESPACE, "app=openmrs", site.openmrs.replicas, within_s=120)
    for saved in ("dump", "attachments"):
        _pods(access.primary, NAMESPACE, f"app={saved}", 1, within_s=60)
    for cluster in (access.primary, access.recovery):
        _pods(cluster, "velero", "deploy=velero", 1, within_s=120)
        _location(cluster)
    until(
        lambda: prometheus.beats(access),
        within_s=60,
        every_s=0.5,
        what=f"an alert that always fires to reach {access.alertmanager}; see "
        f"{layout.folder}/machines/observability/log/",
    )
    until(
        lambda: clinical_read(access),
        within_s=60,
        every_s=0.3,
        what=f"a clinical read at {access.front_door}",
    )
    watcher = layout.machine(observability.NAME)
    scraping.serve(access, layout.topology, layout.folder, watcher)


def clinical_read(access: Access, timeout_s: float = 3) -> bool:
    """Return whether the front door answers a read that needs the database."""
    login = json.loads(access.clinic_credentials.read_text())
    try:
        answer = httpx.get(
            f"{access.front_door}{REST_PATH}/location/{OUTPATIENT_CLINIC}",
            auth=(login["username"], login["password"]),
            timeout=timeout_s * patience(),
            verify=tls.context(access.authority),
        )
        return (
            answer.status_code == httpx.codes.OK
            and answer.json()["uuid"] == OUTPATIENT_CLINIC
        )
    except (httpx.HTTPError, ValueError, KeyError):
        return False


def _pods(
    cluster: Cluster, namespace: str, selector: str, count: int, *, within_s: float
) -> None:
    def ready() -> bool:
        found = kube.pods(cluster, namespace, selector)
        return sum(pod.ready and not pod.deleting for pod in found) >= count

    until(
        ready,
        within_s=within_s,
        every_s=0.5,
        what=f"{count} ready pods {selector} in {cluster.name}/{namespace}",
        command=f"kubectl --kubeconfig {cluster.kubeconfig} -n {namespace}"
        f" describe pods -l {selector}",
    )


def _location(cluster: Cluster) -> None:
    def available() -> bool:
        found = kube.get_object(
            cluster,
            "velero.io/v1",
            "BackupStorageLocation",
            "default",
            namespace="velero",
        )
        return kube.text(found, "status", "phase") == "Available"

    until(
        available,
        within_s=60,
        every_s=0.5,
        what=f"{cluster.name}'s backup location Available",
    )
