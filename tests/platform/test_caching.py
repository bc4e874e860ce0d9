"""The cache tells what it holds, and gives back what is no longer used, and only that."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from reprise_platform import __main__ as command_line
from reprise_platform import caching, content, paths
from reprise_platform.errors import Refused
from tests.platform import examples

_DAY_S = 86400


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples.state_in(tmp_path, monkeypatch)


def _write(folder: Path) -> None:
    (folder / "file").write_bytes(b"x" * 100_000)


def _made(name: str, *, used_days_ago: float) -> Path:
    folder = content.made("tools", name, "key", _write)
    used_s = time.time() - used_days_ago * _DAY_S
    os.utime(folder, (used_s, used_s))
    return folder


def test_what_is_unused_goes_and_nothing_else() -> None:
    """What was used since stays; what was used again after long stays as well."""
    old, again = _made("old", used_days_ago=40), _made("again", used_days_ago=40)
    young = _made("young", used_days_ago=20)
    content.made("tools", "again", "key", _write)
    gone = caching.prune(unused_s=30 * _DAY_S)
    assert [entry.folder for entry in gone] == [old]
    assert gone[0].size_bytes >= 100_000
    assert not old.exists()
    assert again.exists()
    assert young.exists()
    assert content.made("tools", "old", "key", _write).exists()


def test_nothing_goes_while_a_site_is_up() -> None:
    """A site's machines run from the cache: it is named, and nothing is taken out."""
    old = _made("old", used_days_ago=40)
    paths.site_state("embedded").mkdir(parents=True)
    with pytest.raises(Refused, match="down --name embedded"):
        caching.prune(unused_s=0)
    assert old.exists()


def test_the_command_lists_and_prunes(capsys: pytest.CaptureFixture[str]) -> None:
    """By hand: the list names all, the longest unused first; what goes is said."""
    _made("young", used_days_ago=1)
    _made("old", used_days_ago=40)
    assert command_line.main(["cache"]) == 0
    listed = capsys.readouterr().out
    assert listed.index("tools/old-key") < listed.index("tools/young-key")
    assert "40.0" in listed
    assert command_line.main(["cache", "--unused-days", "30"]) == 0
    assert "taken out: tools/old-key (0 MB)" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        command_line.main(["cache", "--unused-days", "-1"])
    assert "number of days" in capsys.readouterr().err
