"""The releases of a site: which chart, on which cluster, with which values."""

from __future__ import annotations

from reprise_platform import charts, kube, manifests
from reprise_platform.embedded import chartvalues
from reprise_platform.embedded.layout import NAMESPACE, Layout
from reprise_platform.embedded.topology import ClusterPlan


def base(layout: Layout, plan: ClusterPlan) -> None:
    """Install what a bare cluster needs before anything runs on it. Idempotent.

    Raises:
        PlatformError: Helm's message, or the cluster did not answer.
    """
    values = layout.folder / "helm" / f"{plan.name}-cluster.yaml"
    charts.write_values(values, chartvalues.cluster(layout, plan))
    access = layout.access({})
    cluster = access.primary if plan is layout.topology.primary else access.recovery
    # Only the DNS runs there.
    kube.apply(cluster, [manifests.namespace("kube-system")])
    release = charts.Release(
        name="cluster", chart="cluster", namespace="kube-system", values=values
    )
    charts.install(access.helm, cluster, release)


def openmrs(layout: Layout) -> None:
    """Install the service on the primary; keep the recovery's values for the day.

    Raises:
        PlatformError: Helm's message, or the cluster did not answer.
    """
    access, topology = layout.access({}), layout.topology
    values = layout.folder / "helm" / "primary-openmrs.yaml"
    for path, plan in (
        (values, topology.primary),
        (manifests.values_file(access), topology.recovery),
    ):
        charts.write_values(path, chartvalues.openmrs(layout, plan))
    release = charts.Release(
        name="openmrs", chart="openmrs", namespace=NAMESPACE, values=values
    )
    charts.install(access.helm, access.primary, release)
