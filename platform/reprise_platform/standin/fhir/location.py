"""A place, as FHIR has it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html

from reprise_platform.standin.fhir import parts
from reprise_platform.standin.fhir.parts import Shown


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A location with what FHIR tells of it beside its name."""

    id: int
    uuid: str
    name: str
    description: str | None
    retired: bool
    changed: dt.datetime


def show(place: Place) -> Shown:
    """Return a place as a resource."""
    shown: Shown = {
        "resourceType": "Location",
        "id": place.uuid,
        "meta": parts.meta(place.changed),
        "text": parts.told(f"<h2>{html.escape(place.name)}</h2>"),
        "status": "inactive" if place.retired else "active",
        "name": place.name,
    }
    if place.description:
        shown["description"] = place.description
    return shown
