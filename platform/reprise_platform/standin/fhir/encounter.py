"""Encounters as FHIR has them, and visits, which are encounters there too."""

from __future__ import annotations

import datetime as dt
import html

from reprise_platform.standin import dates
from reprise_platform.standin.fhir import moments, parts
from reprise_platform.standin.fhir.parts import Shown
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.model import Audit, Encounter, Metadata, Patient, Visit

_TAG = "http://fhir.openmrs.org/ext/encounter-tag"
_CLASS: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "code": "AMB",
}
# What HAPI writes into its narrative, wherever it runs.
_HERE = "http://localhost:8080/openmrs/ws/fhir2/R4"


def show(encounter: Encounter) -> Shown:
    """Return an encounter as a resource; its visit is what it is part of."""
    shown = _head(
        encounter.uuid,
        "encounter",
        encounter.type,
        encounter.patient(),
        changed=_changed(encounter.audit()),
        period=(encounter.moment, None),
    )
    participants: list[Json] = [
        {
            "individual": parts.reference(
                "Practitioner", each.provider.uuid, each.provider.name
            )
        }
        for each in encounter.providers()
    ]
    if participants:
        shown["participant"] = participants
    shown["period"] = {"start": moments.to_second(encounter.moment)}
    if encounter.location:
        shown["location"] = [{"location": parts.place(encounter.location)}]
    visit = encounter.visit()
    if visit is not None:
        shown["partOf"] = parts.reference("Encounter", visit.uuid)
    return shown


def show_visit(visit: Visit) -> Shown:
    """Return a visit as a resource."""
    shown = _head(
        visit.uuid,
        "visit",
        visit.type,
        visit.patient(),
        changed=_changed(visit.audit()),
        period=(visit.started, visit.stopped),
    )
    period: Shown = {"start": moments.to_second(visit.started)}
    if visit.stopped:
        period["end"] = moments.to_second(visit.stopped)
    shown["period"] = period
    if visit.location:
        shown["location"] = [{"location": parts.place(visit.location)}]
    return shown


def _changed(audit: Audit | None) -> dt.datetime:
    return (audit.date_changed or audit.date_created) if audit else dates.now()


def _head(
    uuid: str,
    kind: str,
    of: Metadata,
    patient: Patient,
    *,
    changed: dt.datetime,
    period: tuple[dt.datetime, dt.datetime | None],
) -> Shown:
    tag: Json = {"system": _TAG, "code": kind, "display": kind.title()}
    who = html.escape(parts.patient_display(patient))
    start, end = (f"{each:%Y-%m-%d %H:%M:%S}.0" if each else "?" for each in period)
    rows = [
        ("Id", uuid),
        ("Status", "UNKNOWN"),
        (
            "Class",
            f" (Details: {_CLASS['system']} ) " if isinstance(_CLASS, dict) else "",
        ),
        ("Type", f" {html.escape(of.name)} "),
        ("Subject", f'<a href="{_HERE}/Patient/{patient.uuid}">{who}</a>'),
        ("Period", f"{start} - {end}"),
    ]
    coding: list[Json] = [
        {
            "system": f"http://fhir.openmrs.org/code-system/{kind}-type",
            "code": of.uuid,
            "display": of.name,
        }
    ]
    return {
        "resourceType": "Encounter",
        "id": uuid,
        "meta": parts.meta(changed, tag),
        "text": parts.narrative(rows),
        "status": "unknown",
        "class": _CLASS,
        "type": [{"coding": coding}],
        "subject": parts.subject(patient),
    }
