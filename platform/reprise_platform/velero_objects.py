"""The objects of Velero, parsed: its Go server leaves out what is zero, or says null."""

from __future__ import annotations

import datetime
from typing import Annotated

import pydantic
import pydantic.alias_generators

from reprise_platform import kube
from reprise_platform.backups import VolumeCopy
from reprise_platform.errors import PlatformError

API = "velero.io/v1"


class VeleroError(PlatformError):
    """Velero did not do what was asked; the message says what its objects tell."""


class _Raw(pydantic.BaseModel):
    """Velero's objects hold more than is read here, and null where Go had no value."""

    model_config = pydantic.ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=pydantic.alias_generators.to_camel,
    )


def _none_is_empty(value: object) -> object:
    return {} if value is None else value


_OrEmpty = pydantic.BeforeValidator(_none_is_empty)


class Metadata(_Raw):
    """Name and labels."""

    name: str
    labels: Annotated[dict[str, str], _OrEmpty] = {}


class Progress(_Raw):
    """How far the copy of a volume is."""

    bytes_done: int = 0
    total_bytes: int = 0


class Hooks(_Raw):
    """How many hooks a backup ran, how many of them failed."""

    hooks_attempted: int = 0
    hooks_failed: int = 0


class Status(_Raw):
    """What the server says of an object; of all kinds at once, each has some of it."""

    phase: str = ""
    message: str = ""
    failure_reason: str = ""
    validation_errors: tuple[str, ...] = ()
    errors: int = 0
    warnings: int = 0
    start_timestamp: datetime.datetime | None = None
    completion_timestamp: datetime.datetime | None = None
    last_synced_time: datetime.datetime | None = None
    hook_status: Hooks | None = None
    progress: Annotated[Progress, _OrEmpty] = Progress()

    @property
    def said(self) -> str:
        """Whatever the object tells people of its fate."""
        parts = (self.message, self.failure_reason, *self.validation_errors)
        return "; ".join(part for part in parts if part)


class Spec(_Raw):
    """What was asked of the copy of a volume."""

    volume: str = ""


class VeleroObject(_Raw):
    """One object of any of the kinds that are read here."""

    metadata: Metadata
    spec: Annotated[Spec, _OrEmpty] = Spec()
    status: Annotated[Status, _OrEmpty] = Status()


def parse(raw: kube.Object) -> VeleroObject:
    """Parse one object.

    Raises:
        VeleroError: it has an unknown shape.
    """
    try:
        return VeleroObject.model_validate(raw)
    except pydantic.ValidationError as error:
        msg = f"an object of {API} has an unknown shape: {error}"
        raise VeleroError(msg) from error


def copies_by_label(
    objects: tuple[VeleroObject, ...], label: str
) -> dict[str, tuple[VolumeCopy, ...]]:
    """Group the copies of volumes by the backup or restore that a label names."""
    grouped: dict[str, tuple[VolumeCopy, ...]] = {}
    for found in objects:
        owner = found.metadata.labels.get(label, "")
        copy = VolumeCopy(
            volume=found.spec.volume,
            phase=found.status.phase,
            bytes_done=found.status.progress.bytes_done,
            bytes_total=found.status.progress.total_bytes,
            message=found.status.message,
        )
        grouped[owner] = (*grouped.get(owner, ()), copy)
    return grouped
