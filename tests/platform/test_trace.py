"""After `down` this machine is as it was, also when `up` or a drill was killed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from minio.error import S3Error

from reprise_platform import kube, paths
from reprise_platform.access import load_access
from reprise_platform.capabilities import capabilities
from reprise_platform.command import run
from reprise_platform.embedded import cgroups, loops
from reprise_platform.errors import CommandError, PlatformError, WaitTimeout
from reprise_platform.status import status
from reprise_platform.waiting import until
from tests.platform import buckets, trace

SITE = os.environ.get("REPRISE_TRACE_SITE", "trace")
PLAN = paths.REPOSITORY / "pra" / "drills" / "quick.yaml"
RUNS = paths.REPOSITORY / "reports" / "runs" / "quick"
# Shown when the test fails: the same seed kills at the same moment of the same step.
SEED = int(os.environ.get("REPRISE_TRACE_SEED", "7"))
STEPS = ("addresses, keys", "network", "machines", "control planes", "database, app")
# Programs on a leash end within seconds; a fault is undone by its lease first.
_ORPHANS_WITHIN_S = 90
_SETTLE_WITHIN_S = 20

_is_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")


@pytest.fixture
def token() -> str:
    """Name what this test starts."""
    return uuid.uuid4().hex


def _added(before: frozenset[str], token: str) -> list[str]:
    return sorted(trace.look(SITE, token) - before)


def _as_before(before: frozenset[str], token: str) -> None:
    """Fail with every line that differs, when it still does after a while."""
    differ: list[str] = []

    def same() -> bool:
        now = trace.look(SITE, token)
        differ[:] = [f"+ {line}" for line in sorted(now - before)]
        differ.extend(
            f"- {line}"
            for line in sorted(before - now)
            # Programs of others end as they like; a free loop device that was there may
            # be removed with ours.
            if not line.startswith(("network namespace", "process"))
            and not line.endswith(" of no file")
        )
        return not differ

    try:
        until(
            same, within_s=_SETTLE_WITHIN_S, every_s=0.5, what="this machine as before"
        )
    except WaitTimeout:
        pytest.fail("left on this machine:\n" + "\n".join(differ))


def _start(token: str, log: Path, *words: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=paths.REPOSITORY,
            start_new_session=True,
            env={**os.environ, trace.TOKEN: token},
        )


def _platform(command: str, *words: str) -> None:
    run(
        [sys.executable, "-m", "reprise_platform", command, "--name", SITE, *words],
        within_s=600,
    )


@pytest.fixture
def clean() -> Iterator[None]:
    """Take the site down whatever happened, so that one failure is not two."""
    yield
    _platform("down")


@contextlib.contextmanager
def _running(*words: str, env: dict[str, str] | None = None) -> Iterator[None]:
    with subprocess.Popen(words, env=env or {"PATH": os.environ["PATH"]}) as process:
        try:
            yield
        finally:
            process.kill()


@contextlib.contextmanager
def _between(make: Sequence[str], undo: Sequence[str]) -> Iterator[None]:
    run(make)
    try:
        yield
    finally:
        run(undo)


@contextlib.contextmanager
def _held_namespace() -> Iterator[None]:
    file = paths.state() / "sites" / SITE / "net" / "planted"
    file.parent.mkdir(parents=True)
    file.touch()
    try:
        with _between(["unshare", f"--net={file}", "true"], ["umount", str(file)]):
            yield
    finally:
        file.unlink()
        for folder in (file.parent, file.parents[1], file.parents[2], file.parents[3]):
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def _locked_name() -> Iterator[None]:
    with socket.socket(socket.AF_UNIX) as lock:
        lock.bind(f"\0reprise-drill-{SITE}")
        yield


def _group() -> contextlib.AbstractContextManager[None]:
    folder = str(cgroups.hierarchies()[0] / f"reprise-{SITE}.scope")
    return _between(["mkdir", folder], ["rmdir", folder])


@contextlib.contextmanager
def _changed_sysctl() -> Iterator[None]:
    # One that nobody misses for a second.
    file = Path("/proc/sys/kernel/printk_ratelimit_burst")
    before = file.read_text()
    file.write_text(str(int(before) + 1))
    try:
        yield
    finally:
        file.write_text(before)


def _mount(folder: Path) -> contextlib.AbstractContextManager[None]:
    return _between(["mount", "-t", "tmpfs", "t", str(folder)], ["umount", str(folder)])


@contextlib.contextmanager
def _loop(folder: Path) -> Iterator[None]:
    image = folder / "planted.img"
    with image.open("wb") as file:
        file.truncate(1 << 20)
    with loops.attached(image):
        yield
    until(loops.sweep, within_s=20, every_s=0.1, what="free devices to be removed")


_LEAKS: dict[str, Callable[[str, Path], contextlib.AbstractContextManager[None]]] = {
    "process": lambda token, _: _running("sleep", "60", env={trace.TOKEN: token}),
    "network namespace": lambda *_: _running("unshare", "--net", "sleep", "60"),
    "mount": lambda _, folder: _mount(folder),
    "mount / on": lambda *_: _running(
        *("unshare", "--mount", "sh", "-c"),
        f"mount -t tmpfs reprise-{SITE} /mnt && exec sleep 60",
    ),
    "loop device": lambda _, folder: _loop(folder),
    "cgroup": lambda *_: _group(),
    "link": lambda *_: _between(
        ["ip", "link", "add", f"rp-{SITE}", "type", "bridge"],
        ["ip", "link", "del", f"rp-{SITE}"],
    ),
    "route": lambda *_: _between(
        ["ip", "route", "add", "unreachable", "198.19.255.0/24"],
        ["ip", "route", "del", "unreachable", "198.19.255.0/24"],
    ),
    "rule": lambda *_: _between(
        ["ip", "rule", "add", "from", "198.19.255.0/24", "lookup", "main"],
        ["ip", "rule", "del", "from", "198.19.255.0/24", "lookup", "main"],
    ),
    "sysctl": lambda *_: _changed_sysctl(),
    "firewall": lambda *_: _between(
        ["nft", "add", "table", "inet", f"planted-{SITE}"],
        ["nft", "delete", "table", "inet", f"planted-{SITE}"],
    ),
    "file": lambda *_: _held_namespace(),
    "socket": lambda *_: _locked_name(),
}


@_is_root
@pytest.mark.parametrize("kind", _LEAKS)
def test_a_leak_would_be_seen(kind: str, token: str, tmp_path: Path) -> None:
    """The comparison sees a planted leak of each kind, and no more once it is gone."""
    before = trace.look(SITE, token)
    with _LEAKS[kind](token, tmp_path):
        until(
            lambda: any(line.startswith(kind) for line in _added(before, token)),
            within_s=20,
            every_s=0.1,
            what=f"a planted {kind} to be seen",
        )
    _as_before(before, token)


@_is_root
def test_a_held_namespace_is_seen_as_a_mount(token: str) -> None:
    """A network namespace that no process is in is still seen, by the file that holds it."""
    before = trace.look(SITE, token)
    with _held_namespace():
        added = _added(before, token)
    assert any(line.startswith("mount net:[") for line in added), added


def test_other_sites_are_left_out() -> None:
    """Sites side by side do not disturb the comparison; a longer name is another site."""
    others = trace._Others("trace")
    sites = paths.state() / "sites"
    for other in ("embedded", "trace-2", "tracer"):
        assert others.has(f"cgroup /sys/fs/cgroup/cpu/reprise/{other}/a1")
        assert others.has(f"mount on {sites}/{other}/net/a1")
        assert others.has(f"link rp-{other}")
        assert others.has(f"loop device loop4096 of {sites}/{other}/machines/a1/x.img")
        assert others.has(f"file {sites}/.{other}.down")
    assert not others.has("cgroup /sys/fs/cgroup/cpu/reprise/trace/a1")
    assert not others.has(f"mount on {sites}/trace/net/a1")
    assert not others.has("link rp-trace")
    assert not others.has(f"loop device loop4096 of {sites}/trace/machines/a1/x.img")
    assert not others.has(f"file {sites}/.trace.down")
    assert not others.has("link eth0")


@pytest.mark.cluster
@pytest.mark.usefixtures("clean")
def test_a_site_changes_nothing_of_this_machine(token: str) -> None:
    """Sysctls, controllers, firewall, modules, mounts, links, routes: as before `up`."""
    before = trace.look(SITE, token)
    _platform("up", "--site", str(paths.PLATFORM / "sites" / "small.yaml"))
    assert _added(before, token) != []
    _platform("down")
    _as_before(before, token)


@pytest.mark.cluster
@pytest.mark.usefixtures("clean")
def test_killed_up_is_cleaned_or_completed(token: str, tmp_path: Path) -> None:
    """`up` killed at any moment: `down` leaves nothing, or `up` again makes a whole site.

    The site is then fenced, which spends it, and taken down: nothing is left again.
    """
    before = trace.look(SITE, token)
    _kill_up(token, tmp_path, STEPS)
    _platform("down")
    _as_before(before, token)
    _kill_up(token, tmp_path, STEPS[2:])
    _platform("up")
    assert [check for check in status(SITE) if not check.works] == []
    _fence()
    _platform("down")
    _as_before(before, token)
    with pytest.raises(PlatformError, match="not up here"):
        load_access(SITE)


def _kill_up(token: str, folder: Path, steps: Sequence[str]) -> None:
    chosen = random.Random(f"{SEED} {len(steps)}")
    step, pause_s = chosen.choice(steps), chosen.uniform(0, 2)
    log = folder / f"up-{len(steps)}.log"
    with _start(token, log, "reprise_platform", "up", "--name", SITE) as process:
        until(
            lambda: f"] {step}" in log.read_text() or process.poll() is not None,
            within_s=900,
            every_s=0.05,
            what=f"step {step}",
        )
        threading.Event().wait(pause_s)
        assert process.poll() is None, log.read_text()
        process.kill()


def _fence() -> None:
    access = load_access(SITE)
    store, power = access.backup_store, capabilities(access)
    primary = buckets.client(store, access.state, "primary")
    recovery = buckets.client(store, access.state, "recovery")
    buckets.put(primary, store.bucket, "proof")
    power.power_off_primary()
    power.fence_primary()
    with pytest.raises(S3Error, match=r"InvalidAccessKeyId|Access ?Denied"):
        buckets.put(primary, store.bucket, "proof")
    power.fence_primary()
    assert recovery.bucket_exists(store.bucket)
    assert not kube.api_reachable(access.primary, timeout_s=1)
    with pytest.raises(PlatformError, match="fenced"):
        power.power_on([access.zones["a"][0]])
    with pytest.raises(CommandError, match="fenced"):
        _platform("up")


@pytest.fixture
def runs() -> Iterator[None]:
    """Put the folder of runs back as it was found."""
    latest = RUNS / "latest"
    before = latest.readlink() if latest.is_symlink() else None
    yield
    if latest.is_symlink() and latest.readlink() != before:
        shutil.rmtree(latest.resolve(), ignore_errors=True)
        latest.unlink()
        if before is not None:
            latest.symlink_to(before)


@pytest.mark.cluster
@pytest.mark.usefixtures("clean", "runs")
def test_killed_drill_leaves_nothing(token: str, tmp_path: Path) -> None:
    """A drill killed while a node is off: its load, probers and lease end by themselves.

    Then `down` leaves this machine as it was before the drill.
    """
    before = trace.look(SITE, token)
    log = tmp_path / "drill.log"
    words = ("reprise_pra", "drill", str(PLAN), "--name", SITE, "--plain")
    with _start(token, log, *words) as process:
        until(
            lambda: _fault_taken() or process.poll() is not None,
            within_s=900,
            every_s=0.2,
            what="the drill's first fault",
        )
        assert process.poll() is None, log.read_text()[-4000:]
        os.kill(process.pid, signal.SIGKILL)
    _orphans_end(token)
    _platform("down")
    _as_before(before, token)


def _fault_taken() -> bool:
    latest = RUNS / "latest"
    try:
        plan = json.loads((latest / "plan.json").read_text())
        nemesis = (latest / "history" / "nemesis.jsonl").read_text()
    except (OSError, ValueError):
        return False
    return plan["site"] == SITE and '"inject"' in nemesis and '"ok"' in nemesis


def _orphans_end(token: str) -> None:
    """Wait until only the site's own machines are left of what the drill started."""
    left: list[str] = []

    def alone() -> bool:
        site = {str(pid) for pid in cgroups.processes(SITE)}
        left[:] = [
            line
            for line in trace.look(SITE, token)
            if line.startswith("process ")
            and line.split()[1] not in site
            # What writes down how a machine ended stands outside of it.
            and "/machines/record.sh " not in line
        ]
        return not left

    try:
        until(alone, within_s=_ORPHANS_WITHIN_S, every_s=0.5, what="orphans to end")
    except WaitTimeout:
        pytest.fail("outlived the drill:\n" + "\n".join(left))
