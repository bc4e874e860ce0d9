"""Sites made of nothing: a file's values, addresses and a layout, for tests without root."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from reprise_platform import paths
from reprise_platform.embedded import builds, credentials, scraping
from reprise_platform.embedded.images import Image
from reprise_platform.embedded.layout import NAMESPACE, Layout, lay
from reprise_platform.embedded.topology import BLOCKS, Topology, plan
from reprise_platform.sites import Site, default_file, parse_site

IMAGES = tuple(
    Image(
        name=name,
        archive=Path(f"/images/{name}/image.tar"),
        reference=f"localhost/reprise/{name}:0123456789abcdef",
    )
    for name in (
        "pause",
        "coredns",
        "velero",
        "attachments",
        "mariadb",
        "openmrs-standin",
    )
)


def raw_site() -> dict[str, object]:
    """Return the embedded site's file as it is read."""
    raw: dict[str, object] = yaml.safe_load(default_file().read_text())
    return copy.deepcopy(raw)


def site() -> Site:
    """Return the embedded site."""
    made = parse_site(default_file())
    assert isinstance(made, Site)
    return made


def topology(chosen: Site | None = None) -> Topology:
    """Return a site's addresses in the first block."""
    return plan(chosen or site(), BLOCKS[0])


def state_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all sites of the test live below a folder."""
    monkeypatch.setenv("REPRISE_STATE", str(folder / "state"))
    monkeypatch.setenv("REPRISE_CACHE", str(folder / "cache"))


def with_secrets(made: Layout) -> Layout:
    """Draw what a site's machines are made with."""
    credentials.make(made.folder, NAMESPACE)
    scraping.make(made.site, made.folder)
    return made


def layout(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Return the embedded site laid below a folder; nothing is compiled for it."""
    state_in(folder, monkeypatch)
    monkeypatch.setattr(builds, "build", lambda item: paths.cache() / item.name)
    made = lay(
        site(),
        BLOCKS[0],
        root=folder / "root",
        observability_root=folder / "observability-root",
        images=IMAGES,
    )
    made.folder.mkdir(parents=True)
    return made


def layout_with_authority(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Return that layout with the certificate of the site's own authority."""
    made = layout(folder, monkeypatch)
    authority = made.access({}).authority
    assert authority is not None
    authority.parent.mkdir(parents=True, exist_ok=True)
    authority.write_text("the site's own authority")
    return made
