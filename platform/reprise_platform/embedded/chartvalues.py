"""The charts' values of an embedded site: what a real site writes by hand."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from reprise_platform.embedded.images import Image
from reprise_platform.embedded.layout import Layout
from reprise_platform.embedded.topology import OPENMRS_NODE_PORT, ClusterPlan
from reprise_platform.kube import Json, Object

_STANDIN = {
    # As upstream: "index" (blind after a raw restore), "upstream" (two replicas may hand
    # out one number), 0 (a frozen database holds a request for ever), 25.
    "STANDIN_SEARCH": "database",
    "STANDIN_IDGEN": "locked",
    "STANDIN_DB_READ_TIMEOUT_S": "10",
    "STANDIN_START_S": "0",
}
"""How kind the stand-in is, each setting described in `images/openmrs/README.md`."""


def cluster(layout: Layout, plan: ClusterPlan) -> Object:
    """Return the values of the chart `cluster`: names, volumes, the observer."""
    return {
        "dns": {
            "image": _image(layout.images, "coredns"),
            "address": plan.dns,
            "replicas": 2 if plan.name == "primary" else 1,
            "evictionAfterSeconds": layout.site.detection.eviction_after_s,
        }
    }


def openmrs(layout: Layout, plan: ClusterPlan) -> Object:
    """Return the values of the chart `openmrs`, on either site.

    The recovery site has one database member and as many replicas as nodes, loads the
    dump, and takes none: its dump pod and its attachments come out of the backup.
    """
    site, is_primary = layout.site, plan.name == "primary"
    machines: Json = [{"ipBlock": {"cidr": layout.topology.machines}}]
    return {
        "openmrs": {
            "image": _image(layout.images, "openmrs-standin"),
            "command": ["python3", "-m", "reprise_platform.standin", "serve"],
            "readOnlyRootFilesystem": True,
            "dataPath": "",
            "terminationGracePeriodSeconds": 10,
            "replicas": site.openmrs.replicas if is_primary else len(plan.nodes),
            "evictionAfterSeconds": site.detection.eviction_after_s,
            "extraEnv": [
                {"name": name, "value": value} for name, value in _STANDIN.items()
            ],
            "probes": {"readinessPath": "/-/ready"},
            "service": {"type": "NodePort", "nodePort": OPENMRS_NODE_PORT},
            "resources": {
                "requests": {"cpu": "50m", "memory": "96Mi"},
                "limits": {"memory": "512Mi"},
            },
        },
        "database": {
            "image": _image(layout.images, "mariadb"),
            "members": site.database.members if is_primary else 1,
            "storage": {"size": site.disks.volume},
        },
        "dump": {"enabled": is_primary, "storage": {"size": site.disks.volume}},
        "attachments": {
            "image": _image(layout.images, "attachments"),
            "fromBackup": not is_primary,
            "storage": {"size": site.disks.volume},
        },
        "load": {"enabled": not is_primary},
        "networkPolicies": {"frontDoor": machines, "monitoring": machines},
    }


def velero(layout: Layout, plan: ClusterPlan) -> Object:
    """Return the values of the chart `velero`, beside those of its own file.

    The recovery site sees the primary's backups through a read-only location: it must
    never write, expire or delete one, and has no schedule.
    """
    site, is_primary = layout.site, plan.name == "primary"
    image = _image(layout.images, "velero")
    reference = f"{image['repository']}:{image['tag']}"
    access = layout.access({})
    location: dict[str, Json] = {
        "name": "default",
        "default": True,
        "provider": "aws",
        "bucket": access.backup_store.bucket,
        "accessMode": "ReadWrite" if is_primary else "ReadOnly",
        # The location is looked at once a minute, and only if this has passed by then: a
        # minute or more can mean two.
        "backupSyncPeriod": "10s",
        "validationFrequency": "10s",
        "config": {
            "region": access.backup_store.region,
            "s3ForcePathStyle": "true",
            "s3Url": access.backup_store.endpoint,
        },
    }
    if access.authority is not None:
        location["caCert"] = base64.b64encode(access.authority.read_bytes()).decode()
    return {
        "image": image,
        "initContainers": [
            {
                "name": "velero-plugin-for-aws",
                "image": reference,
                "imagePullPolicy": "Never",
                # The plug-in comes in Velero's own image: it only has to be copied.
                "command": ["/bin/cp", "/plugins/velero-plugin-for-aws", "/target/"],
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                },
                "volumeMounts": [{"name": "plugins", "mountPath": "/target"}],
            }
        ],
        "resources": {
            "requests": {"cpu": "20m", "memory": "64Mi"},
            "limits": {"memory": "512Mi"},
        },
        "configuration": {
            # A restore that hangs blocks every later one until this passes.
            "fsBackupTimeout": f"{site.backups.restore_deadline_s}s",
            "backupStorageLocation": [location],
        },
        "nodeAgent": {
            "resources": {
                "requests": {"cpu": "20m", "memory": "32Mi"},
                "limits": {"memory": "1Gi"},
            }
        },
        "schedules": {
            "openmrs": {
                "disabled": not is_primary,
                "schedule": f"@every {site.backups.every_s}s",
                "template": {"ttl": "24h0m0s"},
            }
        },
    }


def _image(images: Sequence[Image], name: str) -> dict[str, Json]:
    reference = next(image.reference for image in images if image.name == name)
    repository, _, tag = reference.rpartition(":")
    # Archives, laid on every node: there is no registry to ask.
    return {"repository": repository, "tag": tag, "pullPolicy": "Never"}
