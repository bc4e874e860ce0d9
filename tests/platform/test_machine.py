"""Machines: what is written for them, who is first, what dies with them."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_platform.command import run
from reprise_platform.embedded import (
    cgroups,
    doors,
    layers,
    machine,
    network,
    node,
    volumes,
)
from reprise_platform.embedded.disks import Disk
from reprise_platform.embedded.machine import Bind, Machine, Service
from reprise_platform.errors import SiteError
from tests.platform import examples


def _machine(folder: Path, **changes: object) -> Machine:
    fields: dict[str, object] = {
        "name": "m1",
        "site": "demo",
        "site_folder": folder,
        "root": folder / "the root",
    }
    return Machine(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("told", "again_s"), [(None, "1"), ("20", "20")])
def test_services_start_again_as_slowly_as_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str | None, again_s: str
) -> None:
    """A second after its end; where limits are longer, so much longer too.

    On an emulated machine, servers that start again at once leave no processor to the one
    they wait for.
    """
    monkeypatch.delenv("REPRISE_PATIENCE", raising=False)
    if told is not None:
        monkeypatch.setenv("REPRISE_PATIENCE", told)
    made = _machine(tmp_path)
    machine._write(made, ())
    script = (made.folder / "etc" / "start.sh").read_text()
    shown = subprocess.run(
        ["bash", "-c", f'{script.splitlines()[0]}; printf %s "$AGAIN_S"'],
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown.stdout == again_s


def test_paths_with_blanks_stay_one_word(tmp_path: Path) -> None:
    """A folder named with blanks, quotes or dollars is one word in the inner script."""
    folder = tmp_path / "a b'c\"d$e"
    source = folder / "so urce"
    made = _machine(
        folder, binds=(Bind(source=source, target="et c/x", writable=True),)
    )
    machine._write(made, ())
    script = (made.folder / "inner.sh").read_text()
    words = [
        shlex.split(line) for line in script.splitlines() if line.startswith("bind ")
    ]
    assert ["bind", str(source), "et c/x", "rw"] in words
    assigned = script.split("# Runs", maxsplit=1)[0]
    shown = subprocess.run(
        ["bash", "-c", f'{assigned}\nprintf "%s\\n" "$NAME" "$LOWER" "$FOLDER"'],
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown.stdout.splitlines() == ["m1", str(made.root), str(made.folder)]


def test_services_keep_their_arguments_and_hide_their_secrets(tmp_path: Path) -> None:
    """An argument arrives as it is; a secret is in a file of root's, in no command."""
    secret = "s3 'cr\"et$"
    made = _machine(
        tmp_path,
        services=(
            Service(name="x", command=("prog", "a b", "$HOME"), env={"KEY": secret}),
        ),
    )
    machine._write(made, ())
    start = (made.folder / "etc" / "start.sh").read_text()
    (line,) = (each for each in start.splitlines() if each.startswith("keep "))
    assert shlex.split(line) == ["keep", "x", "prog", "a b", "$HOME"]
    assert secret not in start
    env = made.folder / "etc" / "x.env"
    assert env.stat().st_mode & 0o777 == 0o600
    shown = subprocess.run(
        ["bash", "-c", f'. {shlex.quote(str(env))}; printf %s "$KEY"'],
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown.stdout == secret


def test_binds_are_read_only_unless_said(tmp_path: Path) -> None:
    """Keys and programs are shared by reading; a machine's own disk is written."""
    made = _machine(
        tmp_path,
        binds=(
            Bind(source=tmp_path / "keys", target="keys"),
            Bind(source=tmp_path / "disk", target="disk", writable=True),
        ),
    )
    machine._write(made, ())
    script = (made.folder / "inner.sh").read_text()
    assert f"bind {tmp_path}/keys keys ro" in script
    assert f"bind {tmp_path}/disk disk rw" in script
    assert (tmp_path / "disk").is_dir()
    assert not (tmp_path / "keys").exists()


def test_disks_are_mounted_before_what_lies_on_them(tmp_path: Path) -> None:
    """A disk's line has its device and options, and comes before every bind."""
    disk = Disk(image=tmp_path / "x.img", target="var/lib/x", size_bytes=1 << 28)
    made = _machine(tmp_path, disks=(disk,))
    machine._write(made, ((disk, Path("/dev/loop4096")),))
    lines = (made.folder / "inner.sh").read_text().splitlines()
    (line,) = (each for each in lines if each.startswith("disk /dev"))
    assert shlex.split(line) == ["disk", "/dev/loop4096", "var/lib/x", disk.options]
    first = next(i for i, each in enumerate(lines) if each.startswith("bind "))
    assert lines.index(line) < first


def test_configuration_is_private(tmp_path: Path) -> None:
    """What a machine is configured with is its own business."""
    made = _machine(tmp_path, files={"deep/er.conf": "x"})
    machine._write(made, ())
    file = made.folder / "etc" / "deep" / "er.conf"
    assert file.read_text() == "x"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[Machine, int]]:
    """Give a process of this test's own out as a machine's."""
    made = _machine(tmp_path)
    made.folder.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as started:
        pid_file = made.folder / "pid"
        pid_file.write_text(f"{started.pid} {machine._started_at(started.pid)}\n")
        yield made, started.pid
        started.kill()


def test_running_machine_is_known(process: tuple[Machine, int]) -> None:
    """A machine that runs is found by its pid and its start time."""
    made, pid = process
    assert machine.first_process(made) == pid
    assert machine.inside(made)[:3] == ("nsenter", "-t", str(pid))


def test_pid_of_another_boot_is_not_ours(process: tuple[Machine, int]) -> None:
    """After a reboot the same number and start time may be anybody's."""
    made, pid = process
    told = f"{pid} {machine._started_at(pid)}"
    (made.folder / "pid").write_text(f"{told} {machine._boot()}\n")
    assert machine.first_process(made) == pid
    (made.folder / "pid").write_text(f"{told} 00000000-0000-0000-0000-000000000000\n")
    assert machine.first_process(made) is None


def test_pid_used_again_is_not_ours(process: tuple[Machine, int]) -> None:
    """Another process of the same number is left alone."""
    made, pid = process
    (made.folder / "pid").write_text(f"{pid} 1\n")
    assert machine.first_process(made) is None


@pytest.mark.parametrize("text", ["", "12", "a b", "1 2 3", "\0"])
def test_damaged_pid_file(tmp_path: Path, text: str) -> None:
    """A pid file torn by a full disk reads as a machine that is off."""
    made = _machine(tmp_path)
    made.folder.mkdir(parents=True)
    (made.folder / "pid").write_text(text)
    assert machine.first_process(made) is None
    with pytest.raises(ProcessLookupError, match="m1 is off"):
        machine.inside(made)


def test_dead_machine_is_off(tmp_path: Path) -> None:
    """A process that has ended is no machine, even before it is reaped."""
    made = _machine(tmp_path)
    made.folder.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as started:
        began = machine._started_at(started.pid)
        (made.folder / "pid").write_text(f"{started.pid} {began}\n")
        started.kill()
        os.waitid(os.P_PID, started.pid, os.WEXITED | os.WNOWAIT)
        assert machine.first_process(made) is None


def test_unknown_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that no machine has is refused with those that are."""
    layout = examples.with_secrets(examples.layout(tmp_path, monkeypatch))
    with pytest.raises(SiteError, match=r"no machine z9; it has: .*a1"):
        layout.machine("z9")
    names = [each.name for each in layout.machines()]
    assert names == [
        *("store", "observability", "cp-primary", "a1", "a2", "b1", "c1"),
        *("cp-recovery", "r1", "front-1", "front-2"),
    ]
    lost = {each.name for each in layout.primary_machines()}
    assert lost == {"cp-primary", "a1", "a2", "b1", "c1"}


def test_no_secret_on_any_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store's root key goes by the environment's file."""
    layout = examples.with_secrets(examples.layout(tmp_path, monkeypatch))
    (layout.folder / "store" / "root.json").write_text(
        json.dumps({"access": "root", "secret": "very-secret"})
    )
    words = [
        word
        for each in layout.machines()
        for service in each.services
        for word in service.command
    ]
    assert "very-secret" not in " ".join(words)
    store = layout.machine("store").services[0]
    assert store.env["ROOT_SECRET_KEY"] == "very-secret"


def test_front_door_knows_both_sites() -> None:
    """Either site's nodes are behind the door; the map's one line chooses."""
    topology = examples.topology()
    text = doors._haproxy(topology, topology.doors[0])
    for cluster in topology.clusters:
        assert f"backend {cluster.name}" in text
        for each in cluster.nodes:
            assert f"server {each.name} {each.address}:30080 check" in text
    (bind,) = [line for line in text.splitlines() if f"{topology.front}:8443" in line]
    assert bind.split()[2:] == ["transparent", "ssl", "crt", "/etc/tls/tls.pem"]
    assert "ssl-default-bind-options ssl-min-ver TLSv1.3" in text
    assert f"map(/srv/front/{doors.MAP},closed)" in text
    assert "return status 503" in text


def test_front_door_never_sends_a_request_twice() -> None:
    """A write that may have been executed is not retried; a lost connection may be."""
    topology = examples.topology()
    text = doors._haproxy(topology, topology.doors[0])
    lines = [line.strip() for line in text.splitlines()]
    assert "retry-on conn-failure" in lines
    assert sum(line.startswith("retry-on") for line in lines) == 1


def test_doors_differ_in_their_own_address_alone() -> None:
    """Both doors treat a request, and its cookie, alike: a takeover moves no session."""
    topology = examples.topology()
    one, other = (
        doors._haproxy(topology, door).replace(door.address, "OWN")
        for door in topology.doors
    )
    assert one == other
    assert "bind OWN:8405" in one
    for each in topology.primary.nodes:
        assert f"cookie {each.name}\n" in one


def test_doors_are_equals() -> None:
    """Neither door takes the address from one that is well; each hears only the other."""
    topology = examples.topology()
    one, other = topology.doors
    for door, peer in ((one, other), (other, one)):
        text = doors._keepalived(topology, door)
        assert "state BACKUP" in text
        assert "nopreempt" in text
        assert f"unicast_src_ip {door.address}\n" in text
        assert f"{peer.address} min_ttl 255 max_ttl 255" in text
        assert f"{topology.front}/32 dev eth0" in text
    told = [
        re.findall(
            r"^  priority (\d+)$", doors._keepalived(topology, door), re.MULTILINE
        )
        for door in topology.doors
    ]
    assert told == [["100"], ["100"]]


def test_pods_get_no_default_gateway_out() -> None:
    """A pod's traffic goes to its node, unmasqueraded; the node has no route out."""
    config = node._network(examples.topology().primary.nodes[0])
    plugins = config["plugins"]
    assert isinstance(plugins, list)
    assert plugins[0]["type"] == "ptp"
    assert plugins[0]["ipMasq"] is False
    assert plugins[1]["snat"] is False


@pytest.fixture
def hierarchy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand a version 1 tree of folders in for the kernel's."""
    for name in ("memory", "cpuset"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").write_text("1\n")
    (tmp_path / "cpuset" / "cpuset.cpus").write_text("0-1\n")
    (tmp_path / "cpuset" / "cpuset.mems").write_text("0\n")
    (tmp_path / "cpu,cpuacct").mkdir()
    (tmp_path / "cpu").symlink_to("memory")
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    return tmp_path


def test_groups_on_version_1(hierarchy: Path) -> None:
    """A machine has a group in every hierarchy, and none twice through a link."""
    assert cgroups.version() == 1
    assert cgroups.machine_groups("demo", "m1") == (
        hierarchy / "cpuset" / "reprise" / "demo" / "m1",
        hierarchy / "memory" / "reprise" / "demo" / "m1",
    )


def test_groups_are_made_and_removed(hierarchy: Path) -> None:
    """Made twice is made once; removed leaves the neighbours and no empty parent."""
    for _ in range(2):
        cgroups.prepare_site("demo")
        cgroups.prepare_machine("demo", "m1")
    (hierarchy / "memory" / "reprise" / "demo" / "m1" / "kubepods" / "pod1").mkdir(
        parents=True
    )
    cgroups.prepare_site("other")
    cgroups.remove_site("demo")
    assert not list(hierarchy.rglob("demo"))
    assert (hierarchy / "memory" / "reprise" / "other").is_dir()
    cgroups.remove_site("other")
    assert not list(hierarchy.rglob("reprise"))
    cgroups.remove_site("other")


def test_cpusets_are_filled_from_above(hierarchy: Path) -> None:
    """A version 1 cpuset takes processes only once it has processors and memory."""
    group = hierarchy / "cpuset" / "reprise"
    group.mkdir()
    for name in ("cpuset.cpus", "cpuset.mems"):
        (group / name).write_text("\n")
    cgroups._fill_cpuset(group)
    assert (group / "cpuset.cpus").read_text() == "0-1\n"
    assert (group / "cpuset.mems").read_text() == "0\n"


def test_processes_of_a_site(hierarchy: Path) -> None:
    """Every process of every group of the site is found once, others' are not."""
    for controller, words in (("memory", "7\n8\n"), ("cpuset", "8\n0\n")):
        group = hierarchy / controller / "reprise" / "demo" / "m1" / "pods"
        group.mkdir(parents=True)
        (group / "cgroup.procs").write_text(words)
    other = hierarchy / "memory" / "reprise" / "other"
    other.mkdir(parents=True)
    (other / "cgroup.procs").write_text("9\n")
    assert list(cgroups.processes("demo")) == [7, 8]
    assert list(cgroups.processes("never")) == []


def test_groups_on_version_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One unified hierarchy: a scope of systemd's, or a folder of our own without it."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    assert cgroups.version() == 2
    monkeypatch.setattr(cgroups, "_has_systemd", lambda: True)
    assert cgroups.site_groups("demo") == (
        tmp_path / "system.slice" / "reprise-demo.scope",
    )
    monkeypatch.setattr(cgroups, "_has_systemd", lambda: False)
    assert cgroups.site_groups("demo") == (tmp_path / "reprise" / "demo",)


def _prepared_store(folder: Path) -> Path:
    store = folder / "store"
    for path, text in (
        ("io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs/app.db", "an image's"),
        ("io.containerd.snapshotter.v1.overlayfs/metadata.db", "layers"),
        ("io.containerd.content.v1.content/blobs/sha256/x", "{}"),
        ("io.containerd.metadata.v1.bolt/meta.db", "images"),
    ):
        (store / path).parent.mkdir(parents=True, exist_ok=True)
        (store / path).write_text(text)
    return store


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
def test_nodes_share_layers_and_own_databases(tmp_path: Path) -> None:
    """What is only read is mounted, what is written is a copy made once and kept."""
    store, own = _prepared_store(tmp_path), tmp_path / "node"
    share = f"bash {layers.SHARE} {store} {own}"
    shown = f"cat {own}/*/snapshots/1/fs/app.db {own}/*/blobs/sha256/x"
    run(["unshare", "--mount", "sh", "-ec", f"{share} && {shown} > {tmp_path}/read"])
    assert (tmp_path / "read").read_text() == "an image's{}"
    assert not [path for path in own.rglob("*") if path.name in {"app.db", "x"}]
    database = own / "io.containerd.metadata.v1.bolt" / "meta.db"
    assert database.read_text() == "images"
    database.write_text("images and containers")
    run(["unshare", "--mount", "sh", "-ec", share])
    assert database.read_text() == "images and containers"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
def test_half_given_databases_are_given_again(tmp_path: Path) -> None:
    """A node killed while it copied its databases begins with whole ones."""
    store, own = _prepared_store(tmp_path), tmp_path / "node"
    torn = own / "io.containerd.snapshotter.v1.overlayfs" / "metadata.db"
    torn.parent.mkdir(parents=True)
    torn.write_text("lay")
    run(["unshare", "--mount", "bash", layers.SHARE, store, own])
    assert torn.read_text() == "layers"


def test_every_disk_of_a_site_has_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Image stores, kubelets, data volumes, etcd and the backups have their own disks.

    Containers' layers and the kubelet's files lie apart, or a full kubelet would have the
    images deleted.
    """
    layout = examples.with_secrets(examples.layout(tmp_path, monkeypatch))
    volumes.make(layout)
    sizes = {
        f"{each.name} {disk.target}": disk.size_bytes >> 30
        for each in layout.machines()
        for disk in each.disks
    }
    for name in ("a1", "b1", "c1", "r1"):
        assert sizes[f"{name} var/lib/containerd"] == 4
        assert sizes[f"{name} var/lib/kubelet"] == 2
    assert sizes["store srv/data"] == 8
    for name in ("cp-primary", "cp-recovery"):
        assert sizes[f"{name} var/lib/etcd"] == 1
    held = {key for key in sizes if node.VOLUMES.lstrip("/") in key}
    assert held == {
        f"{home} {node.VOLUMES.lstrip('/')}/{name}"
        for home, name in (
            *(("a1", "database-0"), ("b1", "database-1"), ("c1", "database-2")),
            *(("a2", "dump"), ("a2", "attachments")),
        )
    }


def test_machines_start_without_this_process_environment() -> None:
    """Only PATH goes in: no session's variable, no secret of whoever ran `up`."""
    tree = ast.parse(Path(machine.__file__).read_text())
    (call,) = (
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "subprocess.run"
    )
    (env,) = (each.value for each in call.keywords if each.arg == "env")
    assert isinstance(env, ast.Dict)
    keys = [ast.literal_eval(each) for each in env.keys if each is not None]
    assert keys == ["PATH"]


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
def test_namespace_laid_twice_is_removed(tmp_path: Path) -> None:
    """What a killed `up` and the next one both laid goes with one removal, and once more."""
    for name in ("a1", "b1"):
        network._make_namespace(network.namespace_file(tmp_path, name))
    run(["unshare", f"--net={network.namespace_file(tmp_path, 'a1')}", "true"])
    assert Path("/proc/self/mountinfo").read_text().count(f"{tmp_path}/net/a1") == 2
    for _ in range(2):
        network.remove("laidtwice", tmp_path)
        assert list((tmp_path / "net").iterdir()) == []
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
