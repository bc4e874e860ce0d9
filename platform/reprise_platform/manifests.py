"""The Kubernetes objects that no release holds: Secrets, volumes, the recovery's steps.

The recovery applies the chart in steps, each waited for, so it renders it and applies
what each step needs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from reprise_platform import charts
from reprise_platform.access import Access
from reprise_platform.kube import Json, Object, text

# What a level means is pinned: an upgraded cluster must not refuse a recovery.
POD_SECURITY_VERSION = "v1.35"


def secret(name: str, namespace: str, values: Mapping[str, str]) -> Object:
    """Return a Secret that no backup takes: it comes from escrow, never from the bucket."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"velero.io/exclude-from-backup": "true"},
        },
        "stringData": dict(values),
    }


def namespace(name: str, *, level: str = "restricted") -> Object:
    """Return a namespace that refuses pods beyond a Pod Security level.

    Args:
        level: `restricted` for what serves clinics; `privileged` for what must reach
            into a node, as Velero's node agent does.
    """
    labels: dict[str, Json] = {}
    for mode in ("enforce", "audit", "warn"):
        labels[f"pod-security.kubernetes.io/{mode}"] = level
        labels[f"pod-security.kubernetes.io/{mode}-version"] = POD_SECURITY_VERSION
    metadata: dict[str, Json] = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def volume(
    name: str,
    *,
    role: str,
    namespace: str,
    claim: str,
    node: str,
    path: str,
    size: str,
) -> Object:
    """Return one local volume of one node, kept for one claim."""
    # The database is saved by its dump; a volume that is saved itself must be seen by
    # Velero, or a restored claim would wait for the volume it had.
    excluded = "true" if role == "database" else "false"
    labels: Json = {"reprise/role": role, "velero.io/exclude-from-backup": excluded}
    here: Json = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": f"local-{role}",
            "claimRef": {"namespace": namespace, "name": claim},
            "local": {"path": path},
            "nodeAffinity": {
                "required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}
            },
        },
    }


def escrowed(access: Access) -> list[Object]:
    """Return what the recovery site needs first: the namespace, the escrowed Secrets."""
    secrets: list[Object] = [
        json.loads(file.read_text()) for file in sorted(access.escrow.glob("*.json"))
    ]
    return [namespace(access.namespace), *secrets]


def recovery_database(access: Access) -> list[Object]:
    """Return the recovery site's database: one member, installed anew and empty."""
    return [item for item in _recovery(access) if _app(item) not in {"load", "openmrs"}]


def load_job(access: Access) -> list[Object]:
    """Return the job that loads the restored dump."""
    return [item for item in _recovery(access) if _app(item) == "load"]


def openmrs(access: Access) -> list[Object]:
    """Return the recovery site's OpenMRS."""
    return [item for item in _recovery(access) if _app(item) == "openmrs"]


def restored_attachments(access: Access) -> list[Object]:
    """Return what to wait for of the attachments' server, which a backup brings back."""
    metadata: Json = {"name": "attachments", "namespace": access.namespace}
    return [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}]


def values_file(access: Access) -> Path:
    """Return the chart's values for the recovery site, in the site's own folder."""
    return access.state / "helm" / "recovery-openmrs.yaml"


def _recovery(access: Access) -> list[Object]:
    """Render the chart for the recovery site; Helm runs once for all of a recovery."""
    release = charts.Release(
        name="openmrs",
        chart="openmrs",
        namespace=access.namespace,
        values=values_file(access),
    )
    return charts.render(access.helm, release)


def _app(item: Object) -> str:
    return text(item, "metadata", "labels", "app.kubernetes.io/name")
