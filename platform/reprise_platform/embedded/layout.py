"""Everything `up`, `down`, `status` and the faults must agree on about one site."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from reprise_platform import paths
from reprise_platform.access import Access, BackupStore, Cluster
from reprise_platform.embedded import (
    builds,
    controlplane,
    credentials,
    doors,
    node,
    observability,
    scraping,
    sitekeys,
    store,
    watchkeys,
)
from reprise_platform.embedded.images import Image
from reprise_platform.embedded.machine import Machine
from reprise_platform.embedded.topology import (
    ClusterPlan,
    Topology,
    plan,
)
from reprise_platform.errors import SiteError
from reprise_platform.sites import Site

NAMESPACE = "openmrs"
# Laid in the site's folder when its primary may serve no more.
FENCE = "fenced"
_FILE = "site.json"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A site as it is laid on this machine: its file, addresses, root and images."""

    site: Site
    topology: Topology
    folder: Path
    root: Path
    observability_root: Path
    images: tuple[Image, ...]

    def pki(self, cluster: ClusterPlan) -> Path:
        """Return the folder of a cluster's keys."""
        return self.folder / "pki" / cluster.name

    def machines(self) -> Iterator[Machine]:
        """Yield every machine of the site, those outside the clusters first."""
        site, folder, root = self.site, self.folder, self.root
        yield doors.store(site, self.topology, folder, root)
        yield observability.machine(
            site, self.topology, folder, self.observability_root, namespace=NAMESPACE
        )
        for cluster in self.topology.clusters:
            pki = self.pki(cluster)
            yield controlplane.machine(cluster, site, folder, root, pki)
            for each in cluster.nodes:
                yield node.machine(
                    each,
                    cluster,
                    site=site,
                    folder=folder,
                    root=root,
                    pki=pki,
                    images=self.images,
                )
        for door in self.topology.doors:
            yield doors.front(door, site, self.topology, folder, root)

    def machine(self, name: str) -> Machine:
        """Return one machine by name.

        Raises:
            SiteError: there is none of that name; says which there are.
        """
        found = {machine.name: machine for machine in self.machines()}
        if name not in found:
            msg = f"site {self.site.name} has no machine {name}; it has: {', '.join(found)}"
            raise SiteError(msg)
        return found[name]

    def primary_machines(self) -> tuple[Machine, ...]:
        """Return the machines that die with the primary site."""
        primary = self.topology.primary
        names = {primary.control_plane, *(each.name for each in primary.nodes)}
        return tuple(machine for machine in self.machines() if machine.name in names)

    def access(self, uids: dict[str, str]) -> Access:
        """Return how the site is reached; `uids` by cluster, empty before they are known."""

        def reached(cluster: ClusterPlan) -> Cluster:
            pki = self.pki(cluster)
            return Cluster(
                name=cluster.name,
                kubeconfig=pki / "admin.conf",
                observer_kubeconfig=pki / "observer.conf",
                context=f"{self.site.name}-{cluster.name}",
                uid=uids.get(cluster.name, ""),
            )

        tools = {item.name: item for item in builds.BUILDS}
        zones: dict[str, tuple[str, ...]] = {}
        for each in self.topology.primary.nodes:
            zones[each.zone] = (*zones.get(each.zone, ()), each.name)
        return Access(
            site=self.site.name,
            provider="embedded",
            front_door=self.topology.front_door,
            primary=reached(self.topology.primary),
            recovery=reached(self.topology.recovery),
            backup_store=BackupStore(
                endpoint=store.endpoint(self.topology),
                bucket=credentials.BUCKETS["primary"],
                region=store.REGION,
            ),
            clinic_credentials=self.folder / "clinic.json",
            velero=builds.build(tools["velero"]) / "velero",
            helm=builds.build(tools["helm"]) / "helm",
            escrow=self.folder / "escrow",
            state=self.folder,
            zones=zones,
            recovery_nodes=tuple(each.name for each in self.topology.recovery.nodes),
            namespace=NAMESPACE,
            probe_rates_per_s={
                "read": self.site.probes.read,
                "write": self.site.probes.write,
            },
            production=self.site.production,
            authority=sitekeys.authority_file(self.folder),
            prometheus=observability.prometheus_url(self.topology),
            alertmanager=observability.alertmanager_url(self.topology),
            observability_credentials=watchkeys.credentials_file(self.folder),
            alert_webhook=scraping.webhook_url(self.topology),
            alert_webhook_token=watchkeys.token_file(self.folder),
        )

    def save(self) -> None:
        """Keep the layout in the site's folder, for the commands that come after.

        It gets its name when it is whole.
        """
        partial = self.folder / f".{_FILE}.new"
        partial.write_text(
            json.dumps(
                {
                    "site": self.site.model_dump(mode="json"),
                    "block": self.topology.block,
                    "root": str(self.root),
                    "observability_root": str(self.observability_root),
                    "images": [
                        {
                            "name": i.name,
                            "archive": str(i.archive),
                            "reference": i.reference,
                        }
                        for i in self.images
                    ],
                },
                indent=1,
            )
        )
        partial.rename(self.folder / _FILE)


def lay(
    site: Site,
    block: ipaddress.IPv4Network,
    *,
    root: Path,
    observability_root: Path,
    images: Sequence[Image],
) -> Layout:
    """Return the layout of a site in an address block."""
    return Layout(
        site=site,
        topology=plan(site, block),
        folder=paths.site_state(site.name),
        root=root,
        observability_root=observability_root,
        images=tuple(images),
    )


def load(name: str) -> Layout | None:
    """Return the layout of a site that was brought up here, or None."""
    file = paths.site_state(name) / _FILE
    try:
        raw = json.loads(file.read_text())
        images = [
            Image(name=i["name"], archive=Path(i["archive"]), reference=i["reference"])
            for i in raw["images"]
        ]
        block = ipaddress.IPv4Network(raw["block"])
        return lay(
            Site.model_validate(raw["site"]),
            block,
            root=Path(raw["root"]),
            observability_root=Path(raw["observability_root"]),
            images=images,
        )
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        msg = f"{file}: damaged; try: python -m reprise_platform down --name {name}"
        raise SiteError(msg) from error
