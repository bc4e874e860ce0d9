"""What works of a site and what does not, seen from outside, each with its reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from reprise_platform import kube
from reprise_platform.access import Access, Cluster, load_access
from reprise_platform.capabilities import Door, capabilities
from reprise_platform.embedded.serving import clinical_read
from reprise_platform.errors import PlatformError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at."""

    what: str
    works: bool
    detail: str

    def as_json(self) -> dict[str, str | bool]:
        """Return the check for programs."""
        return dataclasses.asdict(self)


def status(site: str) -> tuple[Check, ...]:
    """Look at every machine, node and pod of a site, its backups and its front door.

    Raises:
        SiteError: the site is not up here.
    """
    access = load_access(site)
    checks = [
        Check(what=f"machine {name}", works=on, detail="on" if on else "off")
        for name, on in capabilities(access).machines_on().items()
    ]
    for cluster in (access.primary, access.recovery):
        checks += _cluster(access, cluster)
    works = clinical_read(access)
    detail = f"clinical read at {access.front_door}"
    checks.append(Check(what="front door", works=works, detail=detail))
    checks += _doors(capabilities(access).doors())
    return tuple(checks)


def _doors(doors: Sequence[Door]) -> list[Check]:
    """Say who holds the clinics' address, and whether all lead to one site."""
    holders = " and ".join(door.name for door in doors if door.holds)
    # Two that think the other dead both answer for it: some clinics reach neither.
    alone = sum(door.holds for door in doors) == 1
    led = {door.leads_to for door in doors}
    found = [
        Check(
            what="front door's address",
            works=alone,
            detail=f"held by {holders or 'no machine'}",
        )
    ]
    found += [
        Check(
            what=f"front door {door.name}",
            works=len(led) == 1 and door.leads_to != "",
            detail=f"leads to {door.leads_to}" if door.leads_to else "does not answer",
        )
        for door in doors
    ]
    return found if doors else []


def _cluster(access: Access, cluster: Cluster) -> list[Check]:
    try:
        nodes = kube.nodes(cluster, observe=True)
        pods = [
            pod
            for namespace in (access.namespace, "velero", "kube-system")
            for pod in kube.pods(cluster, namespace, observe=True)
            if pod.phase != "Succeeded"
        ]
        location = kube.get_object(
            cluster,
            "velero.io/v1",
            "BackupStorageLocation",
            "default",
            namespace="velero",
            observe=True,
        )
    except PlatformError as error:
        return [Check(what=cluster.name, works=False, detail=str(error))]
    ready = {node.name for node in nodes if node.ready}
    found = [
        Check(
            what=f"{cluster.name} node {node.name}",
            works=node.ready,
            detail="Ready" if node.ready else "NotReady",
        )
        for node in nodes
    ]
    found += [
        Check(
            what=f"{cluster.name} pod {pod.name}",
            # A pod reads Ready for a while after its node died: both must be.
            works=pod.ready and pod.node in ready,
            detail=f"{pod.phase} on {pod.node or 'no node'}",
        )
        for pod in pods
    ]
    phase = kube.text(location, "status", "phase")
    found.append(
        Check(
            what=f"{cluster.name} backup location",
            works=phase == "Available",
            detail=phase or "not looked at yet",
        )
    )
    return found
