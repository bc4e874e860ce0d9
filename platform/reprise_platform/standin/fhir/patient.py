"""A patient, as FHIR has it."""

from __future__ import annotations

import html

from reprise_platform.standin import dates
from reprise_platform.standin.fhir import moments, parts
from reprise_platform.standin.fhir.parts import Shown
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.model import Address, Identifier, Patient, PersonName

_LOCATION = "http://fhir.openmrs.org/ext/patient/identifier#location"
_GENDERS = {"F": "female", "M": "male", "O": "other", "U": "unknown"}


def show(patient: Patient) -> Shown:
    """Return a patient as a resource."""
    audit = patient.audit()
    changed = (audit.date_changed or audit.date_created) if audit else dates.now()
    gender = _GENDERS.get(patient.gender or "", "unknown")
    shown: Shown = {
        "resourceType": "Patient",
        "id": patient.uuid,
        "meta": parts.meta(changed),
        "text": _narrative(patient, gender),
        "identifier": [
            _identifier(each, place) for place, each in enumerate(patient.identifiers())
        ],
        "active": not patient.voided,
        "name": [_name(each) for each in patient.names()],
    }
    phones: list[Json] = [
        {"id": each.uuid, "system": "phone", "value": each.value}
        for each in patient.attributes()
        if "elephone" in each.type.name
    ]
    if phones:
        shown["telecom"] = phones
    shown["gender"] = gender
    if patient.birthdate:
        shown["birthDate"] = patient.birthdate.isoformat()
    if patient.death_date is not None:
        shown["deceasedDateTime"] = moments.to_second(patient.death_date)
    else:
        shown["deceasedBoolean"] = patient.dead
    addresses: list[Json] = [_address(each) for each in patient.addresses()]
    if addresses:
        shown["address"] = addresses
    return shown


def _identifier(identifier: Identifier, place: int) -> Json:
    shown: Shown = {"id": identifier.uuid}
    if identifier.location:
        where = parts.place(identifier.location)
        shown["extension"] = [{"url": _LOCATION, "valueReference": where}]
    # The numbers come with the preferred ones first.
    official = identifier.preferred or place == 0
    shown["use"] = "official" if official else "usual"
    coding: list[Json] = [{"code": identifier.type.uuid}]
    shown["type"] = {"coding": coding, "text": identifier.type.name}
    shown["value"] = identifier.identifier
    return shown


def _name(name: PersonName) -> Json:
    given: list[Json] = [part for part in (name.given, name.middle) if part]
    shown: Shown = {"id": name.uuid, "text": name.display}
    if name.family:
        shown["family"] = name.family
    if given:
        shown["given"] = given
    return shown


def _address(address: Address) -> Json:
    shown: Shown = {"id": address.uuid}
    lines = {"address1": address.address1, "address2": address.address2}
    own: list[Json] = [
        {"url": f"http://fhir.openmrs.org/ext/address#{name}", "valueString": value}
        for name, value in lines.items()
        if value
    ]
    if own:
        url = "http://fhir.openmrs.org/ext/address"
        shown["extension"] = [{"url": url, "extension": own}]
    if address.preferred:
        shown["use"] = "home"
    for name, value in (
        ("city", address.city_village),
        ("state", address.state_province),
        ("postalCode", address.postal_code),
        ("country", address.country),
    ):
        if value:
            shown[name] = value
    return shown


def _narrative(patient: Patient, gender: str) -> Shown:
    numbers = [html.escape(each.identifier) for each in patient.identifiers()]
    names = [
        f" {html.escape(each.given or '')} <b>{html.escape((each.family or '').upper())}"
        " </b>"
        for each in patient.names()
    ]
    rows = [
        ("Id", patient.uuid),
        ("Identifier", "".join(f"<div>{number}</div>" for number in numbers)),
        ("Active", str(not patient.voided).lower()),
        ("Name", " ,".join(names)),
        ("Gender", gender.upper()),
    ]
    if patient.birthdate:
        rows.append(("Birth Date", f"{patient.birthdate:%d/%m/%Y}"))
    rows.append(("Deceased", str(patient.dead).lower()))
    return parts.narrative(rows)
