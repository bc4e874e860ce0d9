"""What a machine lacks is found, row by row, and an `up` that cannot work is refused."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import rich.console
import yaml

from reprise_platform import __main__ as command_line
from reprise_platform import paths
from reprise_platform.command import run
from reprise_platform.doctor.facts import CAPABILITIES, Disk, Facts, look
from reprise_platform.doctor.preflight import examine, preflight
from reprise_platform.doctor.rows import State
from reprise_platform.doctor.table import print_table
from reprise_platform.doctor.trial import NAMESPACES, UNTRIED
from reprise_platform.embedded import addresses
from reprise_platform.embedded.holding import held
from reprise_platform.embedded.topology import BLOCKS
from reprise_platform.errors import Refused
from tests.platform import examples

_GB = 1 << 30
_is_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
_DISK = Disk(
    folder=Path("/var/lib/reprise"),
    device=1,
    kind="ext4",
    free_bytes=100 * _GB,
    free_files=10_000_000,
    writable=True,
)
_GOOD = Facts(
    kernel="6.12.1-amd64",
    architecture="x86_64",
    root=True,
    capabilities=frozenset({*CAPABILITIES, "CAP_SYS_RESOURCE"}),
    trials={
        **{f"namespace {name}": "" for name in NAMESPACES},
        **dict.fromkeys(("overlay", "loop", "links"), ""),
        **dict.fromkeys(("nftables", "iptables", "conntrack"), ""),
    },
    cgroup_version=2,
    cgroup_controllers=frozenset({"cpu", "cpuset", "memory", "pids", "io"}),
    cgroup_error="",
    delegation_error="",
    state_disk=_DISK,
    cache_disk=_DISK,
    compiler_disk=_DISK,
    cached=True,
    memory_bytes=16 * _GB,
    memory_available_bytes=12 * _GB,
    processors=4,
    inotify_instances=512,
    inotify_watches=65536,
    inotify_used=9,
    lacking=(),
    apt=True,
    python=(3, 12),
    blocks_taken={},
    blocks_error="",
    now_s=2e9,
    newest_source_s=1.9e9,
)
_FULL = dataclasses.replace(_DISK, free_bytes=_GB // 10)
_NO_FILES = dataclasses.replace(_DISK, free_files=12)
_NO_MOUNT = "Operation not permitted"


def _trial(**said: str) -> dict[str, object]:
    wrong = {name.replace("_", " "): why for name, why in said.items()}
    return {"trials": {**_GOOD.trials, **wrong}}


# Row, what is wrong with the machine, what the row must then say.
_DEFECTS: tuple[tuple[str, dict[str, object], State], ...] = (
    ("kernel", {"kernel": "4.19.0"}, State.DEGRADED),
    ("architecture", {"architecture": "riscv64"}, State.LACKING),
    ("root", {"root": False}, State.LACKING),
    ("capabilities", {"capabilities": frozenset({"CAP_CHOWN"})}, State.LACKING),
    ("resource", {"capabilities": frozenset(CAPABILITIES)}, State.DEGRADED),
    ("namespaces", _trial(namespace_net=_NO_MOUNT), State.LACKING),
    ("namespaces", _trial(namespace_pid=UNTRIED + "no Python"), State.UNTRIED),
    ("cgroups", {"cgroup_version": 0}, State.LACKING),
    ("cgroups", {"cgroup_controllers": frozenset({"cpu", "pids"})}, State.LACKING),
    ("cgroups", {"cgroup_error": "Read-only file system"}, State.LACKING),
    ("systemd", {"delegation_error": "Access denied"}, State.LACKING),
    ("overlay", _trial(overlay="unknown filesystem type"), State.LACKING),
    ("loop", _trial(loop="failed to set up loop device"), State.LACKING),
    ("links", _trial(links="Unknown device type"), State.LACKING),
    ("nftables", _trial(nftables="Protocol not supported"), State.LACKING),
    ("iptables", _trial(iptables="Extension statistic: missing"), State.LACKING),
    ("iptables", _trial(iptables=UNTRIED + "needs iptables"), State.UNTRIED),
    ("conntrack", _trial(conntrack="the kernel tracks none"), State.LACKING),
    ("memory", {"memory_available_bytes": 3 * _GB}, State.DEGRADED),
    ("memory", {"memory_available_bytes": _GB}, State.LACKING),
    ("disk state", {"state_disk": _FULL}, State.LACKING),
    ("disk state", {"state_disk": _NO_FILES}, State.LACKING),
    (
        "disk state",
        {"state_disk": dataclasses.replace(_DISK, kind="fuse.sshfs")},
        State.LACKING,
    ),
    (
        "disk state",
        {"state_disk": dataclasses.replace(_DISK, kind="tmpfs")},
        State.DEGRADED,
    ),
    (
        "disk cache",
        {"cache_disk": dataclasses.replace(_DISK, writable=False)},
        State.LACKING,
    ),
    ("disk compiler", {"cached": False, "compiler_disk": _FULL}, State.LACKING),
    ("processors", {"processors": 1}, State.DEGRADED),
    ("inotify", {"inotify_watches": 64}, State.DEGRADED),
    ("inotify", {"inotify_used": 460}, State.DEGRADED),
    ("inotify", {"inotify_used": 490}, State.LACKING),
    ("tools", {"lacking": (("mmdebstrap", "roots"),)}, State.DEGRADED),
    ("tools", {"lacking": (("mmdebstrap", "roots"),), "apt": False}, State.LACKING),
    ("python", {"python": (3, 11)}, State.LACKING),
    (
        "addresses",
        {"blocks_taken": dict.fromkeys(map(str, BLOCKS), "a route")},
        State.LACKING,
    ),
    ("addresses", {"blocks_error": "site torn: damaged"}, State.DEGRADED),
    ("clock", {"now_s": 0.0}, State.LACKING),
    ("clock", {"now_s": 1.9e9 - 60}, State.DEGRADED),
)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every site of these tests live below the test's folder."""
    examples.state_in(tmp_path, monkeypatch)


@pytest.fixture
def unrouted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand on a machine without routes of anybody."""
    monkeypatch.setattr(addresses, "run", lambda _command: "[]")


def test_a_good_machine_lacks_nothing() -> None:
    """On a machine that has everything each row says found, and gives no remedy."""
    rows = examine(examples.site(), _GOOD)
    assert {row.state for row in rows} == {State.FOUND}
    assert {row.remedy for row in rows} == {None}


@pytest.mark.parametrize(
    ("key", "change", "state"), _DEFECTS, ids=lambda each: str(each)[:40]
)
def test_a_planted_defect_turns_its_row(
    key: str, change: dict[str, object], state: State
) -> None:
    """Each row can fail: it is turned by its own defect, which has a remedy with it."""
    rows = examine(examples.site(), dataclasses.replace(_GOOD, **change))  # type: ignore[arg-type]
    (row,) = [row for row in rows if row.key == key]
    assert row.state is state
    assert row.remedy is not None


def test_every_row_has_a_planted_defect() -> None:
    """No row is there that no test has seen failing."""
    cold = dataclasses.replace(_GOOD, cached=False)
    rows = {row.key for row in examine(examples.site(), cold)}
    assert {key for key, _, _ in _DEFECTS} == rows


def test_needs_on_one_disk_are_added() -> None:
    """Two folders on one file system need the room of both, on two that of each."""
    enough = dataclasses.replace(_DISK, free_bytes=int(8.5 * _GB))
    one = dataclasses.replace(_GOOD, cached=False, state_disk=enough, cache_disk=enough)
    two = dataclasses.replace(
        one, cache_disk=dataclasses.replace(enough, device=2), compiler_disk=_DISK
    )
    states = {
        name: {
            row.key: row.state
            for row in examine(examples.site(), facts)
            if row.key in {"disk state", "disk cache"}
        }
        for name, facts in (("one", one), ("two", two))
    }
    assert set(states["one"].values()) == {State.LACKING}
    assert states["two"]["disk cache"] is State.FOUND


@pytest.mark.usefixtures("unrouted")
def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """A refusal has every problem with its remedy, in both languages; nothing is made."""
    bad = dataclasses.replace(
        _GOOD, architecture="mips", state_disk=_FULL, processors=1
    )
    with pytest.raises(Refused) as caught:
        preflight(examples.site(), bad)
    assert len(caught.value.problems) == 2
    assert "take an x86_64 machine" in caught.value.text.en
    assert "REPRISE_STATE" in caught.value.text.fr
    assert "libérer de la place" in caught.value.text.fr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("unrouted")
def test_what_only_degrades_refuses_nothing() -> None:
    """A machine that is merely weak, or could not be tried, is not refused."""
    weak = dataclasses.replace(
        _GOOD,
        processors=1,
        inotify_watches=64,
        trials={**_GOOD.trials, "iptables": f"{UNTRIED}no root was made yet"},
    )
    states = {row.state for row in examine(examples.site(), weak)}
    preflight(examples.site(), weak)
    assert State.DEGRADED in states


def test_site_of_another_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` completes the site that is there, and refuses to make another of it."""
    monkeypatch.setattr(addresses, "run", lambda _command: "[]")
    made = examples.layout(tmp_path, monkeypatch)
    made.save()
    preflight(made.site, _GOOD)
    changed = made.site.model_copy(update={"production": True})
    with pytest.raises(Refused, match=r"another site file; .* down --name embedded"):
        preflight(changed, _GOOD)


def test_own_block_taken_since_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a reboot somebody else may route the site's block: refused, with by whom."""
    made = examples.layout(tmp_path, monkeypatch)
    made.save()
    routes = [{"dst": "198.18.3.0/24", "dev": "wg0"}, {"dst": "0.0.0.0/1"}]
    monkeypatch.setattr(addresses, "run", lambda _command: json.dumps(routes))
    with pytest.raises(Refused, match=r"198\.18\.3\.0/24"):
        preflight(made.site, _GOOD)
    own = [{"dst": "198.18.0.0/24", "dev": "rp-embedded"}]
    monkeypatch.setattr(addresses, "run", lambda _command: json.dumps(own))
    preflight(made.site, _GOOD)


def test_one_command_at_a_time() -> None:
    """While a site is brought up or down, another command is told by which process."""
    with held("busy", "up"):
        for doing in ("up", "down"):
            with (
                pytest.raises(Refused, match=f"brought up by process {os.getpid()}"),
                held("busy", doing),
            ):
                pass
        with held("other", "down"):
            pass
    assert not paths.state().exists()
    with (
        held("busy", "down"),
        pytest.raises(Refused, match="taken down by process"),
        held("busy", "up"),
    ):
        pass


def test_holders_that_race_are_one_at_a_time() -> None:
    """However a holder's end and another's start fall together, two never hold at once."""
    inside: list[int] = []
    most: list[int] = []
    refused: list[Refused] = []

    def hold() -> None:
        for _ in range(60):
            try:
                with held("raced", "down"):
                    inside.append(1)
                    most.append(len(inside))
                    inside.pop()
            except Refused as error:
                refused.append(error)

    threads = [threading.Thread(target=hold) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(most) + len(refused) == 8 * 60
    assert not paths.state().exists()


def test_lock_of_a_dead_process_holds_nothing() -> None:
    """A killed `up` holds its site no longer: the kernel let it go."""
    code = (
        "import os; from reprise_platform.embedded.holding import held\n"
        "with held('killed', 'up'): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert (paths.state() / "sites" / ".killed.lock").exists()
    with held("killed", "down"):
        pass
    assert not paths.state().exists()


def test_table_and_json_say_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both forms have every row, in both languages; the exit code is the verdict."""
    bad = dataclasses.replace(_GOOD, architecture="mips")
    monkeypatch.setattr("reprise_platform.doctor.preflight.look", lambda: bad)
    assert command_line.main(["doctor", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [row["key"] for row in rows if row["state"] == "lacking"] == ["architecture"]
    monkeypatch.setattr("reprise_platform.doctor.preflight.look", lambda: _GOOD)
    assert command_line.main(["doctor", "--json"]) == 0
    for language, word in (("fr", "Empêchent un site : architecture"), ("en", "mips")):
        out = io.StringIO()
        console = rich.console.Console(file=out, width=200)
        print_table(examine(examples.site(), bad), language, console)  # type: ignore[arg-type]
        assert word in out.getvalue()


# On this machine, for real.


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of a few megabytes."""
    image, folder = tmp_path / "image", tmp_path / "small"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(8 << 20)
    run(["mkfs.ext4", "-q", "-F", image])
    run(["mount", "-o", "loop", image, folder])
    yield folder
    run(["umount", folder])


def _site_file(folder: Path, **changes: str) -> Path:
    file = folder / "site.yaml"
    file.write_text(yaml.safe_dump({**examples.raw_site(), **changes}))
    return file


def _up(prefix: list[str], file: Path, **env: str) -> subprocess.CompletedProcess[str]:
    words = [*prefix, sys.executable, "-m", "reprise_platform", "up", "--lang", "en"]
    return subprocess.run(
        [*words, "--site", str(file)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **env},
    )


@_is_root
def test_full_disk_is_refused(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the site's files would lie there is no room: refused, nothing half made."""
    monkeypatch.setenv("REPRISE_STATE", str(small_disk / "state"))
    with pytest.raises(
        Refused, match=r"site's files: .*free some space.*REPRISE_STATE"
    ):
        preflight(examples.site())
    monkeypatch.setenv("REPRISE_CACHE", str(small_disk / "cache"))
    with pytest.raises(Refused, match=r"what is built: .*REPRISE_CACHE"):
        preflight(examples.site())
    assert [path.name for path in small_disk.iterdir()] == ["lost+found"]


@_is_root
def test_taken_address_and_link_and_wrong_machine(tmp_path: Path) -> None:
    """`up` tells somebody's address, a foreign link and the architecture, all at once."""
    file = _site_file(tmp_path, network="198.19.192.0/18", name="plant")
    plant = (
        "ip link add rp-plant type bridge && ip link add other type bridge &&"
        ' ip addr add 198.19.200.1/32 dev other && exec setarch i686 "$@"'
    )
    done = _up(["unshare", "--net", "sh", "-c", plant, "sh"], file)
    assert done.returncode == 1
    assert "198.19.192.0/18 by this machine's route to 198.19.200.1/32" in done.stderr
    assert "a link rp-plant is there that is not this site's" in done.stderr
    assert "architecture: i686" in done.stderr
    assert not paths.state().exists()


@_is_root
def test_missing_right_is_refused(tmp_path: Path) -> None:
    """A root without the right to mount is told which right lacks; nothing is made."""
    drop = ["setpriv", "--bounding-set=-sys_admin,-net_admin"]
    done = _up(drop, _site_file(tmp_path))
    assert done.returncode == 1
    assert "without CAP_NET_ADMIN, CAP_SYS_ADMIN" in done.stderr
    assert "namespaces: mnt: Operation not permitted" in done.stderr
    assert not paths.state().exists()


@_is_root
def test_this_machine_is_looked_at_as_it_is() -> None:
    """Of the machine the tests run on, what the kernel says itself is what is found."""
    facts = look()
    assert facts.kernel == os.uname().release
    assert facts.root
    assert facts.state_disk.free_bytes > 0
    assert facts.memory_bytes > facts.memory_available_bytes > 0
    assert set(facts.trials) == set(_GOOD.trials)
    left = run(["losetup", "--list", "--noheadings", "--output", "BACK-FILE"])
    assert "reprise-trial" not in left
