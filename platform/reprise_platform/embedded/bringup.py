"""How a site comes up: one visible ordered list of steps, each idempotent.

`up` on a site that is up changes nothing; after a kill at any step, the same list
repairs: it makes what is missing and leaves alone what is there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from reprise_platform import content, hostpackages, kube, manifests, paths
from reprise_platform.access import Access, Cluster, save_access
from reprise_platform.doctor.preflight import preflight
from reprise_platform.embedded import (
    addresses,
    builds,
    cgroups,
    credentials,
    doors,
    firewall,
    identities,
    images,
    layers,
    machine,
    modules,
    network,
    observability,
    releases,
    renewals,
    roots,
    scraping,
    serving,
    sitekeys,
    store,
    velero_setup,
    volumes,
)
from reprise_platform.embedded.holding import held
from reprise_platform.embedded.layout import FENCE, NAMESPACE, Layout, lay, load
from reprise_platform.embedded.progress import Progress, side_by_side
from reprise_platform.errors import SiteError, WaitTimeout
from reprise_platform.sites import Site
from reprise_platform.waiting import until

# What comes before there is anything of a site.
BEFORE = ("host tools", "compiled servers, Debian roots and images (cached)")


def up(site: Site, progress: Progress) -> Access:
    """Bring a site up, or complete one that is half up, and return how it is reached.

    Raises:
        Refused: this machine cannot hold it as it is; nothing was made.
        PlatformError: which step failed, the line to paste, its output.
    """
    loaded = modules.loaded()
    preflight(site)
    with held(site.name, "up"):
        with progress.step(BEFORE[0]):
            _host_tools(site, progress)
        with progress.step(BEFORE[1]):
            make_everything(progress)
        layout = _layout(site)
        for name, step in STEPS:
            with progress.step(name):
                step(layout)
        access = layout.access(_uids(layout))
        save_access(access)
    modules.tell(loaded, progress.say)
    return access


def _host_tools(site: Site, progress: Progress) -> None:
    modules.need(progress.say)
    if hostpackages.ensure(say=progress.say):
        # What could not be tried without them can be now.
        preflight(site)


def _addresses_and_secrets(layout: Layout) -> None:
    if not (layout.folder / "clinic.json").exists():
        credentials.make(layout.folder, NAMESPACE)
    for cluster in layout.topology.clusters:
        identities.make(cluster, layout.site.name, layout.pki(cluster))
    sitekeys.make(layout.topology, layout.folder)
    scraping.make(layout.site, layout.folder)
    front = layout.folder / "front"
    front.mkdir(exist_ok=True)
    if not (front / doors.MAP).exists():
        doors.lead(layout.folder, "primary")


def _network(layout: Layout) -> None:
    done = layout.folder / "net" / ".done"
    if not (done.exists() and _link_exists(layout.site.name)):
        network.remove(layout.site.name, layout.folder)
        network.build(layout.topology, layout.folder)
        done.touch()
    network.plug_all(layout.folder)
    firewall.build(layout.topology, layout.folder, layout.root)


def _machines(layout: Layout) -> None:
    cgroups.prepare_site(layout.site.name)
    volumes.make(layout)
    layers.prepare(layout.root, layout.images)
    side_by_side(*(partial(machine.start, each) for each in layout.machines()))
    side_by_side(
        *(
            partial(renewals.take_up, each, copied=each.name == observability.NAME)
            for each in layout.machines()
        )
    )


def _control_planes(layout: Layout) -> None:
    access = layout.access({})
    for cluster in (access.primary, access.recovery):
        until(
            lambda cluster=cluster: kube.api_ready(cluster),  # type: ignore[misc]
            within_s=120,
            every_s=0.3,
            what=f"{cluster.name}'s API server",
            logs=[
                layout.folder
                / "machines"
                / f"cp-{cluster.name}"
                / "log"
                / f"{name}.log"
                for name in ("etcd", "apiserver")
            ],
        )


def _objects(layout: Layout) -> None:
    """Ask for everything at once: what waits for something else waits by itself."""
    side_by_side(
        partial(_primary_objects, layout),
        partial(releases.base, layout, layout.topology.primary),
        partial(releases.base, layout, layout.topology.recovery),
        partial(store.prepare, layout.topology, layout.folder),
        partial(velero_setup.install, layout),
    )


def _primary_objects(layout: Layout) -> None:
    access = layout.access({})
    kube.apply(access.primary, manifests.escrowed(access))
    kube.apply(access.primary, volumes.primary_volumes(layout))
    releases.openmrs(layout)


def _nodes(layout: Layout) -> None:
    access = layout.access({})
    for cluster, plan in zip(
        (access.primary, access.recovery), layout.topology.clusters, strict=True
    ):
        wanted = {node.name for node in plan.nodes}

        def ready(cluster: Cluster = cluster, wanted: set[str] = wanted) -> bool:
            return wanted <= {node.name for node in kube.nodes(cluster) if node.ready}

        try:
            until(ready, within_s=180, every_s=0.5, what=f"nodes of {cluster.name}")
        except WaitTimeout as error:
            raise _not_ready(layout, cluster, wanted) from error


def _not_ready(layout: Layout, cluster: Cluster, wanted: set[str]) -> WaitTimeout:
    """Return the error that names the nodes that did not come, and their logs."""
    ready = {node.name for node in kube.nodes(cluster) if node.ready}
    lacking = sorted(wanted - ready)
    folders = [layout.folder / "machines" / name for name in lacking]
    logs = [
        file
        for folder in folders
        for file in (
            folder / "console.log",
            *(folder / "log" / f"{name}.log" for name in ("containerd", "kubelet")),
        )
        if file.exists() and file.stat().st_size
    ]
    what = f"nodes of {cluster.name} that did not become Ready: {', '.join(lacking)}"
    look = f"kubectl --kubeconfig {cluster.kubeconfig} describe nodes"
    return WaitTimeout(what, command=look, logs=logs)


def _serving(layout: Layout) -> None:
    serving.wait(layout)


STEPS: tuple[tuple[str, Callable[[Layout], None]], ...] = (
    ("addresses, keys and secrets", _addresses_and_secrets),
    ("network", _network),
    ("machines", _machines),
    ("control planes", _control_planes),
    ("database, application, backup store and Velero asked for", _objects),
    ("nodes ready", _nodes),
    ("a clinical operation through the front door", _serving),
)


# Images whose roots take longest; the others are packed from what is compiled.
_ROOTED = (("mariadb", images.mariadb), ("openmrs", images.openmrs))
# What `up` tells of: the steps, what is compiled, the images, two roots, the store.
TOLD = len(BEFORE) + len(STEPS) + len(builds.BUILDS) + len(_ROOTED) + 3


def make_everything(progress: Progress) -> None:
    """Compile, bootstrap and pack what is not in the cache, side by side."""

    def compiled() -> None:
        for item in builds.BUILDS:
            with progress.step(f"  servers: {item.name}"):
                builds.build(item)

    def rooted() -> None:
        with progress.step("  root of the machines"):
            roots.machine_root()
        with progress.step("  root of the observability machine"):
            roots.observability_root()
        for name, make in _ROOTED:
            with progress.step(f"  image: {name}"):
                make()

    side_by_side(compiled, rooted)
    with progress.step("  images unpacked once for every node"):
        layers.prepare(roots.machine_root(), images.all_images())


def _layout(site: Site) -> Layout:
    known = load(site.name)
    if known is not None:
        if (known.folder / FENCE).exists():
            msg = (
                f"site {site.name} has lost its primary for good (fenced); "
                f"try: python -m reprise_platform down --name {site.name}"
            )
            raise SiteError(msg)
        # What runs keeps the root and the images it was made with.
        return known
    # Two sites that come up at once must not choose the same block. The lock lies in the
    # cache, because the state's folder goes away with its last site.
    with content.locked(paths.cache() / ".blocks.lock"):
        layout = lay(
            site,
            addresses.free_block(site),
            root=roots.machine_root(),
            observability_root=roots.observability_root(),
            images=images.all_images(),
        )
        layout.folder.mkdir(parents=True, exist_ok=True)
        layout.folder.chmod(0o700)
        layout.save()
    return layout


def _link_exists(site: str) -> bool:
    return Path(f"/sys/class/net/{network.host_link(site)}").exists()


def _uids(layout: Layout) -> dict[str, str]:
    access = layout.access({})
    clusters = (access.primary, access.recovery)
    return {cluster.name: kube.cluster_uid(cluster) for cluster in clusters}
