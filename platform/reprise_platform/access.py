"""What the other layers may know of a site: how to reach it, never how it is made.

Experiments, load, backup, restore and analysis speak to a site only through this record,
which the embedded and the remote provider fill alike.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One Kubernetes cluster, named by its UID as well as by its context.

    `observer_kubeconfig` is a read-only credential of its own: what a fault did is seen
    through it, never through the injector's.
    """

    name: str
    kubeconfig: Path
    observer_kubeconfig: Path
    context: str
    uid: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupStore:
    """The S3 location of the backups."""

    endpoint: str
    bucket: str
    region: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a site is reached.

    Attributes:
        front_door: the clinics' URL, `http://ADDRESS:PORT`.
        clinic_credentials: JSON `{"username", "password"}`, mode 0600.
        velero: the Velero client.
        escrow: folder of the Secrets the recovery site needs, kept outside the primary.
        state: the site's own folder.
        zones: primary zone to its node names.
        probe_rates_per_s: probes a second and process, by class of service.
    """

    site: str
    provider: str
    front_door: str
    primary: Cluster
    recovery: Cluster
    backup_store: BackupStore
    clinic_credentials: Path
    velero: Path
    escrow: Path
    state: Path
    zones: Mapping[str, tuple[str, ...]]
    recovery_nodes: tuple[str, ...]
    namespace: str
    probe_rates_per_s: Mapping[str, float]
    production: bool
