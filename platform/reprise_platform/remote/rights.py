"""What a credential may do, as the API server itself answers (SelfSubjectAccessReview)."""

from __future__ import annotations

import concurrent.futures
import dataclasses
from collections.abc import Iterable

from reprise_platform import kube
from reprise_platform.access import Cluster
from reprise_platform.kube_rest import Object, at, request

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A verb on a kind of object, in a namespace or ("") in all."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        """Say it as kubectl would take it."""
        kind = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {kind}" + (
            f" in {self.namespace}" if self.namespace else ""
        )


def injector(namespace: str, *, approximates: bool) -> tuple[Right, ...]:
    """Return what is done to the primary: backups are asked for and read.

    Args:
        approximates: power is "cut" through the API, which takes more.
    """
    found = [
        Right(verb="get", resource="namespaces"),
        Right(verb="list", resource="nodes"),
        Right(verb="list", resource="pods", namespace=namespace),
        Right(verb="list", resource="backups", group="velero.io", namespace="velero"),
        Right(verb="create", resource="backups", group="velero.io", namespace="velero"),
    ]
    if approximates:
        found += [
            Right(verb="patch", resource="nodes"),
            Right(verb="delete", resource="pods"),
        ]
    return tuple(found)


def restorer(namespace: str) -> tuple[Right, ...]:
    """Return what a recovery does on the recovery site."""
    inside = [
        ("", ("secrets", "services", "configmaps"), ("patch",)),
        ("apps", ("deployments", "statefulsets"), ("patch", "delete")),
        ("batch", ("jobs",), ("patch",)),
        ("", ("pods", "persistentvolumeclaims"), ("list", "delete")),
    ]
    return (
        Right(verb="list", resource="nodes"),
        Right(verb="patch", resource="namespaces"),
        Right(verb="delete", resource="namespaces"),
        Right(
            verb="create", resource="restores", group="velero.io", namespace="velero"
        ),
        Right(verb="list", resource="backups", group="velero.io", namespace="velero"),
        Right(verb="delete", resource="pods", namespace="velero"),
        *(
            Right(verb=verb, resource=resource, group=group, namespace=namespace)
            for group, resources, verbs in inside
            for resource in resources
            for verb in verbs
        ),
    )


OBSERVER = (
    Right(verb="list", resource="nodes"),
    Right(verb="list", resource="pods"),
    Right(verb="list", resource="persistentvolumes"),
    Right(verb="list", resource="deployments", group="apps"),
    Right(verb="list", resource="statefulsets", group="apps"),
    Right(verb="list", resource="daemonsets", group="apps"),
    Right(verb="list", resource="networkpolicies", group="networking.k8s.io"),
    Right(verb="get", resource="backupstoragelocations", group="velero.io"),
)
NOT_OBSERVER = (
    Right(verb="patch", resource="nodes"),
    Right(verb="delete", resource="pods"),
    Right(verb="get", resource="secrets"),
)


def granted(
    cluster: Cluster, rights: Iterable[Right], *, observe: bool = False
) -> dict[Right, bool]:
    """Return, of each right, whether the credential has it.

    Raises:
        KubeError: the API server does not answer.
    """
    asked = tuple(rights)

    def ask(right: Right) -> bool:
        attributes: Object = {
            "verb": right.verb,
            "resource": right.resource,
            "group": right.group,
            **({"namespace": right.namespace} if right.namespace else {}),
        }
        body: Object = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        answer = request(
            cluster, "POST", _REVIEWS, f"may I {right}", body=body, observe=observe
        )
        return at(answer, "status", "allowed") is True

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return dict(zip(asked, pool.map(ask, asked), strict=True))


def uid(cluster: Cluster, *, observe: bool = False) -> str:
    """Return what names the cluster a credential leads to; "" when it may not look."""
    found = kube.get_object(cluster, "v1", "Namespace", "kube-system", observe=observe)
    return kube.text(found, "metadata", "uid")
