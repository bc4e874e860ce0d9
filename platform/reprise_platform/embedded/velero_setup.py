"""Velero on both sites, from its chart; its Secrets and its namespace come before it."""

from __future__ import annotations

import base64
from functools import partial

from reprise_platform import charts, kube, manifests
from reprise_platform.access import Access
from reprise_platform.embedded import chartvalues, credentials
from reprise_platform.embedded.layout import Layout
from reprise_platform.embedded.progress import side_by_side
from reprise_platform.embedded.topology import ClusterPlan
from reprise_platform.kube import Object

NAMESPACE = "velero"


def install(layout: Layout) -> None:
    """Install Velero on both sites, or bring it back to what is wanted. Idempotent.

    Raises:
        CommandError: Helm's message.
        KubeError: a cluster refused an object.
    """
    side_by_side(
        *(partial(_install, layout, plan) for plan in layout.topology.clusters)
    )


def secrets(access: Access, cluster: str) -> list[Object]:
    """Return the namespace and the Secrets that Velero's values name.

    The repository's password must be there before the first backup: Velero would take a
    public constant.
    """
    profile = credentials.aws_profile(access.state, cluster)
    password = (access.state / "repository-password").read_text()
    return [
        # The node agent reads and writes other pods' volumes, by their path on the node.
        manifests.namespace(NAMESPACE, level="privileged"),
        _secret("cloud-credentials", {"cloud": profile}),
        _secret("velero-repo-credentials", {"repository-password": password}),
    ]


def _install(layout: Layout, plan: ClusterPlan) -> None:
    access = layout.access({})
    cluster = access.primary if plan.name == "primary" else access.recovery
    kube.apply(cluster, secrets(access, plan.name))
    values = layout.folder / "helm" / f"{plan.name}-velero.yaml"
    charts.write_values(values, chartvalues.velero(layout, plan))
    release = charts.Release(
        name="velero", chart="velero", namespace=NAMESPACE, values=values
    )
    charts.install(access.helm, cluster, release)


def _secret(name: str, values: dict[str, str]) -> Object:
    item = manifests.secret(name, NAMESPACE, {})
    item.pop("stringData")
    item["data"] = {
        key: base64.b64encode(value.encode()).decode() for key, value in values.items()
    }
    return item
