"""A visit is opened, changed and closed. A patient has one at a time."""

from __future__ import annotations

import datetime as dt

from reprise_platform.standin import dates, errors
from reprise_platform.standin.actions import voiding
from reprise_platform.standin.actions.rows import made_by, uuid_or_new
from reprise_platform.standin.body import Body
from reprise_platform.standin.database import Session
from reprise_platform.standin.model import Visit
from reprise_platform.standin.store import care, metadata, patients

_CHANGEABLE = ("visitType", "location", "startDatetime", "stopDatetime", "indication")
_OVERLAP = "Visit.visitCannotOverlapAnotherVisitOfTheSamePatient"


def open_visit(session: Session, body: Body, user_id: int) -> Visit:
    """Open a visit, now unless the body says when.

    Raises:
        ApiError: the body is refused, or the patient is in another visit then.
    """
    body.allow("uuid", "patient", "encounters", "attributes", *_CHANGEABLE)
    body.require("patient", "visitType")
    patient = patients.find(session, body.reference("patient") or "")
    if patient is None:
        raise errors.invalid({"patient": "Visit.error.patient.required"})
    kind = metadata.find(session, "visit_type", body.reference("visitType") or "")
    if kind is None:
        raise errors.invalid({"visitType": "Visit.error.visitType.required"})
    place = metadata.find(session, "location", body.reference("location") or "")
    started = body.moment("startDatetime") or dates.now()
    stopped = body.moment("stopDatetime")
    _check_times(session, patient.id, None, started, stopped)
    uuid = uuid_or_new(body.text("uuid"))
    visit: dict[str, object] = {
        "patient_id": patient.id,
        "visit_type_id": kind.id,
        "location_id": place.id if place else None,
        "date_started": started,
        "date_stopped": stopped,
        "uuid": uuid,
    }
    session.insert("visit", visit | made_by(user_id))
    return _reread(session, uuid)


def change_visit(session: Session, uuid: str, body: Body, user_id: int) -> Visit:
    """Change a visit; one with an end is closed.

    Raises:
        ApiError: no such visit, or the body is refused.
    """
    visit = care.find_visit(session, uuid)
    if visit is None:
        raise errors.not_found()
    if body.is_undelete:
        voiding.unvoid(session, "visit", visit.id)
        return _reread(session, uuid)
    body.allow(*_CHANGEABLE)
    started = body.moment("startDatetime") or visit.started
    stopped = body.moment("stopDatetime") or visit.stopped
    _check_times(session, visit.patient().id, visit.id, started, stopped)
    place, kind = visit.location, visit.type
    if "location" in body:
        place = metadata.find(session, "location", body.reference("location") or "")
    if "visitType" in body:
        found = metadata.find(session, "visit_type", body.reference("visitType") or "")
        if found is None:
            raise errors.invalid({"visitType": "Visit.error.visitType.required"})
        kind = found
    session.execute(
        "UPDATE visit SET date_started = %s, date_stopped = %s, location_id = %s, "
        "visit_type_id = %s, changed_by = %s, date_changed = %s WHERE visit_id = %s",
        started,
        stopped,
        place.id if place else None,
        kind.id,
        user_id,
        dates.now(),
        visit.id,
    )
    return _reread(session, uuid)


def _reread(session: Session, uuid: str) -> Visit:
    visit = care.find_visit(session, uuid)
    assert visit is not None
    return visit


def _check_times(
    session: Session,
    patient_id: int,
    visit_id: int | None,
    started: dt.datetime,
    stopped: dt.datetime | None,
) -> None:
    """Refuse an end before the start, and another visit of the patient meanwhile.

    Visits that touch do not overlap. As in OpenMRS, two opened at the same instant pass.
    """
    if stopped is not None and stopped < started:
        raise errors.invalid({"stopDatetime": "Visit.error.endDateBeforeStartDate"})
    others = session.row(
        "SELECT 1 FROM visit WHERE patient_id = %s AND voided = 0 AND visit_id <> %s "
        "AND (date_stopped IS NULL OR date_stopped > %s) AND date_started < %s LIMIT 1",
        patient_id,
        visit_id or 0,
        started,
        stopped or dates.FAR,
    )
    if others is not None:
        raise errors.invalid({"startDatetime": _OVERLAP})
