"""The objects of a site: every chart renders, and carries what backups depend on."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_platform import charts, kube, manifests
from reprise_platform.embedded import chartvalues, credentials, velero_setup, volumes
from reprise_platform.embedded.layout import NAMESPACE, Layout
from reprise_platform.kube import Object, text
from reprise_platform.kube_rest import at
from tests.platform import examples

CHARTS = {
    "cluster": chartvalues.cluster,
    "openmrs": chartvalues.openmrs,
    "velero": chartvalues.velero,
}
EXCLUDED = "velero.io/exclude-from-backup"


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Lay a site that runs nowhere."""
    return examples.layout_with_authority(tmp_path, monkeypatch)


def _rendered(
    helm: Path, layout: Layout, chart: str, cluster: str = "primary"
) -> list[Object]:
    plan = getattr(layout.topology, cluster)
    values = layout.folder / f"{cluster}-{chart}.yaml"
    charts.write_values(values, CHARTS[chart](layout, plan))
    release = charts.Release(
        name=chart, chart=chart, namespace=NAMESPACE, values=values
    )
    return charts.render(helm, release)


def _of(items: list[Object], app: str) -> list[Object]:
    name = "app.kubernetes.io/name"
    return [item for item in items if text(item, "metadata", "labels", name) == app]


def _by_kind(items: list[Object], kind: str, name: str) -> Object:
    (found,) = (
        item
        for item in items
        if item["kind"] == kind and text(item, "metadata", "name") == name
    )
    return found


def _images(item: kube.Json) -> Iterator[dict[str, kube.Json]]:
    if isinstance(item, dict):
        if "image" in item:
            yield item
        for value in item.values():
            yield from _images(value)
    elif isinstance(item, list):
        for value in item:
            yield from _images(value)


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("cluster", ["primary", "recovery"])
def test_images_are_never_pulled(
    helm: Path, layout: Layout, chart: str, cluster: str
) -> None:
    """Every container names an image by what it is made from, and looks nowhere else."""
    known = {image.reference for image in examples.IMAGES}
    found = [
        one for item in _rendered(helm, layout, chart, cluster) for one in _images(item)
    ]
    assert found
    for container in found:
        assert container["imagePullPolicy"] == "Never"
        assert container["image"] in known


@pytest.mark.parametrize("app", ["galera", "openmrs", "load"])
def test_what_recovery_makes_anew_is_in_no_backup(
    helm: Path, layout: Layout, app: str
) -> None:
    """Velero would restore these over what the recovery installs: all are excluded.

    So are the pods and the claims made from their templates.
    """
    items = _of(_rendered(helm, layout, "openmrs", "recovery"), app)
    assert items
    for item in items:
        labels = [at(item, "metadata", "labels", EXCLUDED)]
        if item["kind"] in {"Deployment", "StatefulSet", "Job"}:
            labels.append(at(item, "spec", "template", "metadata", "labels", EXCLUDED))
        claims = at(item, "spec", "volumeClaimTemplates")
        if isinstance(claims, list):
            labels += [at(claim, "metadata", "labels", EXCLUDED) for claim in claims]
        assert set(labels) == {"true"}, item["kind"]


def test_the_dump_is_a_wave(helm: Path, layout: Layout) -> None:
    """The dump's claim, deployment, pod and script come back together, by one label."""
    items = _of(_rendered(helm, layout, "openmrs"), "dump")
    found = {item["kind"]: at(item, "metadata", "labels", "wave") for item in items}
    assert found == {
        "ConfigMap": "data",
        "PersistentVolumeClaim": "data",
        "Deployment": "data",
    }
    deployment = _by_kind(items, "Deployment", "dump")
    template = at(deployment, "spec", "template", "metadata")
    assert at(template, "labels", "wave") == "data"
    assert at(template, "annotations", "backup.velero.io/backup-volumes") == "dump"
    assert EXCLUDED not in json.dumps(items)


def test_the_attachments_are_in_the_same_wave(helm: Path, layout: Layout) -> None:
    """Claim, deployment and pod come back with the dump; the Service is made on each site."""
    items = _of(_rendered(helm, layout, "openmrs"), "attachments")
    found = {item["kind"]: at(item, "metadata", "labels", "wave") for item in items}
    assert found["PersistentVolumeClaim"] == found["Deployment"] == "data"
    template = at(_by_kind(items, "Deployment", "attachments"), "spec", "template")
    assert at(template, "metadata", "labels", "wave") == "data"
    saved = at(template, "metadata", "annotations", "backup.velero.io/backup-volumes")
    assert saved == "attachments"
    # A Secret mounted as a volume would keep the restored pod waiting for its data.
    assert '"secret"' not in json.dumps(at(template, "spec", "volumes"))
    recovered = _of(_rendered(helm, layout, "openmrs", "recovery"), "attachments")
    assert [item["kind"] for item in recovered] == ["Service"]


def test_the_hook_fails_the_backup(helm: Path, layout: Layout) -> None:
    """A dump that fails makes the backup fail, and has more time than it gives itself."""
    items = _rendered(helm, layout, "openmrs")
    deployment = _by_kind(items, "Deployment", "dump")
    notes = at(deployment, "spec", "template", "metadata", "annotations")
    assert at(notes, "pre.hook.backup.velero.io/on-error") == "Fail"
    limit_s = int(text(notes, "pre.hook.backup.velero.io/timeout").rstrip("s"))
    script = text(_by_kind(items, "ConfigMap", "dump"), "data", "dump.sh")
    (timeout,) = (line for line in script.splitlines() if line.startswith("timeout "))
    assert int(timeout.split()[1]) < limit_s


def test_the_schedule_takes_no_secret(helm: Path, layout: Layout) -> None:
    """Secrets come from escrow: a backup store that leaks holds none."""
    items = _rendered(helm, layout, "velero")
    schedule = _by_kind(items, "Schedule", "velero-openmrs")
    refused = at(schedule, "spec", "template", "excludedNamespaceScopedResources")
    assert isinstance(refused, list)
    assert "secrets" in refused
    assert text(schedule, "spec", "schedule") == "@every 55s"


def test_replicas_are_spread_over_zones(helm: Path, layout: Layout) -> None:
    """No zone holds two members or two replicas while another holds none."""
    for kind, app in (("StatefulSet", "galera"), ("Deployment", "openmrs")):
        item = _by_kind(_rendered(helm, layout, "openmrs"), kind, app)
        rules = at(item, "spec", "template", "spec", "topologySpreadConstraints")
        assert isinstance(rules, list)
        (rule,) = rules
        assert text(rule, "topologyKey") == "topology.kubernetes.io/zone"
        assert text(rule, "whenUnsatisfiable") == "DoNotSchedule"


def test_observer_may_only_look(helm: Path, layout: Layout) -> None:
    """The observer's role has no verb that changes, and no Secret."""
    role = _by_kind(
        _rendered(helm, layout, "cluster"), "ClusterRole", "reprise:observer"
    )
    rules = role["rules"]
    assert isinstance(rules, list)
    for rule in rules:
        verbs, resources = at(rule, "verbs"), at(rule, "resources") or []
        assert isinstance(verbs, list)
        assert isinstance(resources, list)
        assert set(map(str, verbs)) <= {"get", "list", "watch"}
        assert "secrets" not in resources
        if "*" in resources:
            groups = at(rule, "apiGroups")
            assert isinstance(groups, list)
            assert "" not in groups
            assert "*" not in groups


def test_volumes_are_kept_for_one_claim(layout: Layout) -> None:
    """Each volume waits for its own claim; the dump's and the attachments' are saved."""
    made = volumes.primary_volumes(layout)
    claims = {text(v, "spec", "claimRef", "name"): v for v in made}
    members = {"data-galera-0", "data-galera-1", "data-galera-2"}
    saved = {"dump", "attachments"}
    assert set(claims) == members | saved
    for claim, volume in claims.items():
        excluded = text(volume, "metadata", "labels", EXCLUDED)
        assert excluded == ("false" if claim in saved else "true")
        assert text(volume, "spec", "persistentVolumeReclaimPolicy") == "Retain"
        capacity = text(volume, "spec", "capacity", "storage")
        assert capacity == layout.site.disks.volume
    homes = {
        json.dumps(at(v, "spec", "nodeAffinity"))
        for c, v in claims.items()
        if c in members
    }
    assert len(homes) == 3


def test_recovery_volumes_are_new_each_time(layout: Layout) -> None:
    """No recovery meets a disk, or a volume's name, that was used before."""
    examples.with_secrets(layout)
    first = volumes.recovery_volumes(layout, NAMESPACE)
    second = volumes.recovery_volumes(layout, NAMESPACE)
    names = [text(volume, "metadata", "name") for volume in (*first, *second)]
    assert len(set(names)) == 6
    folder = layout.folder / "machines" / "r1" / "volumes"
    assert {path.stem for path in folder.iterdir()} == set(names)
    targets = {disk.target for disk in layout.machine("r1").disks}
    assert {text(v, "spec", "local", "path").lstrip("/") for v in first} <= targets
    volumes.drop(layout, names[0])
    assert names[0] not in {path.stem for path in folder.iterdir()}


def test_escrow_is_applied_whole(layout: Layout) -> None:
    """The namespace comes first, then every Secret of the escrow, out of any backup."""
    credentials.make(layout.folder, NAMESPACE)
    items = manifests.escrowed(layout.access({}))
    assert [item["kind"] for item in items] == ["Namespace", *["Secret"] * 3]
    assert all(at(s, "metadata", "labels", EXCLUDED) == "true" for s in items[1:])


@pytest.mark.parametrize(
    ("cluster", "mode", "schedules"),
    [("primary", "ReadWrite", 1), ("recovery", "ReadOnly", 0)],
)
def test_recovery_location_is_read_only(
    helm: Path, layout: Layout, cluster: str, mode: str, schedules: int
) -> None:
    """The recovery site's Velero never writes, expires or deletes a backup."""
    items = _rendered(helm, layout, "velero", cluster)
    location = _by_kind(items, "BackupStorageLocation", "default")
    assert text(location, "spec", "accessMode") == mode
    trusted = base64.b64decode(text(location, "spec", "objectStorage", "caCert"))
    assert trusted == b"the site's own authority"
    assert [item["kind"] for item in items].count("Schedule") == schedules


def test_velero_has_our_deadline(helm: Path, layout: Layout) -> None:
    """A restore that hangs is given up when the site file says; the default is 4 h."""
    items = _rendered(helm, layout, "velero", "recovery")
    deployment = _by_kind(items, "Deployment", "velero")
    assert "--fs-backup-timeout=120s" in json.dumps(deployment)


def test_velero_has_our_secrets(layout: Layout) -> None:
    """Its own default password is a public constant: ours is there before it."""
    credentials.make(layout.folder, NAMESPACE)
    items = velero_setup.secrets(layout.access({}), "recovery")
    assert [item["kind"] for item in items] == ["Namespace", "Secret", "Secret"]
    drawn = (layout.folder / "repository-password").read_text()
    secret = _by_kind(items, "Secret", "velero-repo-credentials")
    kept = text(secret, "data", "repository-password")
    assert base64.b64decode(kept).decode() == drawn
    profile = text(_by_kind(items, "Secret", "cloud-credentials"), "data", "cloud")
    assert b"aws_access_key_id=recovery" in base64.b64decode(profile)
