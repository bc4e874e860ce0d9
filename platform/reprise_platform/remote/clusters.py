"""Whether each cluster of a remote site is the one it should be, and may be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reprise_platform import kube, velero
from reprise_platform.access import Cluster
from reprise_platform.errors import PlatformError
from reprise_platform.remote import rights
from reprise_platform.remote.rights import Right
from reprise_platform.remote.sitefile import RemoteSite
from reprise_platform.remote.ways import Kind

RIGHTS_FILE = "platform/sites/remote-rights.yaml"

type Problem = tuple[str, str]
"""A key of the site file, and what is wrong with what it leads to."""


def cluster_problems(site: RemoteSite, cluster: Cluster) -> Iterator[Problem]:
    """Yield what is wrong with a cluster; the first that hides the rest ends the list."""
    key = cluster.name
    for observe, name in ((False, "context"), (True, "observer_context")):
        try:
            found = rights.uid(cluster, observe=observe)
        except kube.KubeError as error:
            yield (f"{key}.{name}", _unanswered(error))
            return
        if found != cluster.uid:
            told = (
                f"the file says {cluster.uid}, but {key}.{name} leads to {found}: check"
                " the context, or write this one if the cluster was made anew"
            )
            yield (f"{key}.uid", told)
            return
    yield from _rights_problems(site, cluster)
    if key == "primary":
        yield from _namespace_problems(site, cluster)
    try:
        yield from _velero_problems(site, cluster)
    except PlatformError as error:
        yield (f"{key}.context", f"Velero's objects cannot be read: {error}")


def _unanswered(error: kube.KubeError) -> str:
    if error.status is None:
        return (
            f"its API server does not answer: {error}; is there a way to it from here?"
        )
    return f"its API server refuses this credential ({error.status}): {error}; renew it"


def _rights_problems(site: RemoteSite, cluster: Cluster) -> Iterator[Problem]:
    approximates = site.capabilities.power_off.kind is Kind.KUBERNETES
    wanted = (
        rights.injector(site.namespace, approximates=approximates)
        if cluster.name == "primary"
        else rights.restorer(site.namespace)
    )
    lacking = _where(rights.granted(cluster, wanted), allowed=False)
    if lacking:
        told = f"may not {lacking}; {RIGHTS_FILE} grants what is needed"
        yield (f"{cluster.name}.context", told)
    key = f"{cluster.name}.observer_context"
    blind = _where(
        rights.granted(cluster, rights.OBSERVER, observe=True), allowed=False
    )
    if blind:
        yield (key, f"may not {blind}; {RIGHTS_FILE} grants what is needed")
    strong = rights.granted(cluster, rights.NOT_OBSERVER, observe=True)
    if found := _where(strong, allowed=True):
        told = f"may {found}: an observer only looks; {RIGHTS_FILE} has one"
        yield (key, told)


def _namespace_problems(site: RemoteSite, cluster: Cluster) -> Iterator[Problem]:
    if kube.get_object(cluster, "v1", "Namespace", site.namespace) is None:
        found = kube.list_objects(cluster, "v1", "Namespace")
        known = ", ".join(sorted(kube.text(item, "metadata", "name") for item in found))
        told = f"no namespace {site.namespace} in {cluster.name}; it has: {known}"
        yield ("namespace", told)


def _where(found: Mapping[Right, bool], *, allowed: bool) -> str:
    return ", ".join(str(right) for right, is_so in found.items() if is_so is allowed)


def _velero_problems(site: RemoteSite, cluster: Cluster) -> Iterator[Problem]:
    key = f"{cluster.name}.context"
    locations = velero.locations(cluster)
    if not locations:
        told = (
            "no BackupStorageLocation in namespace velero: is Velero installed there?"
        )
        yield (key, told)
    for location in locations:
        if location.phase != "Available":
            phase = location.phase or "not looked at yet"
            said = f" ({location.message})" if location.message else ""
            told = f"Velero's location {location.name} is {phase}{said}"
            yield (key, f"{told}; see: velero backup-location get")
    if cluster.name == "recovery":
        buckets = {
            kube.text(item, "spec", "objectStorage", "bucket")
            for item in kube.list_objects(
                cluster,
                *("velero.io/v1", "BackupStorageLocation"),
                namespace="velero",
            )
        }
        if buckets and site.backup_store.bucket not in buckets:
            told = f"the recovery's Velero reads {', '.join(sorted(buckets))}, not this one"
            yield ("backup_store.bucket", told)
