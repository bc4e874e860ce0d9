"""Clinical content as OpenMRS' REST resources take it.

The client chooses every uuid, so that a write whose answer never came can be looked for.
OpenMRS accepts a patient's uuid only when the person's is the same.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from reprise_loadtests.content import (
    EncounterContent,
    Observation,
    ObservationGroup,
    PatientContent,
    VisitContent,
)
from reprise_loadtests.patients import Patient
from reprise_platform import openmrs
from reprise_pra.history import JsonValue

type Body = Mapping[str, JsonValue]


def patient_content(patient: Patient, identifier: str) -> PatientContent:
    """Return what is registered of a patient under an OpenMRS identifier."""
    return PatientContent(
        family=patient.family,
        given=patient.given,
        gender=patient.gender,
        birthdate=patient.birthdate.isoformat(),
        identifier=identifier,
    )


def patient_body(uuid: str, patient: Patient, identifier: str) -> Body:
    """Return the body of `POST /patient`."""
    return {
        "uuid": uuid,
        "identifiers": [
            {
                "identifier": identifier,
                "identifierType": openmrs.IDENTIFIER_TYPE,
                "location": openmrs.OUTPATIENT_CLINIC,
                "preferred": True,
            }
        ],
        "person": {
            "uuid": uuid,
            "gender": patient.gender,
            "birthdate": patient.birthdate.isoformat(),
            "birthdateEstimated": False,
            "names": [
                {
                    "givenName": patient.given,
                    "familyName": patient.family,
                    "preferred": True,
                }
            ],
            "addresses": [
                {
                    "address1": patient.street,
                    "cityVillage": patient.town,
                    "postalCode": patient.postal_code,
                    "country": "France",
                }
            ],
            "attributes": [
                {
                    "attributeType": openmrs.PHONE_ATTRIBUTE_TYPE,
                    "value": patient.phone,
                }
            ],
        },
    }


def visit_body(uuid: str, content: VisitContent) -> Body:
    """Return the body of `POST /visit`; the visit starts when the server gets it."""
    return {
        "uuid": uuid,
        "patient": content.patient,
        "visitType": content.visit_type,
        "location": content.location,
    }


def visit_end_body(at: datetime.datetime) -> Body:
    """Return the body of `POST /visit/UUID` that ends a visit."""
    return {"stopDatetime": openmrs_time(at)}


def encounter_body(uuid: str, content: EncounterContent, provider: str | None) -> Body:
    """Return the body of `POST /encounter`: the encounter and all it holds, at once."""
    body: dict[str, JsonValue] = {
        "uuid": uuid,
        "patient": content.patient,
        "encounterType": content.encounter_type,
        "location": openmrs.OUTPATIENT_CLINIC,
        "obs": [_entry(entry) for entry in content.entries],
    }
    if content.visit is not None:
        body["visit"] = content.visit
    if provider is not None:
        body["encounterProviders"] = [
            {"provider": provider, "encounterRole": openmrs.CLINICIAN_ROLE}
        ]
    return body


def openmrs_time(at: datetime.datetime) -> str:
    """Return an instant as OpenMRS writes it: milliseconds, no colon in the offset."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}{at:%z}"


def openmrs_now() -> str:
    """Return the present instant as OpenMRS writes it."""
    return openmrs_time(datetime.datetime.now(datetime.UTC))


def _entry(entry: Observation | ObservationGroup) -> Body:
    if isinstance(entry, ObservationGroup):
        members: list[JsonValue] = [_entry(member) for member in entry.members]
        return {"concept": entry.concept, "groupMembers": members}
    return {"concept": entry.concept, "value": entry.value}
