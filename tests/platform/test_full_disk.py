"""A full disk fills only itself: this machine, other volumes and other nodes go on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from reprise_platform import kube
from reprise_platform.access import Access
from reprise_platform.command import run
from reprise_platform.embedded import loops, machine, node
from reprise_platform.embedded.layout import Layout, load
from reprise_platform.embedded.serving import clinical_read
from reprise_platform.errors import CommandError
from reprise_platform.kube_rest import at
from reprise_platform.waiting import until
from reprise_platform.workloads import patient

pytestmark = pytest.mark.cluster
_MIB = 1 << 20


@pytest.fixture
def layout(site_access: Access) -> Iterator[Layout]:
    """Give how the site is laid; whatever a test wrote on its disks is gone after it."""
    found = load(site_access.site)
    assert found is not None
    yield found
    for each in found.topology.primary.nodes:
        run(
            [
                *_in(found, each.name),
                "sh",
                "-c",
                "rm -f /var/lib/*/full /var/lib/*/*/*/full",
            ]
        )


def _in(layout: Layout, name: str) -> tuple[str, ...]:
    return machine.inside(layout.machine(name))


def _fill(layout: Layout, name: str, folder: str) -> None:
    """Write until the disk is full: only its own limit may end it."""
    command = ["dd", "if=/dev/zero", f"of={folder}/full", "bs=1M"]
    with pytest.raises(CommandError, match="No space left on device"):
        run([*_in(layout, name), *command], within_s=300)


def _write(layout: Layout, name: str, folder: str) -> None:
    run(
        [
            *_in(layout, name),
            "dd",
            "if=/dev/zero",
            f"of={folder}/full",
            "bs=1M",
            "count=4",
        ]
    )


def _free_bytes(layout: Layout, name: str, folder: str) -> int:
    told = run([*_in(layout, name), "df", "-B1", "--output=avail", folder])
    return int(told.split()[-1])


def test_every_data_folder_is_a_disk_of_its_own(layout: Layout) -> None:
    """Each disk is mounted from the file meant for it, no larger than the site file says."""
    for each in layout.machines():
        inside = machine.inside(each)
        assert each.disks or each.name.startswith("front")
        for disk in each.disks:
            (device,) = loops.backed_by(disk.image)
            told = run(
                [*inside, "df", "-B1", "--output=source,size", f"/{disk.target}"]
            )
            source, size = told.split()[-2:]
            assert source == str(device)
            assert 0.8 * disk.size_bytes < int(size) <= disk.size_bytes


def test_a_full_data_volume_fills_only_itself(
    site_access: Access, layout: Layout
) -> None:
    """The dump's volume, full, takes no write; the attachments beside it and all else do.

    Emptied, it takes writes again.
    """
    dump, beside = f"{node.VOLUMES}/dump", f"{node.VOLUMES}/attachments"
    home, limit = next(
        (each, disk.size_bytes)
        for each in layout.topology.primary.nodes
        for disk in layout.machine(each.name).disks
        if f"/{disk.target}" == dump
    )
    before = shutil.disk_usage(layout.folder).free
    _fill(layout, home.name, dump)
    assert before - shutil.disk_usage(layout.folder).free < 3 * limit
    assert _free_bytes(layout, home.name, dump) < _MIB
    _write(layout, home.name, beside)
    for each in layout.topology.primary.nodes:
        _write(layout, each.name, "/var/lib/kubelet")
        _write(layout, each.name, "/var/lib/containerd")
    (layout.folder / "machines" / "proof").write_bytes(b"x" * 4 * _MIB)
    (layout.folder / "machines" / "proof").unlink()
    assert clinical_read(site_access)
    run([*_in(layout, home.name), "rm", f"{dump}/full"])
    _write(layout, home.name, dump)


def test_a_full_image_store_fills_only_itself(
    site_access: Access, layout: Layout
) -> None:
    """A node whose image store is full keeps its pods, its volumes and its images.

    The other nodes and the clinics do not notice; emptied, new containers start there.
    """
    zone, (victim, *_) = list(site_access.zones.items())[-1]
    _fill(layout, victim, "/var/lib/containerd")
    _write(layout, victim, "/var/lib/kubelet")
    for each in layout.topology.primary.nodes:
        if each.name != victim:
            _write(layout, each.name, "/var/lib/containerd")
    assert clinical_read(site_access)
    run([*_in(layout, victim), "rm", "/var/lib/containerd/full"])
    (pod,) = (
        pod
        for pod in kube.pods(site_access.primary, site_access.namespace, "app=openmrs")
        if pod.node in site_access.zones[zone]
    )
    kube.delete(
        site_access.primary, "v1", "Pod", pod.name, namespace=site_access.namespace
    )

    def back() -> bool:
        found = kube.pods(site_access.primary, site_access.namespace, "app=openmrs")
        return sum(p.ready and not p.deleting for p in found) == len(site_access.zones)

    until(patient(back), within_s=180, every_s=1, what=f"a new replica in zone {zone}")


def test_a_full_kubelet_evicts_and_recovers(
    site_access: Access, layout: Layout
) -> None:
    """A node whose own disk is full says DiskPressure, and no more once it is emptied.

    No image is deleted: nothing could bring it back.
    """
    (victim, *_) = list(site_access.zones.values())[-1]
    images = run([*_in(layout, victim), "ctr", "-n", "k8s.io", "images", "ls", "-q"])
    _fill(layout, victim, "/var/lib/kubelet")
    _pressure(site_access, victim, "True")
    run([*_in(layout, victim), "rm", "/var/lib/kubelet/full"])
    _pressure(site_access, victim, "False")
    assert (
        run([*_in(layout, victim), "ctr", "-n", "k8s.io", "images", "ls", "-q"])
        == images
    )


def _pressure(access: Access, name: str, wanted: str) -> None:
    def seen() -> bool:
        found = kube.get_object(access.primary, "v1", "Node", name)
        conditions = at(found, "status", "conditions")
        assert isinstance(conditions, list)
        (told,) = (c for c in conditions if kube.text(c, "type") == "DiskPressure")
        return kube.text(told, "status") == wanted

    until(
        patient(seen), within_s=120, every_s=1, what=f"DiskPressure {wanted} on {name}"
    )
