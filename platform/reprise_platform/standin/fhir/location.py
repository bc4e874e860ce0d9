"""A place, as FHIR has it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html

from reprise_platform.standin.fhir import parts
from reprise_platform.standin.fhir.parts import Shown
from reprise_platform.standin.jsonvalues import Json


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A location with what FHIR tells of it beside its name."""

    id: int
    uuid: str
    name: str
    description: str | None
    retired: bool
    changed: dt.datetime
    lines: tuple[str | None, str | None]


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
    own: list[Json] = []
    for number, line in enumerate(place.lines, start=1):
        if line is not None:
            url = f"http://fhir.openmrs.org/ext/address#address{number}"
            part: Shown = {"url": url}
            own.append(part | ({"valueString": line} if line else {}))
    if own:
        url = "http://fhir.openmrs.org/ext/address"
        shown["address"] = {"extension": [{"url": url, "extension": own}]}
    return shown
