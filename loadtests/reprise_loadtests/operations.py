"""The clinical operations: what each one does, when it is acknowledged, how it is read back.

This table is the published contract between the load (which writes), the reconciler
(which reads afterwards) and people (who ask what "acknowledged" means).
"""

from __future__ import annotations

import dataclasses

from reprise_loadtests.content import (
    AppointmentContent,
    AttachmentContent,
    ClinicalType,
    Content,
)
from reprise_loadtests.payloads import epoch_time, ledger_key
from reprise_loadtests.readback import ReadBack
from reprise_platform import openmrs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing a user does.

    Attributes:
        name: the `operation` of its events.
        requests: what is sent, in order, under OpenMRS' REST path.
        acknowledged: when the user is told "done", for people.
        writes: the clinical type of which it creates an object, None if it creates none.
    """

    name: str
    requests: tuple[str, ...]
    acknowledged: str
    writes: ClinicalType | None = None


_PATIENT = (
    "custom:(uuid,voided,identifiers:(identifier,identifierType:(uuid),voided),"
    "person:(gender,birthdate,preferredName:(familyName,givenName)))"
)
_OBS = "uuid,voided,concept:(uuid),value"
_ENCOUNTER = (
    "custom:(uuid,voided,patient:(uuid),encounterType:(uuid),"
    f"obs:({_OBS},groupMembers:({_OBS})))"
)

# No more than the digest needs: thousands are read back, and a full encounter costs
# OpenMRS ten times as much.
_BY_UUID: dict[ClinicalType, str] = {
    "patient": f"{openmrs.REST_PATH}/patient/{{uuid}}?v={_PATIENT}",
    "visit": f"{openmrs.REST_PATH}/visit/{{uuid}}",
    "encounter": f"{openmrs.REST_PATH}/encounter/{{uuid}}?v={_ENCOUNTER}",
}
APPOINTMENTS = f"{openmrs.REST_PATH}/appointments/search"
_ATTACHMENTS = f"{openmrs.REST_PATH}/attachment"
_DAY_S = 86_400

READ_BACK_KEYS: dict[ClinicalType, str] = {
    "patient": "its uuid, the client's own",
    "visit": "its uuid, the client's own",
    "encounter": "its uuid, the client's own",
    "appointment": "`comments` (`ledger:UUID`) among its patient's of that day",
    "attachment": "`comment` (`ledger:UUID`) among its patient's; then its bytes",
}
"""Clinical type to what it is recognised by when it is read back, for people."""


def read_back_of_uuid(clinical_type: ClinicalType, uuid: str) -> ReadBack:
    """Return where an object is read back that bears the client's own uuid."""
    return ReadBack(path=_BY_UUID[clinical_type].format(uuid=uuid))


def read_back(clinical_type: ClinicalType, uuid: str, content: Content) -> ReadBack:
    """Return where an object is read back; `uuid` is the ledger's, not always its own."""
    match content:
        case AppointmentContent():
            return ReadBack(
                path=APPOINTMENTS,
                body={
                    "patientUuid": content.patient,
                    "startDate": epoch_time(content.start_s - _DAY_S),
                    "endDate": epoch_time(content.end_s + _DAY_S),
                },
                field="comments",
                value=ledger_key(uuid),
                owner=read_back_of_uuid("patient", content.patient).path,
            )
        case AttachmentContent():
            return ReadBack(
                path=f"{_ATTACHMENTS}?patient={content.patient}"
                "&includeEncounterless=true&limit=100&v=default",
                field="comment",
                value=ledger_key(uuid),
                content=f"{_ATTACHMENTS}/{{uuid}}/bytes",
                owner=read_back_of_uuid("patient", content.patient).path,
            )
        case _:
            return read_back_of_uuid(clinical_type, uuid)


_CREATED = "201, and the body's uuid is the one the client chose"

OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation(
            name="login",
            requests=("GET /session (Basic)",),
            acknowledged="200, and the body says authenticated",
        ),
        Operation(
            name="search",
            requests=("GET /patient?q=NAME",),
            acknowledged="200, and the patient looked for is in the list; a patient"
            " that the server answers 404 for is lost, and another is looked for",
        ),
        Operation(
            name="read_known_patient",
            requests=("GET /patient/UUID?v=full",),
            acknowledged="200, and the body is that patient, registered before; a"
            " patient answered 404 is lost, and another is read",
        ),
        Operation(
            name="read_patient",
            requests=("GET /visit?patient=UUID", "GET /encounter?patient=UUID"),
            acknowledged="200 and a list, twice: the visits and the encounters",
        ),
        Operation(
            name="generate_identifier",
            requests=("POST /idgen/identifiersource/UUID/identifier",),
            acknowledged="201, and the body has an identifier",
        ),
        Operation(
            name="register_patient",
            requests=("POST /patient",),
            acknowledged=_CREATED,
            writes="patient",
        ),
        Operation(
            name="start_visit",
            requests=("POST /visit",),
            acknowledged=_CREATED,
            writes="visit",
        ),
        Operation(
            name="record_vitals",
            requests=("POST /encounter",),
            acknowledged=_CREATED,
            writes="encounter",
        ),
        Operation(
            name="record_audiogram",
            requests=("POST /encounter",),
            acknowledged=_CREATED,
            writes="encounter",
        ),
        Operation(
            name="record_fitting",
            requests=("POST /encounter",),
            acknowledged=_CREATED,
            writes="encounter",
        ),
        Operation(
            name="record_follow_up",
            requests=("POST /encounter",),
            acknowledged=_CREATED,
            writes="encounter",
        ),
        Operation(
            name="attach_audiogram",
            requests=("POST /attachment (multipart)",),
            acknowledged="201, and the body has a uuid, the server's own",
            writes="attachment",
        ),
        Operation(
            name="check_conflicts",
            requests=("POST /appointments/conflicts",),
            acknowledged="204, or 200 and the appointments in the way",
        ),
        Operation(
            name="book_appointment",
            requests=("POST /appointment",),
            acknowledged="200, and the body's comments hold the ledger's key; a 400 is"
            " no refusal: it is what OpenMRS answers to whatever went wrong",
            writes="appointment",
        ),
        Operation(
            name="read_appointments",
            requests=("POST /appointments/search",),
            acknowledged="200 and a bare list",
        ),
        Operation(
            name="check_in",
            requests=("POST /appointments/UUID/status-change",),
            acknowledged="200, and the body is that appointment, CheckedIn",
        ),
        Operation(
            name="read_agenda",
            requests=("GET /appointment/all?forDate=DAY",),
            acknowledged="200 and a bare list: the day's appointments",
        ),
        Operation(
            name="read_summary",
            requests=("GET /appointment/appointmentSummary",),
            acknowledged="200 and a bare list: a service each, with its counts",
        ),
        Operation(
            name="end_visit",
            requests=("POST /visit/UUID",),
            acknowledged="200, and the body is that visit with a stop time",
        ),
        Operation(
            name="read_back",
            requests=("GET at the object's read-back path",),
            acknowledged="200 and the object as it was sent; before a write is tried"
            " again, 404 is an answer too",
        ),
    )
}
"""Operation name to operation: every clinical operation of a `load-<n>` history."""
