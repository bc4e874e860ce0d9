"""What the other layers may know of a site: how to reach it, never how it is made.

Experiments, load, backup, restore and analysis speak to a site only through this record,
which the embedded and the remote provider fill alike.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprise_platform import paths
from reprise_platform.errors import SiteError

_FILE = "access.json"
REMOTE = "remote"
"""The provider of sites that are there already."""


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
        front_door: the clinics' URL, `http(s)://ADDRESS:PORT`.
        clinic_credentials: JSON `{"username", "password"}`, mode 0600.
        velero: the Velero client.
        helm: Helm, which renders the chart for the recovery.
        escrow: folder of the Secrets the recovery site needs, kept outside the primary.
        state: the site's own folder.
        zones: primary zone to its node names.
        probe_rates_per_s: probes a second and process, by class of service.
        authority: PEM that signs the site's servers outside the clusters (front door,
            stores, observability); None: this machine's own authorities are asked.
        prometheus, alertmanager: their URLs; "" when there is none.
        observability_credentials: their login, JSON `{"username", "password"}`, mode 0600.
        alert_webhook: where the harness listens for Alertmanager, `http://HOST:PORT/PATH`;
            "" when nothing tells it.
        alert_webhook_token: the bearer token that it asks of Alertmanager, mode 0600.
        ways: capability to how it is done (none, manual, command, kubernetes); empty where
            the provider does all by itself.
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
    authority: Path | None = None
    helm: Path = Path("helm")
    prometheus: str = ""
    alertmanager: str = ""
    observability_credentials: Path | None = None
    alert_webhook: str = ""
    alert_webhook_token: Path | None = None
    ways: Mapping[str, str] = dataclasses.field(default_factory=dict)


def save_access(access: Access) -> None:
    """Write the record into the site's folder, whole or not at all."""
    plain = json.dumps(dataclasses.asdict(access), default=str, indent=1)
    partial = access.state / f".{_FILE}.new"
    partial.touch(mode=0o600)
    partial.write_text(plain)
    partial.rename(access.state / _FILE)


def load_access(site: str | Path) -> Access:
    """Return the record of a site that is up.

    Args:
        site: a site's name, or its file.

    Raises:
        SiteError: no such site is up here; says how to bring it up.
    """
    name = site if isinstance(site, str) and "/" not in site else _name_in(Path(site))
    file = paths.site_state(name) / _FILE
    try:
        return _parsed(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        msg = (
            f"site {name} is not up here; try: python -m reprise_platform up --name {name}"
            " (a remote one: up --site ITS_FILE)"
        )
        raise SiteError(msg) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        remedy = f"python -m reprise_platform down --name {name}"
        msg = f"{file}: damaged ({error!r}); try: {remedy}"
        raise SiteError(msg) from error


def _name_in(file: Path) -> str:
    # Imported here: a site's reader needs no parser of site files, and parsing is slow.
    from reprise_platform.sites import parse_site  # noqa: PLC0415

    return parse_site(file).name


def _parsed(raw: object) -> Access:
    plain: dict[str, object] = dict(_mapping(raw))
    for key in ("clinic_credentials", "velero", "helm", "escrow", "state"):
        plain[key] = Path(str(plain[key]))
    for key in ("authority", "observability_credentials", "alert_webhook_token"):
        if plain.get(key) is not None:
            plain[key] = Path(str(plain[key]))
    for key in ("primary", "recovery"):
        cluster = _mapping(plain[key])
        plain[key] = Cluster(
            **{
                **cluster,
                "kubeconfig": Path(cluster["kubeconfig"]),
                "observer_kubeconfig": Path(cluster["observer_kubeconfig"]),
            }
        )
    plain["backup_store"] = BackupStore(**_mapping(plain["backup_store"]))
    zones = _mapping(plain["zones"])
    plain["zones"] = {zone: tuple(names) for zone, names in zones.items()}
    nodes = plain["recovery_nodes"]
    plain["recovery_nodes"] = tuple(nodes) if isinstance(nodes, list) else ()
    return Access(**plain)  # type: ignore[arg-type]  # written by save_access alone


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        msg = f"not a mapping: {value!r}"
        raise TypeError(msg)
    return value
