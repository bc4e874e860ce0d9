"""Bundles: what a search found, a page at a time."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from reprise_platform.standin.fhir import moments
from reprise_platform.standin.fhir.parts import Shown
from reprise_platform.standin.jsonvalues import Json

_SUBSETTED: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "Resource encoded in summary mode",
}
DATA = "data"
COUNT = "count"


def searchset(
    total: int,
    resources: Sequence[Shown],
    links: Sequence[tuple[str, str]],
    base: str,
    summary: str,
) -> Shown:
    """Return a page of a search.

    Args:
        links: relations and where they lead.
        base: the FHIR base as the client wrote it.
    """
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    meta: Shown = {"lastUpdated": moments.to_instant(now)}
    if summary in {DATA, COUNT}:
        meta["tag"] = [_SUBSETTED]
    bundle: Shown = {
        "resourceType": "Bundle",
        "id": str(uuid.uuid4()),
        "meta": meta,
        "type": "searchset",
        "total": total,
    }
    if summary == COUNT:
        return bundle
    bundle["link"] = [{"relation": way, "url": url} for way, url in links]
    entries: list[Json] = [
        {
            "fullUrl": f"{base}/{each['resourceType']}/{each['id']}",
            "resource": reduced(each, summary),
        }
        for each in resources
    ]
    if entries:
        bundle["entry"] = entries
    return bundle


def reduced(resource: Shown, summary: str) -> Shown:
    """Return a resource without the text for people, if `_summary=data` was asked for."""
    if summary != DATA:
        return resource
    kept = {name: value for name, value in resource.items() if name != "text"}
    meta = kept["meta"]
    assert isinstance(meta, dict)
    tags = meta.get("tag")
    before: list[Json] = tags if isinstance(tags, list) else []
    kept["meta"] = meta | {"tag": [*before, _SUBSETTED]}
    return kept
