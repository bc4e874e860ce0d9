"""Attachments, read: observations whose value names bytes that are elsewhere."""

from __future__ import annotations

import dataclasses
import datetime as dt
import posixpath
from collections.abc import Sequence

from reprise_platform.standin.database import Row, Session

_PREFIX = "m3ks"
_SEPARATOR = " | "
_SELECT = (
    "SELECT o.obs_id, o.uuid, o.obs_datetime, o.comments, o.value_complex, o.voided, "
    "o.encounter_id FROM obs o LEFT JOIN encounter e ON e.encounter_id = o.encounter_id "
    "LEFT JOIN visit v ON v.visit_id = e.visit_id "
)
_UUID_AND_DASH = 37


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a patient.

    Attributes:
        name: of its bytes, where these are kept.
    """

    id: int
    uuid: str
    moment: dt.datetime
    comment: str | None
    mime_type: str
    name: str
    voided: bool
    encounter_id: int | None

    @property
    def title(self) -> str:
        """The file's name as it came."""
        return posixpath.basename(self.name)[_UUID_AND_DASH:]

    @property
    def family(self) -> str:
        """What it is shown with."""
        if self.mime_type.startswith("image/"):
            return "IMAGE"
        return "PDF" if self.mime_type == "application/pdf" else "OTHER"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentFilter:
    """Which attachments of a patient; None does not filter. References are uuids."""

    patient: str
    visit: str | None = None
    encounter: str | None = None
    encounterless: str | None = None
    voided_too: bool = False


def complex_value(instructions: str, mime_type: str, name: str) -> str:
    """Return the value that an observation keeps of an attachment."""
    return _SEPARATOR.join((_PREFIX, instructions, mime_type, name))


def find(session: Session, uuid: str) -> Attachment | None:
    """Return the attachment of a uuid, voided or not."""
    row = session.row(
        f"{_SELECT} WHERE o.uuid = %s AND o.value_complex LIKE %s", uuid, _OURS
    )
    return None if row is None else _attachment(row)


def search(session: Session, wanted: AttachmentFilter) -> Sequence[Attachment]:
    """Return a patient's attachments, the newest first."""
    clauses, values = (
        ["pe.uuid = %s", "o.value_complex LIKE %s"],
        [wanted.patient, _OURS],
    )
    if not wanted.voided_too:
        clauses.append("o.voided = 0")
    if wanted.encounterless == "only":
        clauses.append("o.encounter_id IS NULL")
    elif wanted.encounterless is not None and wanted.encounterless != "true":
        clauses.append("o.encounter_id IS NOT NULL")
    elif wanted.encounterless is None:
        for column, uuid in (("v.uuid", wanted.visit), ("e.uuid", wanted.encounter)):
            if uuid is not None:
                clauses.append(f"{column} = %s")
                values.append(uuid)
    sql = (
        f"{_SELECT} JOIN person pe ON pe.person_id = o.person_id "
        f"WHERE {' AND '.join(clauses)} ORDER BY o.obs_datetime DESC, o.obs_id DESC"
    )
    return [_attachment(row) for row in session.rows(sql, *values)]


_OURS = f"{_PREFIX}{_SEPARATOR}%"


def _attachment(row: Row) -> Attachment:
    _, _, mime_type, name = row[4].split(_SEPARATOR, 3)
    return Attachment(
        id=row[0],
        uuid=row[1],
        moment=row[2],
        comment=row[3],
        mime_type=mime_type,
        name=name,
        voided=bool(row[5]),
        encounter_id=row[6],
    )
