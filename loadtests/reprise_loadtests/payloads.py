"""Clinical content as OpenMRS' REST resources take it.

The client chooses every uuid, so that a write whose answer never came can be looked for.
OpenMRS accepts a patient's uuid only when the person's is the same.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from reprise_loadtests.content import (
    AppointmentContent,
    AttachmentContent,
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


def patient_body(
    uuid: str, patient: Patient, identifier: str, *, location: str
) -> Body:
    """Return the body of `POST /patient`."""
    return {
        "uuid": uuid,
        "identifiers": [
            {
                "identifier": identifier,
                "identifierType": openmrs.IDENTIFIER_TYPE,
                "location": location,
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
        "location": content.location,
        "obs": [_entry(entry) for entry in content.entries],
    }
    if content.visit is not None:
        body["visit"] = content.visit
    if provider is not None:
        body["encounterProviders"] = [
            {"provider": provider, "encounterRole": openmrs.CLINICIAN_ROLE}
        ]
    return body


def ledger_key(uuid: str) -> str:
    """Return what names an object where OpenMRS takes no uuid: a text field holds it."""
    return f"ledger:{uuid}"


def appointment_body(
    uuid: str, content: AppointmentContent, provider: str | None
) -> Body:
    """Return the body of `POST /appointment`: its comments hold the ledger's key."""
    providers: list[JsonValue] = [] if provider is None else [{"uuid": provider}]
    return {
        "patientUuid": content.patient,
        "serviceUuid": content.service,
        "locationUuid": content.location,
        "startDateTime": epoch_time(content.start_s),
        "endDateTime": epoch_time(content.end_s),
        "appointmentKind": content.kind,
        "status": "",
        "providers": providers,
        "comments": ledger_key(uuid),
        "dateAppointmentScheduled": openmrs_now(),
    }


def attachment_form(uuid: str, content: AttachmentContent) -> tuple[str, bytes]:
    """Return the type and the bytes of `POST /attachment`: its caption holds the key."""
    boundary = f"reprise-{uuid}"
    fields = {"patient": content.patient, "fileCaption": ledger_key(uuid)}
    if content.visit is not None:
        fields["visit"] = content.visit
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file";'
        ' filename="audiogramme.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    )
    body = (
        "".join(parts).encode() + content.document + f"\r\n--{boundary}--\r\n".encode()
    )
    return f"multipart/form-data; boundary={boundary}", body


def epoch_time(at_s: int) -> str:
    """Return seconds since 1970 as OpenMRS writes an instant."""
    return openmrs_time(datetime.datetime.fromtimestamp(at_s, datetime.UTC))


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
