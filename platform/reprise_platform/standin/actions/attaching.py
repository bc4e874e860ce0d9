"""A file is attached to a patient: its bytes first, then the row that names them."""

from __future__ import annotations

import dataclasses
import posixpath
import re
import uuid

from reprise_platform import openmrs
from reprise_platform.standin import dates, errors
from reprise_platform.standin.actions.rows import made_by
from reprise_platform.standin.database import Session
from reprise_platform.standin.model import Encounter, Patient, Visit
from reprise_platform.standin.store import care, concepts, metadata, patients
from reprise_platform.standin.store.attachments import (
    Attachment,
    complex_value,
    find,
)

MOST_BYTES = 5 << 20
"""The module's own limit, five megabytes, where nothing else is set."""

_TYPES = {
    "pdf": ("application/pdf", b"%PDF"),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", b"\xff\xd8\xff"),
}
_DEFAULT_INSTRUCTIONS = "instructions.default"
_LONGEST_TITLE = 100


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What a form brings; references are uuids."""

    title: str
    data: bytes
    patient: str
    visit: str | None
    encounter: str | None
    provider: str | None
    caption: str | None
    instructions: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a file goes."""

    patient: Patient
    visit: Visit | None
    encounter: Encounter | None


def check(upload: Upload) -> str:
    """Return the file's type, told by its name and its first bytes together.

    Raises:
        ApiError: too large, of a kind not taken, or not of the kind it says.
    """
    if len(upload.data) > MOST_BYTES:
        reason = "The file  exceeds the maximum size"
        raise errors.illegal(reason)
    extension = posixpath.splitext(upload.title)[1].removeprefix(".").lower()
    mime_type, magic = _TYPES.get(extension, ("", b""))
    if not mime_type or not upload.data.startswith(magic):
        reason = "The extension is not valid"
        raise errors.illegal(reason)
    if not upload.patient:
        reason = "A patient parameter must be provided when uploading an attachment."
        raise errors.illegal(reason)
    return mime_type


def name_of(upload: Upload) -> str:
    """Return a name for the bytes that nothing else has."""
    now = dates.now()
    title = re.sub(r"[^A-Za-z0-9_.-]", "_", posixpath.basename(upload.title))
    unique = f"{uuid.uuid4()}-{title[-_LONGEST_TITLE:]}"
    return f"complex_obs/{now:%Y}/{now:%m-%d}/{unique}"


def attach(
    session: Session, upload: Upload, mime_type: str, name: str, user_id: int
) -> Attachment:
    """Record the attachment whose bytes are kept under a name.

    Raises:
        ApiError: no such patient, or an encounter that is of another visit.
    """
    place = locate(session, upload)
    concept = openmrs.ATTACHMENT
    if mime_type.startswith("image/"):
        concept = openmrs.ATTACHMENT_IMAGE
    question = concepts.load_by_uuid(session, [concept])[concept]
    encounter_id = place.encounter.id if place.encounter else None
    if place.visit is not None and encounter_id is None:
        encounter_id = _open_encounter(session, place, upload.provider, user_id)
    instructions = upload.instructions or _DEFAULT_INSTRUCTIONS
    obs_uuid = str(uuid.uuid4())
    row: dict[str, object] = {
        "person_id": place.patient.id,
        "concept_id": question.id,
        "encounter_id": encounter_id,
        "obs_datetime": dates.now(),
        "comments": upload.caption,
        "value_complex": complex_value(instructions, mime_type, name),
        "uuid": obs_uuid,
    }
    session.insert("obs", row | made_by(user_id))
    found = find(session, obs_uuid)
    assert found is not None
    return found


def locate(session: Session, upload: Upload) -> _Place:
    """Return where a file goes.

    Raises:
        ApiError: no such patient, or an encounter that is of another visit.
    """
    patient = patients.find(session, upload.patient)
    if patient is None:
        reason = "A patient parameter must be provided when uploading an attachment."
        raise errors.illegal(reason)
    visit = care.find_visit(session, upload.visit or "")
    encounter = care.find_encounter(session, upload.encounter or "")
    if visit is not None and encounter is not None:
        of = encounter.visit()
        if of is None or of.id != visit.id:
            reason = (
                "The specified encounter does not belong to the provided visit, "
                "upload aborted."
            )
            raise errors.illegal(reason)
    return _Place(patient=patient, visit=visit, encounter=encounter)


def remove(
    session: Session, attachment: Attachment, user_id: int, *, purge: bool
) -> None:
    """Void an attachment, or delete its row; its encounter is voided if that empties it."""
    if purge:
        session.execute("DELETE FROM obs WHERE obs_id = %s", attachment.id)
    else:
        session.execute(
            "UPDATE obs SET voided = 1, voided_by = %s, date_voided = %s, "
            "void_reason = 'REST web service' WHERE obs_id = %s AND voided = 0",
            user_id,
            dates.now(),
            attachment.id,
        )
    if attachment.encounter_id is not None:
        session.execute(
            "UPDATE encounter SET voided = 1, voided_by = %s, date_voided = %s, "
            "void_reason = 'foo' WHERE encounter_id = %s AND voided = 0 AND NOT EXISTS "
            "(SELECT 1 FROM obs WHERE obs.encounter_id = encounter.encounter_id "
            "AND obs.voided = 0)",
            user_id,
            dates.now(),
            attachment.encounter_id,
        )


def _open_encounter(
    session: Session, place: _Place, provider: str | None, user_id: int
) -> int:
    """Open the encounter of an upload within a visit."""
    assert place.visit is not None
    kind = metadata.find(session, "encounter_type", openmrs.ATTACHMENT_UPLOAD)
    role = metadata.find(session, "encounter_role", openmrs.UNKNOWN_ROLE)
    assert kind is not None
    assert role is not None
    encounter: dict[str, object] = {
        "encounter_type": kind.id,
        "patient_id": place.patient.id,
        "location_id": place.visit.location.id if place.visit.location else None,
        "encounter_datetime": dates.now(),
        "visit_id": place.visit.id,
        "uuid": str(uuid.uuid4()),
    }
    key = session.insert("encounter", encounter | made_by(user_id))
    who = metadata.find_provider(session, provider or "")
    if who is not None:
        part: dict[str, object] = {
            "encounter_id": key,
            "provider_id": who.id,
            "encounter_role_id": role.id,
            "uuid": str(uuid.uuid4()),
        }
        session.insert("encounter_provider", part | made_by(user_id))
    return key
