"""An observation, as FHIR has it."""

from __future__ import annotations

import html

from reprise_platform.standin import dates
from reprise_platform.standin.fhir import moments, parts
from reprise_platform.standin.fhir.parts import Shown
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.model import Numeric, Obs

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_RANGE = "http://fhir.openmrs.org/ext/obs/reference-range"
_HERE = "http://localhost:8080/openmrs/ws/fhir2/R4"
CATEGORIES = {
    "Test": ("laboratory", "Laboratory"),
    "LabSet": ("laboratory", "Laboratory"),
    "Procedure": ("procedure", "Procedure"),
    "Finding": ("exam", "Exam"),
}
"""A concept's class to the category of what is observed under it."""
_UCUM = {"kg": "kg", "cm": "cm", "%": "%", "mmHg": "mm[Hg]", "DEG C": "Cel"}
_STATUSES = {"FINAL": "final", "AMENDED": "amended", "PRELIMINARY": "preliminary"}


def show(obs: Obs) -> Shown:
    """Return an observation as a resource."""
    concept, audit, encounter = obs.concept(), obs.audit(), obs.encounter()
    made = audit.date_created if audit else dates.now()
    status = _STATUSES.get(obs.status, "final")
    shown: Shown = {
        "resourceType": "Observation",
        "id": obs.uuid,
        "meta": parts.meta(made),
        "text": _narrative(obs, status),
        "status": status,
    }
    category = CATEGORIES.get(concept.concept_class.name)
    if category:
        code, display = category
        coding: Json = {"system": _CATEGORY, "code": code, "display": display}
        shown["category"] = [{"coding": [coding]}]
    shown["code"] = parts.codeable(concept)
    shown["subject"] = parts.subject(obs.person())
    if encounter is not None:
        shown["encounter"] = parts.reference("Encounter", encounter.uuid)
    shown["effectiveDateTime"] = moments.to_second(obs.moment)
    shown["issued"] = moments.to_instant(made)
    shown |= _value(obs)
    ranges = _ranges(concept.numeric)
    if ranges:
        shown["referenceRange"] = ranges
    members: list[Json] = [
        parts.reference("Observation", member.uuid) for member in obs.members()
    ]
    if members:
        shown["hasMember"] = members
    return shown


def _value(obs: Obs) -> Shown:
    coded, numeric = obs.coded(), obs.concept().numeric
    if coded is not None:
        return {"valueCodeableConcept": parts.codeable(coded)}
    if obs.number is not None:
        quantity: Shown = {"value": obs.number}
        units = numeric.units if numeric else None
        if units:
            quantity["unit"] = units
            if units in _UCUM:
                quantity["system"] = "http://unitsofmeasure.org"
                quantity["code"] = _UCUM[units]
        return {"valueQuantity": quantity}
    if obs.datetime is not None:
        return {"valueDateTime": moments.to_second(obs.datetime)}
    return {"valueString": obs.text} if obs.text is not None else {}


def _ranges(numeric: Numeric | None) -> list[Json]:
    if numeric is None:
        return []
    shown: Shown = {}
    for name, limit in (("low", numeric.low_absolute), ("high", numeric.hi_absolute)):
        if limit is not None:
            shown[name] = {"value": limit}
    if not shown:
        return []
    coding: Json = {"system": _RANGE, "code": "absolute"}
    shown["type"] = {"coding": [coding]}
    return [shown]


def _narrative(obs: Obs, status: str) -> Shown:
    concept, audit, person = obs.concept(), obs.audit(), obs.person()
    who = html.escape(parts.patient_display(person))
    rows = [("Id", obs.uuid), ("Status", status.upper())]
    category = CATEGORIES.get(concept.concept_class.name)
    if category:
        rows.append(("Category", f" {category[1]} "))
    rows.append(("Code", html.escape(concept.name.name)))
    rows.append(("Subject", f'<a href="{_HERE}/Patient/{person.uuid}">{who}</a>'))
    rows.append(("Effective", f" {obs.moment:%d %B %Y %H:%M:%S} "))
    if audit:
        rows.append(("Issued", f"{audit.date_created:%d/%m/%Y %I:%M:%S %p}"))
    units = concept.numeric.units if concept.numeric else None
    if obs.number is not None:
        rows.append(("Value", f"{obs.number} {html.escape(units or '')} "))
    elif obs.text is not None:
        rows.append(("Value", html.escape(obs.text)))
    if _ranges(concept.numeric) and concept.numeric:
        rows.append(("Reference Ranges", _told_range(concept.numeric)))
    return parts.narrative(rows)


def _told_range(numeric: Numeric) -> str:
    low, high = (
        "" if limit is None else f"{limit} "
        for limit in (numeric.low_absolute, numeric.hi_absolute)
    )
    heads = ("-", "Low", "High", "Type", "Applies To", "Age")
    head = "".join(f"<th>{each}</th>" for each in heads)
    cells = (
        f"<td>1</td><td>{low}</td><td>{high}</td><td> absolute </td><td/><td> - </td>"
    )
    return (
        f'<table class="subPropertyTable"><tbody><tr>{head}</tr><tr>{cells}</tr>'
        "</tbody></table>"
    )
