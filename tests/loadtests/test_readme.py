"""What people read about the load is what the load does."""

from __future__ import annotations

from pathlib import Path

from reprise_loadtests import launch
from reprise_loadtests.journeys import JOURNEYS
from reprise_loadtests.operations import OPERATIONS
from reprise_loadtests.patients import MARK
from reprise_loadtests.profile import profile_names

_README = (launch.LOCUSTFILE.parent / "README.md").read_text(encoding="utf-8")


def test_the_readme_names_what_there_is() -> None:
    """Every operation, journey and profile is in the README, and so is the mark of names."""
    for name in (*OPERATIONS, *JOURNEYS, *profile_names()):
        assert f"`{name}`" in _README, name
    assert f"-{MARK}" in _README


def test_the_locustfile_is_an_index() -> None:
    """The file Locust loads stays a few lines: what it does is in the package."""
    assert len(Path(launch.LOCUSTFILE).read_text(encoding="utf-8").splitlines()) < 10
