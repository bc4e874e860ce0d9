"""A site heals: `up` killed at every step, told twice, after a reboot; `down` from any state.

On a site of its own with one zone and one node, so that it comes up again and again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reprise_platform import kube, paths
from reprise_platform.access import Cluster, load_access
from reprise_platform.capabilities import capabilities
from reprise_platform.command import run
from reprise_platform.embedded import bringup, cgroups, machine, network, teardown
from reprise_platform.embedded.layout import load
from reprise_platform.errors import WaitTimeout
from reprise_platform.status import Check, status
from reprise_platform.waiting import until
from tests.platform import examples, trace

SITE = os.environ.get("REPRISE_HEAL_SITE", "healing")
# Shown when a test fails: the same seed kills at the same moments.
SEED = int(os.environ.get("REPRISE_HEAL_SEED", "11"))
# Kinds that only `up` writes: for them even a write that changes nothing would be seen.
_WRITTEN_BY_UP = (
    *(("v1", kind) for kind in ("Secret", "ConfigMap", "Service", "ServiceAccount")),
    *(
        ("rbac.authorization.k8s.io/v1", kind)
        for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
    ),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("storage.k8s.io/v1", "StorageClass"),
)
# Kinds whose controllers write their status. (Velero writes its backup location's whenever
# it looks into the bucket, a schedule's at each backup, and the generation counts that too.)
_GENERATED = (
    *(("apps/v1", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet")),
    *(("v1", kind) for kind in ("Pod", "PersistentVolume", "PersistentVolumeClaim")),
)
# What servers write while nobody does anything, and the record of `up` itself.
_ALIVE = (
    "log",
    "console.log",
    "containerd",
    "kubelet",
    "volumes",
    "etcd",
    "data",
    "work",
    # A pod of Velero's own comes and goes, and takes an address each time.
    "upper",
)
_ALIVE_FILES = ("up.json", ".lock")
# The machines' disks: what is on them is their servers' affair.
_ALIVE_SUFFIX = ".img"

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """Where the tests of this file work: a site file, and what there was before."""

    file: Path
    folder: Path
    token: str
    before: frozenset[str]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Bench]:
    """Write a small site's file; take the site down at the end whatever happened."""
    folder = tmp_path_factory.mktemp("heal")
    raw = examples.raw_site()
    raw["name"] = SITE
    raw["primary"] = {"zones": {"a": ["a1"]}}
    raw["database"] = {"members": 1}
    raw["openmrs"] = {"replicas": 1}
    file = folder / "small.yaml"
    file.write_text(yaml.safe_dump(raw))
    token = uuid.uuid4().hex
    _platform(file, "down")
    before = trace.look(SITE, token)
    try:
        yield _Bench(file=file, folder=folder, token=token, before=before)
    finally:
        _platform(file, "down")


def _platform(file: Path, command: str) -> str:
    words = [sys.executable, "-m", "reprise_platform", command, "--site", str(file)]
    return run(words, within_s=900)


def _whole(bench: _Bench) -> None:
    """Complete the site, and see that everything of it works."""
    _platform(bench.file, "up")
    failing: list[Check] = []

    def whole() -> bool:
        failing[:] = [check for check in status(SITE) if not check.works]
        return not failing

    with contextlib.suppress(WaitTimeout):
        until(whole, within_s=120, every_s=1, what="a site that is whole")
    assert failing == []


def _nothing_is_left(bench: _Bench) -> None:
    left: list[str] = []

    def clean() -> bool:
        left[:] = sorted(trace.look(SITE, bench.token) - bench.before)
        return not left

    with contextlib.suppress(Exception):
        until(clean, within_s=30, every_s=1, what="a machine as it was")
    assert left == []


def _kill_within(bench: _Bench, step: str, longest_s: float) -> str:
    """Start `up` and SIGKILL it in a step; return what was the last step it told of.

    A step shorter than the moment drawn in it is over by then: the kill strikes what
    comes next, at once, and the step was killed at its very end.
    """
    pause_s = random.Random(f"{SEED} {step}").uniform(0, longest_s)
    log = bench.folder / "up.log"
    words = [sys.executable, "-m", "reprise_platform", "up", "--site", str(bench.file)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "LC_ALL": "C", trace.TOKEN: bench.token},
        )
    with process:
        until(
            lambda: f"] {step} ..." in log.read_text() or process.poll() is not None,
            within_s=900,
            every_s=0.01,
            what=f"step {step}",
        )
        ended = f"] {step}: "
        clock = threading.Event()
        pauses = max(1, int(pause_s / 0.02))
        for _ in range(pauses):
            if ended in log.read_text() or process.poll() is not None:
                break
            clock.wait(pause_s / pauses)
        was_alive = process.poll() is None
        process.kill()
    assert was_alive, log.read_text()
    told = [line for line in log.read_text().splitlines() if line.endswith(" ...")]
    return told[-1]


def test_up_killed_at_every_step_is_repaired(bench: _Bench) -> None:
    """`up` SIGKILLed in each step in turn, each time repaired by the next; all is well."""
    steps = (*bringup.BEFORE, *(name for name, _ in bringup.STEPS))
    print(f"seed {SEED}; REPRISE_HEAL_SEED repeats it")  # noqa: T201
    for step in steps:
        told = _kill_within(bench, step, longest_s=3)
        print(f"killed in: {told}")  # noqa: T201
    _whole(bench)


def test_up_again_changes_nothing(bench: _Bench) -> None:
    """`up` on a site that is whole leaves processes, objects and files as they are."""
    _whole(bench)
    before = _residue()
    _platform(bench.file, "up")
    after = _residue()
    differ = {
        f"{key}: {before.get(key)} became {after.get(key)}"
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }
    assert differ == set()


def test_what_was_cut_is_plugged_in_again(bench: _Bench) -> None:
    """Machines left without power and a zone left alone: `up` makes the site whole."""
    _whole(bench)
    power = capabilities(load_access(SITE))
    power.isolate_zone("a")
    power.power_off(["a1", "observability"])
    assert [check for check in status(SITE) if not check.works]

    _whole(bench)

    assert all(power.links().values())


def _residue() -> dict[str, str]:
    layout = load(SITE)
    assert layout is not None
    access = load_access(SITE)
    found = {
        f"process {each.name}": str(machine.first_process(each))
        for each in layout.machines()
    }
    for cluster in (access.primary, access.recovery):
        found |= _objects(cluster)
    for path in sorted(layout.folder.rglob("*")):
        inner = path.relative_to(layout.folder)
        if path.is_file() and not path.is_symlink():
            parts = set(inner.parts)
            alive = path.name in _ALIVE_FILES or path.suffix == _ALIVE_SUFFIX
            if not alive and not parts & set(_ALIVE):
                found[f"file {inner}"] = _digest(path)
    return found


def _objects(cluster: Cluster) -> dict[str, str]:
    found = {}
    for kinds, field in (
        (_WRITTEN_BY_UP, "resourceVersion"),
        (_GENERATED, "generation"),
    ):
        for version, kind in kinds:
            for item in kube.list_objects(cluster, version, kind):
                meta = item["metadata"]
                assert isinstance(meta, dict)
                name = f"{meta.get('namespace', '')}/{meta['name']}"
                said = f"{meta['uid']} {meta.get(field)}"
                found[f"{cluster.name} {kind} {name}"] = said
    for item in kube.list_objects(cluster, "velero.io/v1", "Schedule"):
        found[f"{cluster.name} Schedule"] = json.dumps(item["spec"], sort_keys=True)
    return found


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return str(error.strerror)


def test_down_killed_at_every_step_is_completed(bench: _Bench) -> None:
    """`down` SIGKILLed in each of its steps: the next one leaves nothing."""
    _whole(bench)
    for step, _ in teardown.STEPS:
        log = bench.folder / "down.log"
        words = ("down", "--site", str(bench.file))
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "reprise_platform", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "LC_ALL": "C", trace.TOKEN: bench.token},
            )
        with process:
            until(
                lambda process=process, log=log, step=step: (  # type: ignore[misc]
                    f"] {step} ..." in log.read_text() or process.poll() is not None
                ),
                within_s=120,
                every_s=0.005,
                what=f"step {step} of down",
            )
            process.kill()
    _platform(bench.file, "down")
    _nothing_is_left(bench)


@pytest.mark.parametrize("repair", ["up", "down"])
def test_after_a_reboot(bench: _Bench, repair: str) -> None:
    """Only files are left, as after a reboot: `up` makes it whole, `down` clears them."""
    _whole(bench)
    _reboot()
    files = paths.site_state(SITE)
    assert (files / "site.json").exists()
    # Certificates are files: they stay good.
    alive = {check.what for check in status(SITE) if check.works}
    assert alive <= {"certificates"}
    if repair == "up":
        _whole(bench)
    _platform(bench.file, "down")
    _nothing_is_left(bench)


def _reboot() -> None:
    """Take away what a reboot takes, by the kernel's own list: files alone are left."""
    folder = paths.site_state(SITE)
    layout = load(SITE)
    assert layout is not None

    def dead() -> bool:
        found = list(cgroups.processes(SITE))
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not found

    until(dead, within_s=60, every_s=0.1, what="end of every process")
    subprocess.run(["ip", "link", "del", network.host_link(SITE)], check=False)
    for line in reversed(Path("/proc/self/mountinfo").read_text().splitlines()):
        target = line.split()[4]
        if target.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", target], check=True)
    for top in cgroups.site_groups(SITE):
        for group, _, _ in os.walk(top, topdown=False):
            until(
                lambda group=group: _removed(group),  # type: ignore[misc]
                within_s=20,
                every_s=0.1,
                what=f"removal of {group}",
            )
    # A pid file of the boot before may name somebody's process of this one.
    for file in folder.glob("machines/*/pid"):
        _, started, *_ = file.read_text().split()
        file.write_text(f"{os.getpid()} {started} the-boot-before\n")


def _removed(group: str) -> bool:
    with contextlib.suppress(OSError):
        Path(group).rmdir()
    return not Path(group).exists()


def test_damaged_state_goes_down(bench: _Bench) -> None:
    """Whatever became of the site's files, `down` leaves nothing of the site."""
    _whole(bench)
    folder = paths.site_state(SITE)
    (folder / "site.json").write_text("{")
    (folder / "access.json").unlink()
    shutil.rmtree(folder / "pki")
    (folder / "machines" / "a1" / "pid").write_text("not a number")
    _platform(bench.file, "down")
    _nothing_is_left(bench)
    assert json.loads(run(["ip", "-j", "link"]))
