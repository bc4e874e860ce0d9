"""Clear away a restore that hung, so that the next finds nothing in its way."""

from __future__ import annotations

from collections.abc import Iterable

from reprise_platform import kube
from reprise_platform.access import Access
from reprise_platform.capabilities import capabilities
from reprise_platform.restoring import WAVE
from reprise_platform.waiting import until
from reprise_platform.workloads import patient

_GONE_WITHIN_S = 90.0
# Owners first: they would make anew what they own.
_KINDS = (
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("v1", "Pod"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "ConfigMap"),
)


def renew_volumes(access: Access, volumes: Iterable[str]) -> tuple[str, ...]:
    """Delete what a hung restore made, and make its volumes anew, empty.

    Velero skips what exists, and a volume once bound is never bound again. The volume of a
    claim that is not the restore's (the database's) stays, with what is in it.

    Args:
        volumes: the recovery site's volumes, as `prepare_recovery_volumes` named them.

    Returns:
        The names of the volumes that now stand for them.

    Raises:
        PlatformError: something could not be deleted within a minute and a half.
    """
    for api_version, kind in _KINDS:
        for name in _restored(access, api_version, kind):
            kube.delete(
                access.recovery, api_version, kind, name, namespace=access.namespace
            )
    until(
        patient(
            lambda: (
                not any(_restored(access, version, kind) for version, kind in _KINDS)
            )
        ),
        within_s=_GONE_WITHIN_S,
        every_s=0.5,
        what="what the hung restore made to be gone",
    )
    power = capabilities(access)
    claims = {
        kube.text(found, "metadata", "name")
        for found in kube.list_objects(
            access.recovery, "v1", "PersistentVolumeClaim", namespace=access.namespace
        )
    }
    old, made = tuple(volumes), power.prepare_recovery_volumes()
    kept = {name for name in old if _claim(access, name) in claims}
    surplus = {name for name in made if _claim(access, name) in claims}
    power.drop_recovery_volumes([name for name in old if name not in kept])
    power.drop_recovery_volumes([name for name in made if name in surplus])
    return tuple(
        name for name in (*old, *made) if name in kept or name in {*made} - surplus
    )


def _restored(access: Access, api_version: str, kind: str) -> tuple[str, ...]:
    found = kube.list_objects(
        access.recovery,
        api_version,
        kind,
        namespace=access.namespace,
        selector=f"wave={WAVE}",
    )
    return tuple(kube.text(item, "metadata", "name") for item in found)


def _claim(access: Access, volume: str) -> str:
    """Return the claim that a volume is kept for; empty when there is no such volume."""
    found = kube.get_object(access.recovery, "v1", "PersistentVolume", volume)
    return kube.text(found or {}, "spec", "claimRef", "name")
