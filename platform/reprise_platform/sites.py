"""Site files: parsed once, at the edge, with every problem told at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import pydantic
import yaml

from reprise_platform import paths
from reprise_platform.errors import SiteError

_NAME = r"^[a-z][a-z0-9-]{0,11}$"
Name = Annotated[str, pydantic.Field(pattern=_NAME)]


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class Primary(_Frozen):
    """The zones of the primary site and the nodes of each."""

    zones: dict[Name, tuple[Name, ...]] = pydantic.Field(min_length=1, max_length=5)


class Recovery(_Frozen):
    """The nodes of the recovery site."""

    nodes: tuple[Name, ...] = pydantic.Field(min_length=1, max_length=3)


class Database(_Frozen):
    """How many Galera members; an odd number keeps a majority when one is lost."""

    members: Literal[1, 3, 5] = 3


class OpenMRS(_Frozen):
    """How many replicas of the application."""

    replicas: int = pydantic.Field(default=3, ge=1, le=9)


class Detection(_Frozen):
    """How fast Kubernetes sees a dead node and moves its pods, in seconds."""

    node_monitor_grace_s: int = pydantic.Field(default=8, ge=5, le=300)
    eviction_after_s: int = pydantic.Field(default=5, ge=1, le=600)


class Backups(_Frozen):
    """The schedule and the deadline of one restore, in seconds."""

    every_s: int = pydantic.Field(default=55, ge=50, le=86400)
    restore_deadline_s: int = pydantic.Field(default=120, ge=20, le=14400)


class Probes(_Frozen):
    """Probes a second and process, by class of service."""

    read: float = pydantic.Field(default=25, gt=0, le=50)
    write: float = pydantic.Field(default=2, gt=0, le=20)


class Site(_Frozen):
    """One site file."""

    name: Name
    provider: Literal["embedded"]
    network: str = pydantic.Field(
        default="auto", pattern=r"^(auto|198\.1[89]\.(0|64|128|192)\.0/18)$"
    )
    primary: Primary
    recovery: Recovery
    database: Database = Database()
    openmrs: OpenMRS = OpenMRS()
    detection: Detection = Detection()
    backups: Backups = Backups()
    probes: Probes = Probes()
    production: bool = False

    @pydantic.model_validator(mode="after")
    def _nodes_named_once(self) -> Site:
        names = [n for nodes in self.primary.zones.values() for n in nodes]
        names += self.recovery.nodes
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"node names must differ, found twice: {', '.join(twice)}"
            raise ValueError(msg)
        empty = [zone for zone, nodes in self.primary.zones.items() if not nodes]
        if empty:
            msg = f"every zone needs a node, none in: {', '.join(empty)}"
            raise ValueError(msg)
        if self.database.members > len(names) - len(self.recovery.nodes):
            msg = "database.members: more members than primary nodes"
            raise ValueError(msg)
        return self


def default_file() -> Path:
    """Return the site file used when none is named."""
    return paths.PLATFORM / "sites" / "embedded.yaml"


def parse_site(path: Path, *, name: str | None = None) -> Site:
    """Read a site file; `name` replaces the one in it.

    Raises:
        SiteError: every problem of the file at once: file, key, what is accepted.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        msg = f"{path}: cannot be read as YAML: {error}"
        raise SiteError(msg) from error
    if not isinstance(raw, dict):
        msg = f"{path}: a site file is a mapping of keys; see {default_file()}"
        raise SiteError(msg)
    if name is not None:
        if not re.match(_NAME, name):
            msg = f"--name {name}: 1 to 12 of a-z 0-9 -, beginning with a letter"
            raise SiteError(msg)
        raw = {**raw, "name": name}
    try:
        return Site.model_validate(raw)
    except pydantic.ValidationError as error:
        lines = [
            f"{path}: {'.'.join(str(p) for p in e['loc']) or '(whole file)'}: {e['msg']}"
            for e in error.errors()
        ]
        raise SiteError("\n".join(lines)) from error
