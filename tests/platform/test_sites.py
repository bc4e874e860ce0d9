"""Site files: what is refused, and that all of it is said at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reprise_platform.errors import SiteError
from reprise_platform.sites import check_name, default_file, parse_site
from tests.platform import examples


def _refusal(tmp_path: Path, changes: dict[str, Any]) -> list[str]:
    file = tmp_path / "site.yaml"
    file.write_text(yaml.safe_dump(examples.raw_site() | changes))
    with pytest.raises(SiteError) as caught:
        parse_site(file)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def test_shipped_file_is_good() -> None:
    """The site file that is used when none is named can be used."""
    assert parse_site(default_file()).name == "embedded"
    assert parse_site(default_file(), name="other").name == "other"


@pytest.mark.parametrize(
    ("changes", "key", "word"),
    [
        ({"surprise": 1}, "surprise", "not permitted"),
        ({"provider": "magic"}, "provider", "embedded"),
        ({"name": "Upper"}, "name", "a-z"),
        ({"name": "much-too-long-"}, "name", "12"),
        ({"name": "ends-"}, "name", "not ending"),
        ({"network": "10.0.0.0/18"}, "network", "198"),
        ({"network": "198.20.0.0/18"}, "network", "198"),
        ({"primary": {"zones": {}}}, "primary.zones", "at least 1"),
        ({"primary": {"zones": {"a": []}}}, "primary.zones.a", "node"),
        ({"primary": {"zones": {"a": "a1"}}}, "primary.zones.a", "tuple"),
        ({"primary": {"zones": {"a": ["A_1"]}}}, "primary.zones.a.0", "a-z"),
        ({"recovery": {"nodes": []}}, "recovery.nodes", "at least 1"),
        ({"recovery": {"nodes": ["a1"]}}, "nodes", "a1 is there twice"),
        ({"recovery": {"nodes": ["front-2"]}}, "nodes", "front-2 names"),
        ({"recovery": {"nodes": ["admin"]}}, "nodes", "admin names"),
        ({"database": {"members": 2}}, "database.members", "1, 3 or 5"),
        ({"database": {"members": 5}}, "database.members", "5 for 4"),
        ({"backups": {"every_s": 5}}, "backups.every_s", "50"),
        ({"disks": {"volume": "2G"}}, "disks.volume", "4Gi"),
        ({"disks": {"volume": "0Gi"}}, "disks.volume", "4Gi"),
        ({"disks": {"images": "100Mi"}}, "disks.images", "256Mi"),
        ({"disks": {"store": "2000Gi"}}, "disks.store", "1024Gi"),
        ({"disks": {"swap": "1Gi"}}, "disks.swap", "not permitted"),
        ({"probes": {"read": 0}}, "probes.read", "greater than 0"),
        ({"production": "perhaps"}, "production", "boolean"),
        (
            {"primary": {"zones": {"recovery": ["x1", "x2", "x3"]}}},
            "primary.zones.recovery",
            "own zone",
        ),
        (
            {"primary": {"zones": {"a": [f"n{index}" for index in range(16)]}}},
            "nodes",
            "17; a site has 16",
        ),
    ],
)
def test_wrong_value_is_named(
    tmp_path: Path, changes: dict[str, Any], key: str, word: str
) -> None:
    """A wrong value is refused with the file, its key and what is accepted."""
    lines = _refusal(tmp_path, changes)
    assert any(line.startswith(f"{key}: ") and word in line for line in lines), lines


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """One run of `up` tells everything that is wrong with a file, of whatever sort."""
    lines = _refusal(
        tmp_path,
        {
            "provider": "magic",
            "primary": {"zones": {"a": ["a1", "a1"], "b": []}},
            "database": {"members": 5},
            "surprise": 1,
        },
    )
    keys = {line.partition(":")[0] for line in lines}
    assert keys == {
        "provider",
        "primary.zones.b",
        "nodes",
        "database.members",
        "surprise",
    }


@pytest.mark.parametrize("text", ["[1, 2]", "", "name: [", "just words"])
def test_not_a_site_file(tmp_path: Path, text: str) -> None:
    """Something that is no mapping, or no YAML, is refused by its path."""
    file = tmp_path / "site.yaml"
    file.write_text(text)
    with pytest.raises(SiteError, match=r"site\.yaml"):
        parse_site(file)


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is an operating error, not a crash."""
    with pytest.raises(SiteError, match=r"none\.yaml"):
        parse_site(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../x", "a\n", "Ab", "1a", "a-", "a" * 13, "é"]
)
def test_dangerous_name_is_refused(name: str) -> None:
    """No name of a site leads out of the folder of the sites."""
    with pytest.raises(SiteError, match="1 to 12"):
        check_name(name)
    with pytest.raises(SiteError, match="1 to 12"):
        parse_site(default_file(), name=name)
