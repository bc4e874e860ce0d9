"""Site files: parsed once, at the edge, with every problem told at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pydantic
import pydantic_core
import yaml

from reprise_platform import paths
from reprise_platform.errors import SiteError
from reprise_platform.remote.sitefile import PATTERNS_TOLD, RemoteSite
from reprise_platform.remote.sitefile import contradictions as remote_contradictions
from reprise_platform.sitebase import (
    NAME,
    NAME_TOLD,
    Backups,
    Detection,
    Frozen,
    Name,
    Probes,
    check_name,
)

__all__ = [
    "AnySite",
    "RemoteSite",
    "Site",
    "check_name",
    "parse_embedded",
    "parse_site",
]

# Machines, and files of keys, that every site has beside its nodes'.
_NOT_NODES = frozenset(
    {
        *("admin", "backbone", "ca", "cp-primary", "cp-recovery", "etcd", "front-1"),
        *("front-2", "front-proxy", "observability", "observer", "prometheus", "store"),
    }
)
_NODES_MAX = 16
_SHIFTS = {"Mi": 20, "Gi": 30}
SMALLEST_BYTES, LARGEST_BYTES = 256 << 20, 1024 << 30


class Primary(Frozen):
    """The zones of the primary site and the nodes of each."""

    zones: dict[Name, tuple[Name, ...]] = pydantic.Field(min_length=1, max_length=5)


class Recovery(Frozen):
    """The nodes of the recovery site."""

    nodes: tuple[Name, ...] = pydantic.Field(min_length=1, max_length=3)


class Database(Frozen):
    """How many Galera members; an odd number keeps a majority when one is lost."""

    members: Literal[1, 3, 5] = 3


class OpenMRS(Frozen):
    """How many replicas of the application."""

    replicas: int = pydantic.Field(default=3, ge=1, le=9)


def _size(text: str) -> str:
    if not SMALLEST_BYTES <= size_bytes(text) <= LARGEST_BYTES:
        msg = f"{text!r}: a disk has 256Mi to 1024Gi"
        raise ValueError(msg)
    return text


def size_bytes(text: str) -> int:
    """Return the bytes of a size such as 512Mi or 4Gi."""
    return int(text[:-2]) << _SHIFTS[text[-2:]]


Size = Annotated[
    str,
    pydantic.Field(pattern=r"^[1-9][0-9]{0,4}(Mi|Gi)$"),
    pydantic.AfterValidator(_size),
]


class Disks(Frozen):
    """The most that each disk holds.

    Attributes:
        images: containers' layers and what containers write in them, a node.
        node: the kubelet's own and the pods' scratch folders, a node.
        volume: each data volume: a database member's, the dump's.
        control_plane: etcd's, a cluster.
        store: the backup store's.
        observability: Prometheus' samples and Alertmanager's notes.
    """

    images: Size = "4Gi"
    node: Size = "2Gi"
    volume: Size = "2Gi"
    control_plane: Size = "1Gi"
    store: Size = "8Gi"
    observability: Size = "1Gi"


class Site(Frozen):
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
    disks: Disks = Disks()
    probes: Probes = Probes()
    production: bool = False


def default_file() -> Path:
    """Return the site file used when none is named."""
    return paths.PLATFORM / "sites" / "embedded.yaml"


def remote_example() -> Path:
    """Return the example of a remote site's file, in which every key is explained."""
    return paths.PLATFORM / "sites" / "remote.example.yaml"


type AnySite = Site | RemoteSite


def parse_site(path: Path, *, name: str | None = None) -> AnySite:
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
        check_name(name, told="--name ")
        raw = {**raw, "name": name}
    problems = []
    site: AnySite | None = None
    is_remote = raw.get("provider") == "remote"
    model: type[AnySite] = RemoteSite if is_remote else Site
    try:
        folder = path.resolve().parent
        site = model.model_validate(raw, context={"folder": folder})
    except pydantic.ValidationError as error:
        problems = [(_key(each["loc"]), _told(each)) for each in error.errors()]
    problems += remote_contradictions(raw) if is_remote else _contradictions(raw)
    if site is None or problems:
        lines = [f"{path}: {key}: {problem}" for key, problem in problems]
        if is_remote:
            lines.append(f"{path}: every key is explained in {remote_example()}")
        raise SiteError("\n".join(lines))
    return site


def parse_embedded(path: Path, *, name: str | None = None) -> Site:
    """Read the file of a site of this machine, as `parse_site` does.

    Raises:
        SiteError: every problem of the file at once; or it is one that is elsewhere.
    """
    site = parse_site(path, name=name)
    if isinstance(site, RemoteSite):
        msg = f"{path}: not a site of this machine; `up` looks at all it names"
        raise SiteError(msg)
    return site


def _key(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _told(error: pydantic_core.ErrorDetails) -> str:
    pattern = error.get("ctx", {}).get("pattern")
    if error["loc"] == ("provider",):
        return f"{error['msg']} or 'remote'"
    if error["type"] == "string_pattern_mismatch" and error["loc"][0] == "disks":
        return f"{error['input']!r}: a size is written like 512Mi or 4Gi"
    if pattern == NAME:
        return f"{error['input']!r}: {NAME_TOLD}"
    if pattern in PATTERNS_TOLD:
        return f"{error['input']!r}: {PATTERNS_TOLD[pattern]}"
    return error["msg"]


def _contradictions(raw: dict[str, object]) -> list[tuple[str, str]]:
    """Return (key, problem) of what each value allows and all together do not.

    Looks at what was read, so that these are told beside a value that is wrong by itself.
    """
    zones = {
        str(zone): _texts(nodes)
        for zone, nodes in _mapping(_mapping(raw.get("primary")).get("zones")).items()
    }
    recovery = _texts(_mapping(raw.get("recovery")).get("nodes"))
    names = [node for nodes in zones.values() for node in nodes]
    everywhere = [*names, *recovery]
    found = [
        (f"primary.zones.{zone}", "every zone needs a node")
        for zone, nodes in zones.items()
        if nodes == []
    ]
    if "recovery" in zones:
        found.append(("primary.zones.recovery", "the recovery site's own zone has it"))
    found += [
        ("nodes", f"{node} is there twice; names must differ")
        for node in sorted({each for each in everywhere if everywhere.count(each) > 1})
    ]
    found += [
        ("nodes", f"{node} names something else of a site; take another")
        for node in sorted(_NOT_NODES & set(everywhere))
    ]
    if len(everywhere) > _NODES_MAX:
        found.append(("nodes", f"{len(everywhere)}; a site has {_NODES_MAX} at most"))
    members = _mapping(raw.get("database")).get("members", 3)
    if isinstance(members, int) and names and members > len(names):
        message = (
            f"{members} for {len(names)} primary nodes; each needs a node of its own"
        )
        found.append(("database.members", message))
    return found


def _mapping(value: object) -> dict[object, object]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
