"""What several resources are made of."""

from __future__ import annotations

import datetime as dt

from reprise_platform import openmrs
from reprise_platform.standin.fhir import moments
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.model import Concept, Metadata, Patient

Shown = dict[str, Json]

_LOINC = {
    openmrs.loinc(code): code
    for codes in openmrs.LOINC_THRESHOLDS.values()
    for code in codes.values()
}
_CIEL_LENGTH = 36


def meta(moment: dt.datetime, tag: Json = None) -> Shown:
    """Return a resource's version and when it was last changed."""
    shown: Shown = {
        "versionId": str(moments.milliseconds(moment)),
        "lastUpdated": moments.to_instant(moment),
    }
    if tag is not None:
        shown["tag"] = [tag]
    return shown


def narrative(rows: list[tuple[str, str]]) -> Shown:
    """Return a resource told for people; values are HTML already."""
    lines = "".join(
        f"<tr><td>{name}:</td><td>{value}</td></tr>" for name, value in rows
    )
    return told(f'<table class="hapiPropertyTable"><tbody>{lines}</tbody></table>')


def told(inner: str) -> Shown:
    """Return HTML as a resource's text."""
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'
    return {"status": "generated", "div": div}


def reference(kind: str, uuid: str, display: str | None = None) -> Shown:
    """Return a reference to another resource."""
    shown: Shown = {"reference": f"{kind}/{uuid}", "type": kind}
    if display is not None:
        shown["display"] = display
    return shown


def patient_display(patient: Patient) -> str:
    """Return how a patient is named where one is referred to."""
    number = patient.identifier
    if number is None:
        return patient.person_display
    return f"{patient.person_display} ({number.type.name}: {number.identifier})"


def subject(patient: Patient) -> Shown:
    """Return a reference to a patient."""
    return reference("Patient", patient.uuid, patient_display(patient))


def place(location: Metadata) -> Shown:
    """Return a reference to a location."""
    return reference("Location", location.uuid, location.name)


def codeable(concept: Concept) -> Shown:
    """Return a concept: by its uuid first, without a system, then by what it is mapped to."""
    codings: list[Json] = [{"code": concept.uuid, "display": concept.name.name}]
    if concept.uuid in _LOINC:
        codings.append({"system": "http://loinc.org", "code": _LOINC[concept.uuid]})
    stem = concept.uuid.rstrip("A")
    if len(concept.uuid) == _CIEL_LENGTH and stem.isdigit():
        codings.append({"system": "https://cielterminology.org", "code": stem})
    return {"coding": codings, "text": concept.name.name}
