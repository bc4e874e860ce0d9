"""Images: the same from the same, another tag from another, whole for containerd."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from reprise_platform import paths
from reprise_platform.embedded import images, roots
from tests.platform import examples


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a small tree to pack, a fake Debian root, and caches below a folder."""
    examples.state_in(tmp_path, monkeypatch)

    def bootstrap(_wanted: object, target: Path, *, hooks: object = ()) -> None:
        del hooks
        with tarfile.open(target, "w") as tar:
            member = tarfile.TarInfo("etc")
            member.type = tarfile.DIRTYPE
            tar.addfile(member)

    monkeypatch.setattr(roots, "bootstrap", bootstrap)
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "server.py").write_text("print('serving')\n")
    (folder / "recipe.txt").write_text("python3\n# a comment\n\nbusybox # why\n")
    return folder


def _packed(sources: Path) -> images.Image:
    files = {"opt/server.py": sources / "server.py"}
    return images._of_root("demo", sources / "recipe.txt", (), files, {"A": "b"})


def _members(image: images.Image) -> dict[str, bytes]:
    with tarfile.open(image.archive) as tar:
        found = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        return {name: file.read() for name, file in found.items() if file}


def test_archive_is_what_containerd_imports(sources: Path) -> None:
    """The manifest names the tag, the configuration and the layers; digests are theirs."""
    image = _packed(sources)
    members = _members(image)
    (manifest,) = json.loads(members["manifest.json"])
    assert manifest["RepoTags"] == [image.reference]
    config = json.loads(members[manifest["Config"]])
    digests = [
        "sha256:" + hashlib.sha256(members[layer]).hexdigest()
        for layer in manifest["Layers"]
    ]
    assert len(digests) == 2
    assert config["rootfs"] == {"type": "layers", "diff_ids": digests}
    assert "A=b" in config["config"]["Env"]
    assert set(members) == {"manifest.json", "config.json", *manifest["Layers"]}


def test_same_inputs_same_layers(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made again elsewhere, later, an image has the same tag and the same digests."""
    first = _packed(sources)
    monkeypatch.setenv("REPRISE_CACHE", str(tmp_path / "elsewhere"))
    (sources / "server.py").touch()
    second = _packed(sources)
    assert first.archive != second.archive
    assert first.reference == second.reference
    assert _members(first)["config.json"] == _members(second)["config.json"]


def test_changed_source_changes_the_tag(sources: Path) -> None:
    """A pod asked for with new sources never runs an image of old ones."""
    references = {_packed(sources).reference}
    (sources / "server.py").write_text("print('serving better')\n")
    references.add(_packed(sources).reference)
    (sources / "recipe.txt").write_text("python3\n")
    references.add(_packed(sources).reference)
    assert len(references) == 3


def test_changed_link_changes_the_tag(sources: Path) -> None:
    """A link that leads elsewhere is another image."""
    files = {"bin/busybox": sources / "server.py"}
    references = {
        images._of_files(
            "links", files, ("/x",), links={"bin/cp": to}, key=["k"]
        ).reference
        for to in ("busybox", "other")
    }
    assert len(references) == 2


def test_layer_keeps_modes_and_links(sources: Path) -> None:
    """Programs stay executable, files are not, links lead where they should."""
    program = sources / "program"
    program.write_text("x")
    program.chmod(0o700)
    files = {"bin/program": program, "etc/file": sources / "server.py"}
    image = images._of_files(
        "modes", files, ("/p",), links={"bin/cp": "program"}, key=[]
    )
    with tarfile.open(image.archive) as tar:
        layer = tar.extractfile("0.tar")
        assert layer is not None
        with tarfile.open(fileobj=layer) as inner:
            assert inner.getmember("bin/program").mode == 0o755
            assert inner.getmember("etc/file").mode == 0o644
            assert inner.getmember("bin/cp").linkname == "program"
            assert inner.getmember("tmp").mode == 0o1777
            assert {member.mtime for member in inner.getmembers()} == {0}


def test_stand_in_is_packed_whole(sources: Path) -> None:
    """The stand-in's image holds its package, its settings' module and its schema."""
    members = _members(images.openmrs())
    with tarfile.open(images.openmrs().archive) as tar:
        layer = tar.extractfile("1.tar")
        assert layer is not None
        with tarfile.open(fileobj=layer) as inner:
            names = set(inner.getnames())
    package = "opt/reprise/reprise_platform"
    assert f"{package}/__init__.py" in names
    assert f"{package}/openmrs.py" in names
    assert f"{package}/standin/migrations/0001-openmrs.sql" in names
    assert not any("__pycache__" in name for name in names)
    assert "1.tar" in members
    del sources


def test_recipes_are_package_names() -> None:
    """Comments and blanks of a recipe are not asked of Debian."""
    for recipe in (
        paths.PLATFORM / "machines" / "packages.txt",
        *(paths.PLATFORM / "images").glob("*/packages.txt"),
    ):
        names = roots.packages(recipe)
        assert names
        assert all(name == name.strip() and " " not in name for name in names)
        assert not any("#" in name for name in names)
