"""How a site is known afterwards: records kept, damaged, missing; who may, and where."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import os
import threading
from pathlib import Path

import pytest

from reprise_platform import __main__ as command_line
from reprise_platform import paths, provider
from reprise_platform.access import Access, load_access, save_access
from reprise_platform.embedded import (
    addresses,
    bringup,
    images,
    layout,
    roots,
    teardown,
)
from reprise_platform.embedded.progress import Progress
from reprise_platform.embedded.topology import BLOCKS
from reprise_platform.errors import PlatformError, SiteError
from tests.platform import examples, fakecluster


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Access:
    """Save the record of a site."""
    examples.state_in(tmp_path, monkeypatch)
    folder = paths.site_state("fake")
    folder.mkdir(parents=True)
    access = dataclasses.replace(
        fakecluster.access(folder), state=folder, authority=folder / "ca.crt"
    )
    save_access(access)
    return access


def test_record_comes_back_as_it_was(known: Access) -> None:
    """What another process loads is what `up` saved, paths and tuples included."""
    assert load_access("fake") == known
    others = dataclasses.replace(known, authority=None)
    save_access(others)
    assert load_access("fake") == others


def test_record_is_private_and_whole(known: Access) -> None:
    """Nobody else reads the record, and no half of one is left."""
    file = known.state / "access.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in known.state.iterdir()] == ["access.json"]
    save_access(known)
    assert load_access("fake") == known


def test_record_is_found_by_the_site_file(known: Access, tmp_path: Path) -> None:
    """A site file leads to the record of the site that it names."""
    file = tmp_path / "site.yaml"
    raw = examples.raw_site() | {"name": "fake"}
    file.write_text(json.dumps(raw))
    assert load_access(file) == known
    assert load_access(str(file)) == known


def test_site_that_is_not_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal says how to bring it up."""
    examples.state_in(tmp_path, monkeypatch)
    with pytest.raises(SiteError, match="up --name nowhere"):
        load_access("nowhere")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "{}",
        '{"primary": 1}',
        '{"site": "fake", "odd": 1}',
        "\0\0\0",
    ],
)
def test_damaged_record(known: Access, text: str) -> None:
    """A record torn in any way is refused with its path and the remedy."""
    file = known.state / "access.json"
    file.write_text(text)
    with pytest.raises(SiteError, match=r"access\.json: damaged .* down --name fake"):
        load_access("fake")


def test_record_of_another_time(known: Access) -> None:
    """A record with a key too many or too few is refused, not half understood."""
    file = known.state / "access.json"
    raw = json.loads(file.read_text())
    for changed in (raw | {"more": 1}, {k: v for k, v in raw.items() if k != "zones"}):
        file.write_text(json.dumps(changed))
        with pytest.raises(SiteError, match="damaged"):
            load_access("fake")


def test_layout_comes_back_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`down`, `status` and the faults see the machines that `up` laid."""
    made = examples.layout(tmp_path, monkeypatch)
    made.save()
    assert layout.load("embedded") == made
    assert layout.load("other") is None


def test_layout_is_saved_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill leaves the layout whole or not at all: it gets its name when written."""
    made = examples.layout(tmp_path, monkeypatch)
    seen: list[tuple[str, bool]] = []
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        json.loads(path.read_text())
        seen.append((target.name, target.exists()))
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    made.save()
    assert seen == [("site.json", False)]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"site": {}, "images": []}'])
def test_damaged_layout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """A damaged layout is refused with its path and the remedy, which does not read it."""
    examples.state_in(tmp_path, monkeypatch)
    folder = paths.site_state("torn")
    folder.mkdir(parents=True)
    (folder / "site.json").write_text(text)
    with pytest.raises(
        SiteError, match=r"site\.json: damaged; try: .* down --name torn"
    ):
        layout.load("torn")


def _routes(*found: str) -> str:
    return json.dumps([{"dst": each} for each in found])


def test_first_free_block_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of other sites and blocks this machine already routes are left alone."""
    made = examples.layout(tmp_path, monkeypatch)
    made.save()
    routes = _routes("default", "192.0.2.0/24", "198.18.64.0/24")
    monkeypatch.setattr(addresses, "run", lambda _command: routes)
    other = made.site.model_copy(update={"name": "other"})
    assert addresses.free_block(other) == BLOCKS[2]


def test_no_free_block_says_who_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal names what holds the blocks, and what to do."""
    made = examples.layout(tmp_path, monkeypatch)
    made.save()
    monkeypatch.setattr(addresses, "run", lambda _command: _routes("198.16.0.0/13"))
    with pytest.raises(SiteError) as caught:
        addresses.free_block(made.site.model_copy(update={"name": "other"}))
    message = str(caught.value)
    assert f"{BLOCKS[0]} by site embedded" in message
    assert f"{BLOCKS[7]} by this machine's route to 198.16.0.0/13" in message
    assert "take a site down" in message


def test_wanted_block_that_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block asked for by the file is that one or none."""
    made = examples.layout(tmp_path, monkeypatch)
    made.save()
    monkeypatch.setattr(addresses, "run", lambda _command: _routes())
    wanted = made.site.model_copy(update={"name": "b", "network": str(BLOCKS[0])})
    with pytest.raises(SiteError, match="no address block is free"):
        addresses.free_block(wanted)


def test_damaged_neighbour_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another site's damaged file does not crash `up`: the message names that site."""
    examples.state_in(tmp_path, monkeypatch)
    folder = paths.site_state("torn")
    folder.mkdir(parents=True)
    (folder / "site.json").write_text("{")
    monkeypatch.setattr(addresses, "run", lambda _command: _routes())
    with pytest.raises(SiteError, match="down --name torn"):
        addresses.free_block(examples.site())


def test_sites_that_come_up_at_once_have_blocks_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Choosing a block and writing it down is one step: none is chosen twice."""
    examples.layout(tmp_path, monkeypatch)
    monkeypatch.setattr(addresses, "run", lambda _command: _routes())
    monkeypatch.setattr(roots, "machine_root", lambda: tmp_path)
    monkeypatch.setattr(roots, "observability_root", lambda: tmp_path)
    monkeypatch.setattr(images, "all_images", lambda: examples.IMAGES)
    chosen: list[ipaddress.IPv4Network] = []

    def choose(name: str) -> None:
        made = bringup._layout(examples.site().model_copy(update={"name": name}))
        chosen.append(ipaddress.IPv4Network(made.topology.block))

    threads = [threading.Thread(target=choose, args=(f"s{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(chosen) == sorted(BLOCKS)


def test_fenced_site_does_not_come_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A primary that was fenced is not started by `up`: two sites never serve at once."""
    made = examples.layout(tmp_path, monkeypatch)
    made.save()
    (made.folder / layout.FENCE).touch()
    monkeypatch.setattr(roots, "machine_root", lambda: tmp_path)
    monkeypatch.setattr(roots, "observability_root", lambda: tmp_path)
    monkeypatch.setattr(images, "all_images", lambda: ())
    with pytest.raises(SiteError, match=r"fenced.* down --name embedded"):
        bringup._layout(made.site)


def test_without_root_nothing_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mere user is told to become root, before anything is made."""
    examples.state_in(tmp_path, monkeypatch)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for begin in (provider.provision, lambda: provider.destroy("embedded")):
        with pytest.raises(PlatformError, match="as root"):
            begin()
    assert list(tmp_path.iterdir()) == []


def test_command_line_tells_errors_in_a_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An operating error ends a command with 1 and its message, without a trace."""
    examples.state_in(tmp_path, monkeypatch)
    assert command_line.main(["status", "--name", "nowhere"]) == 1
    assert "up --name nowhere" in capsys.readouterr().err
    assert command_line.main(["up", "--site", str(tmp_path / "none.yaml")]) == 1
    assert "none.yaml" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="unmounting and cgroups need root")
def test_down_of_a_site_that_never_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to do, twice, and nothing is left of having looked."""
    examples.state_in(tmp_path, monkeypatch)
    for _ in range(2):
        progress = Progress(5)
        teardown.down("neverwas", progress)
        assert not paths.state().exists()


def test_down_stays_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No name makes `down` delete anything but one site's folder."""
    examples.state_in(tmp_path, monkeypatch)
    folder = paths.site_state("other")
    folder.mkdir(parents=True)
    for name in ("", ".", "..", "../..", "a/../other"):
        with pytest.raises(SiteError):
            teardown.down(name, Progress(5))
    assert folder.exists()


def test_state_is_named_by_its_real_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mounts are found again by the kernel's name of the folder, links resolved."""
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    monkeypatch.setenv("REPRISE_STATE", str(tmp_path / "link"))
    assert paths.state() == real
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPRISE_STATE", "real")
    assert paths.state() == real


def test_mounts_are_found_whatever_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blank, a backslash, an accent in a path: the mount below it is still seen."""
    folder = tmp_path / "répri se\\x"
    table = tmp_path / "mountinfo"
    written = str(folder).replace("\\", "\\134").replace(" ", "\\040")
    table.write_text(
        f"1 2 0:3 / {written}/net/a1 rw - nsfs nsfs rw\n1 2 0:3 / /proc rw - proc p rw\n"
    )
    real = Path.read_text

    def read_text(path: Path, **options: str) -> str:
        chosen = table if str(path) == "/proc/self/mountinfo" else path
        return real(chosen, encoding="utf-8") if options == {} else real(path)

    monkeypatch.setattr(Path, "read_text", read_text)
    assert teardown._mounted_below(folder) == [f"{folder}/net/a1"]
