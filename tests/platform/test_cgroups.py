"""A version 2 tree without systemd: what it was made to hand down is given back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reprise_platform.embedded import cgroups

_is_root = pytest.mark.skipif(os.geteuid() != 0, reason="trusted attributes need root")


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Stand on a version 2 tree that hands cpu down only; return what is asked of it."""
    asked: list[tuple[str, str]] = []
    for group in (tmp_path, tmp_path / "reprise", tmp_path / "reprise" / "one"):
        group.mkdir(exist_ok=True)
        (group / "cgroup.controllers").write_text("cpu hugetlb pids\n")
        (group / "cgroup.subtree_control").write_text("cpu\n")

    def hand_down(group: Path, changes: list[str]) -> None:
        asked.extend((group.name, change) for change in changes)

    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    monkeypatch.setattr(cgroups, "_has_systemd", lambda: False)
    monkeypatch.setattr(cgroups, "_hand_down", hand_down)
    return asked


@_is_root
def test_only_what_was_added_is_taken_back(
    written: list[tuple[str, str]], tmp_path: Path
) -> None:
    """The root hands everything down while a site is there, and as before once it went."""
    cgroups.prepare_site("one")
    assert {("reprise", "+hugetlb"), ("one", "+hugetlb")} <= set(written)
    assert (tmp_path.name, "+cpu") not in written
    assert (tmp_path / "reprise" / "one" / "hold").is_dir()

    # The kernel's own files go with a cgroup.
    for file in tmp_path.glob("reprise/**/cgroup.*"):
        file.unlink()
    written.clear()
    cgroups.remove_site("one")

    assert set(written) == {(tmp_path.name, "-hugetlb"), (tmp_path.name, "-pids")}
    assert not (tmp_path / "reprise").exists()


@_is_root
def test_the_last_site_gives_back(
    written: list[tuple[str, str]], tmp_path: Path
) -> None:
    """While another site is there, nothing is taken from under it."""
    cgroups.prepare_site("one")
    for file in (tmp_path / "reprise" / "one").rglob("cgroup.*"):
        file.unlink()
    written.clear()

    cgroups.remove_site("one")

    assert (tmp_path / "reprise").is_dir()
    assert written == []


def test_a_session_that_ends_takes_no_process_of_a_site_with_it(
    written: list[tuple[str, str]], tmp_path: Path
) -> None:
    """On version 2 what waits for a machine joins the site's own cgroup."""
    assert written == []
    group = tmp_path / "reprise" / "one"
    assert cgroups.hold_file("one") == group / "hold" / "cgroup.procs"
