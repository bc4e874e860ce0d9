"""Velero, asked by its client and believed by its objects only.

The client's exit code is 0 when a backup or a restore failed, and its `-o` prints an
object *instead of* creating it: so nothing here passes `-o`, and every phase is read from
the cluster, for the backup or restore and for each of its volumes.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from pathlib import Path

from reprise_platform import kube
from reprise_platform.access import Cluster
from reprise_platform.backups import (
    TERMINAL_PHASES,
    TERMINAL_VOLUME_PHASES,
    Backup,
    VolumeCopy,
)
from reprise_platform.command import run
from reprise_platform.errors import CommandError, WaitTimeout
from reprise_platform.velero_objects import (
    API,
    VeleroError,
    VeleroObject,
    copies_by_label,
    parse,
)
from reprise_platform.waiting import until

NAMESPACE = "velero"
_CREATED_WITHIN_S = 5.0
_SERVER = "deploy=velero"
_BACKUP_LABEL = "velero.io/backup-name"
_RESTORE_LABEL = "velero.io/restore-name"
_SCHEDULE_LABEL = "velero.io/schedule-name"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A backup location; `last_synced` ends the latest look into the bucket."""

    name: str
    phase: str
    last_synced: datetime.datetime | None
    message: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """One restore and the volumes it brings back."""

    name: str
    phase: str
    errors: int
    warnings: int
    message: str
    volumes: tuple[VolumeCopy, ...]

    @property
    def is_terminal(self) -> bool:
        """Whether the restore itself has ended; its volumes may not have."""
        return self.phase in TERMINAL_PHASES

    @property
    def is_settled(self) -> bool:
        """Whether the restore and each of its volumes have ended."""
        return self.is_terminal and all(
            copy.phase in TERMINAL_VOLUME_PHASES for copy in self.volumes
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """What to restore: one wave of one namespace, maybe under another name."""

    name: str
    backup: str
    namespace: str
    wave: str
    into_namespace: str | None = None


def backups(cluster: Cluster) -> tuple[Backup, ...]:
    """Return every backup that a cluster knows, each with its volumes.

    Raises:
        PlatformError: the cluster does not answer, or an object has an unknown shape.
    """
    copies = copies_by_label(_objects(cluster, "PodVolumeBackup"), _BACKUP_LABEL)
    return tuple(
        Backup(
            name=found.metadata.name,
            phase=found.status.phase,
            schedule=found.metadata.labels.get(_SCHEDULE_LABEL, ""),
            started=found.status.start_timestamp,
            completed=found.status.completion_timestamp,
            hooks_attempted=hooks.hooks_attempted if hooks else None,
            hooks_failed=hooks.hooks_failed if hooks else 0,
            volumes=copies.get(found.metadata.name, ()),
        )
        for found in _objects(cluster, "Backup")
        for hooks in (found.status.hook_status,)
    )


def locations(cluster: Cluster) -> tuple[Location, ...]:
    """Return the backup locations of a cluster.

    A location says Available for most of a minute after its store has died, and ReadOnly
    ones look into the bucket once a minute whatever period they are given.
    """
    return tuple(
        Location(
            name=found.metadata.name,
            phase=found.status.phase,
            last_synced=found.status.last_synced_time,
            message=found.status.said,
        )
        for found in _objects(cluster, "BackupStorageLocation")
    )


def restore_state(cluster: Cluster, name: str) -> Restore | None:
    """Return a restore and its volumes, or None when there is no such object."""
    raw = kube.get_object(cluster, API, "Restore", name, namespace=NAMESPACE)
    if raw is None:
        return None
    found = parse(raw)
    copies = copies_by_label(_objects(cluster, "PodVolumeRestore"), _RESTORE_LABEL)
    return Restore(
        name=name,
        phase=found.status.phase,
        errors=found.status.errors,
        warnings=found.status.warnings,
        message=found.status.said,
        volumes=copies.get(name, ()),
    )


def create_backup(velero: Path, cluster: Cluster, name: str, *, schedule: str) -> None:
    """Start a backup from a schedule's template; its object then tells its fate.

    Raises:
        VeleroError: no such object came to be; the message has the client's words.
    """
    words = ("backup", "create", name, "--from-schedule", schedule)
    _create(velero, cluster, "Backup", name, words)


def create_restore(velero: Path, cluster: Cluster, request: RestoreRequest) -> None:
    """Start a restore of one wave. Volumes are never filtered out of it.

    With a file-system backup Velero does not restore a persistent volume but needs to
    see it, to free the claim from the volume of the lost site.

    Raises:
        VeleroError: no such object came to be; the message has the client's words.
    """
    words = [
        *("restore", "create", request.name, "--from-backup", request.backup),
        *("--include-namespaces", request.namespace),
        *("--selector", f"wave={request.wave}"),
    ]
    if request.into_namespace is not None:
        mapping = f"{request.namespace}:{request.into_namespace}"
        words += ["--namespace-mappings", mapping]
    _create(velero, cluster, "Restore", request.name, words)


def restart_server(cluster: Cluster) -> None:
    """Restart the Velero server, which fails a hung restore and frees the queue.

    One hung restore makes all later ones wait with an empty phase, for hours; deleting
    its pod or its namespace does not free it.
    """
    for pod in kube.pods(cluster, NAMESPACE, _SERVER):
        kube.delete(cluster, "v1", "Pod", pod.name, namespace=NAMESPACE)


def _create(
    velero: Path, cluster: Cluster, kind: str, name: str, words: Sequence[str]
) -> None:
    said = "it said nothing"
    line: list[str | Path] = [
        velero,
        "--kubeconfig",
        cluster.kubeconfig,
        "--kubecontext",
        cluster.context,
    ]
    try:
        run([*line, "--namespace", NAMESPACE, *words], within_s=30)
    except CommandError as error:
        # The code says nothing either way: only the object does.
        said = str(error)

    def created() -> kube.Object | None:
        return kube.get_object(cluster, API, kind, name, namespace=NAMESPACE)

    try:
        until(
            created,
            within_s=_CREATED_WITHIN_S,
            every_s=0.2,
            what=f"{kind} {name} to exist",
        )
    except WaitTimeout as error:
        msg = (
            f"{cluster.name}: no {kind} {name} after asking for it; the client: {said}"
        )
        raise VeleroError(msg) from error


def _objects(cluster: Cluster, kind: str) -> tuple[VeleroObject, ...]:
    raws = kube.list_objects(cluster, API, kind, namespace=NAMESPACE)
    return tuple(parse(raw) for raw in raws)
