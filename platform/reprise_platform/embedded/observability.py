"""The observability machine: Prometheus, Alertmanager and what asks on their behalf.

It stands outside both sites, as the store does, so it sees the primary's loss. Its rules
and settings are the files of `platform/observability/`; nothing of it runs as root.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reprise_platform.embedded import scraping, sitekeys
from reprise_platform.embedded.disks import Disk
from reprise_platform.embedded.machine import Bind, Machine, Service
from reprise_platform.embedded.scraping import ALERTMANAGER_PORT, PROMETHEUS_PORT
from reprise_platform.embedded.topology import Topology
from reprise_platform.sites import Site, size_bytes

NAME = "observability"
IDENTITY = "prometheus"
"""The client that Prometheus is for each cluster; the name of its keys' files."""

_RUN = scraping.INSIDE
_DATA = "/srv/observability"
# A week, or less when the disk is small: half of the smallest one.
_RETENTION = ("--storage.tsdb.retention.time=7d", "--storage.tsdb.retention.size=128MB")
# Readable by the services' user alone, in memory alone.
_PREPARE = (
    f"mkdir -p {_RUN}/keys",
    f"cp -r /etc/reprise/observability/. {_RUN}/",
    f"cp -r /etc/kubernetes/. {_RUN}/keys/",
    f"cp -r {sitekeys.INSIDE} {_RUN}/keys/site",
    f"mkdir -p {_DATA}/prometheus {_DATA}/alertmanager",
    f"chown -R prometheus: {_RUN} {_DATA}",
    f"chmod -R go= {_RUN}",
)
_AS_PROMETHEUS = (
    *("setpriv", "--reuid=prometheus", "--regid=prometheus", "--init-groups"),
    *("--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"),
)
# Between two drills nobody listens: each vain call, two a second, is an error to it.
_UNLESS_NOBODY_LISTENS = (
    *("bash", "-c"),
    'exec "$@" 2> >(exec grep --line-buffered -v "connect: connection refused" >&2)',
    "unless-nobody-listens",
)


def prometheus_url(topology: Topology) -> str:
    """Return Prometheus' URL."""
    return f"https://{topology.observability}:{PROMETHEUS_PORT}"


def alertmanager_url(topology: Topology) -> str:
    """Return Alertmanager's URL."""
    return f"https://{topology.observability}:{ALERTMANAGER_PORT}"


def machine(
    site: Site, topology: Topology, folder: Path, root: Path, *, namespace: str
) -> Machine:
    """Return the machine; its data and keys lie in the site's folder."""
    files = scraping.files(site, topology, folder, namespace=namespace)
    return Machine(
        name=NAME,
        site=site.name,
        site_folder=folder,
        root=root,
        binds=(
            sitekeys.bind(folder, NAME),
            scraping.served_bind(folder),
            *_cluster_keys(topology, folder),
        ),
        disks=(
            Disk(
                image=folder / "machines" / NAME / "data.img",
                target=_DATA.lstrip("/"),
                size_bytes=size_bytes(site.disks.observability),
            ),
        ),
        files={f"observability/{path}": text for path, text in files.items()},
        prepare=_PREPARE,
        services=_services(topology),
    )


def _cluster_keys(topology: Topology, folder: Path) -> tuple[Bind, ...]:
    """Return what lets Prometheus into each cluster: its own key and no other."""
    return tuple(
        Bind(
            source=folder / "pki" / cluster.name / file,
            target=f"etc/kubernetes/{cluster.name}/{file}",
            held=True,
        )
        for cluster in topology.clusters
        for file in ("ca.crt", f"{IDENTITY}.crt", f"{IDENTITY}.key")
    )


def _services(topology: Topology) -> tuple[Service, ...]:
    commands: Mapping[str, tuple[str, ...]] = {
        "prometheus": (
            "prometheus",
            f"--config.file={_RUN}/prometheus.yml",
            f"--web.config.file={_RUN}/web.yml",
            f"--web.listen-address={topology.observability}:{PROMETHEUS_PORT}",
            f"--web.external-url={prometheus_url(topology)}",
            f"--storage.tsdb.path={_DATA}/prometheus",
            *_RETENTION,
            # An alert that is told no more is held to have ended after four of these.
            "--rules.alert.resend-delay=2s",
            "--log.level=warn",
        ),
        "alertmanager": (
            *_UNLESS_NOBODY_LISTENS,
            "prometheus-alertmanager",
            f"--config.file={_RUN}/alertmanager.yml",
            f"--web.config.file={_RUN}/web.yml",
            f"--web.listen-address={topology.observability}:{ALERTMANAGER_PORT}",
            f"--web.external-url={alertmanager_url(topology)}",
            f"--storage.path={_DATA}/alertmanager",
            "--cluster.listen-address=",
            "--data.retention=24h",
            "--log.level=error",
        ),
        "blackbox": (
            "prometheus-blackbox-exporter",
            f"--config.file={_RUN}/blackbox.yml",
            "--web.listen-address=127.0.0.1:9115",
            "--timeout-offset=0.05",
            "--log.level=error",
        ),
        "mysqld": (
            "prometheus-mysqld-exporter",
            f"--config.my-cnf={_RUN}/mysqld.cnf",
            "--web.listen-address=127.0.0.1:9104",
            "--log.level=error",
        ),
    }
    return tuple(
        # One processor each is plenty, and leaves the other to what is measured.
        Service(name=name, command=(*_AS_PROMETHEUS, *command), env={"GOMAXPROCS": "1"})
        for name, command in commands.items()
    )
