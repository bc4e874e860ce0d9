"""What the site files of every provider share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import pydantic

from reprise_platform.errors import SiteError

# Short, because a link's name has 15 characters at most; Kubernetes takes no last hyphen.
NAME = r"^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$"
NAME_TOLD = "1 to 12 of a-z 0-9 -, beginning with a letter, not ending with -"
Name = Annotated[str, pydantic.Field(pattern=NAME)]


def beside(path: Path, info: pydantic.ValidationInfo) -> Path:
    """Make a path absolute: beside the site file, unless it says otherwise."""
    folder = info.context.get("folder") if isinstance(info.context, dict) else None
    return (folder or Path()) / path.expanduser()


class Frozen(pydantic.BaseModel):
    """A part of a site file: nothing unknown in it, and never changed."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class Probes(Frozen):
    """Probes a second and process, by class of service."""

    read: float = pydantic.Field(default=25, gt=0, le=50)
    write: float = pydantic.Field(default=2, gt=0, le=20)


class Detection(Frozen):
    """How fast Kubernetes sees a dead node and moves its pods, in seconds."""

    node_monitor_grace_s: int = pydantic.Field(default=8, ge=5, le=300)
    eviction_after_s: int = pydantic.Field(default=5, ge=1, le=600)


class Backups(Frozen):
    """The schedule and the deadline of one restore, in seconds."""

    every_s: int = pydantic.Field(default=55, ge=50, le=86400)
    restore_deadline_s: int = pydantic.Field(default=120, ge=20, le=14400)


def check_name(name: str, *, told: str = "site ") -> None:
    """Refuse what cannot name a site: a name becomes a folder, a link and a cgroup.

    Raises:
        SiteError: what is accepted.
    """
    if not re.fullmatch(NAME, name):
        msg = f"{told}{name}: {NAME_TOLD}"
        raise SiteError(msg)
