"""The charts' values of an embedded site: what a real site writes by hand."""

from __future__ import annotations

from collections.abc import Sequence

from reprise_platform.embedded.images import Image
from reprise_platform.embedded.topology import (
    OPENMRS_NODE_PORT,
    ClusterPlan,
)
from reprise_platform.kube import Json, Object
from reprise_platform.sites import Site


def cluster(site: Site, plan: ClusterPlan, images: Sequence[Image]) -> Object:
    """Return the values of the chart `cluster`: names, volumes, the observer."""
    return {
        "dns": {
            "image": _image(images, "coredns"),
            "address": plan.dns,
            "replicas": 2 if plan.name == "primary" else 1,
            "evictionAfterSeconds": site.detection.eviction_after_s,
        }
    }


def openmrs(site: Site, plan: ClusterPlan, images: Sequence[Image]) -> Object:
    """Return the values of the chart `openmrs`, on either site.

    The recovery site has one database member and as many replicas as nodes, loads the
    dump, and takes none: its dump pod comes out of the backup.
    """
    is_primary = plan.name == "primary"
    return {
        "openmrs": {
            "image": _image(images, "openmrs-standin"),
            "command": ["python3", "-m", "reprise_platform.standin", "serve"],
            "replicas": site.openmrs.replicas if is_primary else len(plan.nodes),
            "evictionAfterSeconds": site.detection.eviction_after_s,
            "probes": {"readinessPath": "/-/ready"},
            "service": {"type": "NodePort", "nodePort": OPENMRS_NODE_PORT},
            "resources": {"requests": {"cpu": "50m", "memory": "96Mi"}},
        },
        "database": {
            "image": _image(images, "mariadb"),
            "members": site.database.members if is_primary else 1,
            "storage": {"size": site.disks.volume},
        },
        "dump": {"enabled": is_primary, "storage": {"size": site.disks.volume}},
        "load": {"enabled": not is_primary},
    }


def _image(images: Sequence[Image], name: str) -> dict[str, Json]:
    reference = next(image.reference for image in images if image.name == name)
    repository, _, tag = reference.rpartition(":")
    # Archives, laid on every node: there is no registry to ask.
    return {"repository": repository, "tag": tag, "pullPolicy": "Never"}
