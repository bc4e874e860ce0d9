"""The clinical operations: what each one does, when it is acknowledged, how it is read back.

This table is the published contract between the load (which writes), the reconciler
(which reads afterwards) and people (who ask what "acknowledged" means).
"""

from __future__ import annotations

import dataclasses

from reprise_loadtests.content import ClinicalType
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
READ_BACK: dict[ClinicalType, str] = {
    "patient": f"{openmrs.REST_PATH}/patient/{{uuid}}?v={_PATIENT}",
    "visit": f"{openmrs.REST_PATH}/visit/{{uuid}}",
    "encounter": f"{openmrs.REST_PATH}/encounter/{{uuid}}?v={_ENCOUNTER}",
}
"""Clinical type to the path, with the client's own uuid, where it is read back."""


def read_back_path(clinical_type: ClinicalType, uuid: str) -> str:
    """Return the path (from the front door's root) at which an object is read back."""
    return READ_BACK[clinical_type].format(uuid=uuid)


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
