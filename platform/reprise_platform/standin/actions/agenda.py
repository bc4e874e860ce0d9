"""Appointments are made, moved and followed; what they are for is described."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import TypeVar

from reprise_platform.standin import dates, errors
from reprise_platform.standin.actions.rows import made_by
from reprise_platform.standin.body import Body
from reprise_platform.standin.database import Session
from reprise_platform.standin.model_agenda import Appointment, Kind, Service, Status
from reprise_platform.standin.store import agenda, metadata, patients

_MODEL = "org.openmrs.module.appointments.model"
_NO_SUCH = "Appointment does not exist"
# What the module generates where the client gives none.
_NUMBER = "0000"
E_ = TypeVar("E_", Kind, Status)


def save(session: Session, body: Body, user_id: int) -> Appointment:
    """Make an appointment, or change the one whose uuid the body names.

    Raises:
        ApiError: the body is refused, always with 400.
    """
    given = body.text("uuid")
    before = agenda.find(session, given) if given else None
    if given and before is None:
        reason = 'Cannot invoke "Appointment.setStatus()" because "appointment" is null'
        raise errors.agenda(reason)
    service = agenda.find_service(session, body.text("serviceUuid") or "")
    row = _row(session, body, service, before)
    if before is not None:
        _change(session, before, row, user_id)
        key, status = before.id, str(row["status"])
    else:
        patient = patients.find(session, body.text("patientUuid") or "")
        if patient is None:
            msg = "Appointment cannot be created without Patient"
            raise errors.agenda(msg)
        status = str(row["status"])
        row["patient_id"] = patient.id
        row["appointment_number"] = body.text("appointmentNumber") or _NUMBER
        key = _insert(session, "patient_appointment", row, user_id)
    _set_providers(session, body, key, user_id)
    _note(session, key, status, user_id, row)
    uuid_of = "SELECT uuid FROM patient_appointment WHERE patient_appointment_id = %s"
    stored = session.row(uuid_of, key)
    assert stored is not None
    return _found(session, stored[0])


def change_status(
    session: Session, appointment_uuid: str, body: Body, user_id: int
) -> Appointment:
    """Bring an appointment to another status.

    Raises:
        ApiError: no such appointment, or its life does not run backwards (500).
    """
    appointment = agenda.find(session, appointment_uuid)
    if appointment is None:
        raise errors.failure(_NO_SUCH, code=f"{_MODEL}.Appointment:1")
    wanted = _member(Status, body.text("toStatus"), "AppointmentStatus", thrown=500)
    if wanted.sequence < Status(appointment.status).sequence:
        ways = f"from {appointment.status} to {wanted}"
        reason = f"Appointment status can not be changed {ways}"
        raise errors.failure(reason, code=f"{_MODEL}.Appointment:2")
    moment = body.moment("onDate")
    session.execute(
        "UPDATE patient_appointment SET status = %s, changed_by = %s, date_changed = %s "
        "WHERE patient_appointment_id = %s",
        wanted.value,
        user_id,
        dates.now(),
        appointment.id,
    )
    notes = None if moment is None else dates.format_json(moment)
    _note(session, appointment.id, wanted.value, user_id, notes)
    return _found(session, appointment_uuid)


def conflicts(session: Session, body: Body) -> list[Appointment]:
    """Return the patient's other appointments at the time of a wished-for one."""
    start, end = body.moment("startDateTime"), body.moment("endDateTime")
    patient = body.text("patientUuid")
    if start is None or end is None or patient is None:
        return []
    found = agenda.search(
        session, agenda.AgendaFilter(patient=patient, overlaps=(start, end))
    )
    return [
        one
        for one in found
        if one.uuid != body.text("uuid")
        and one.status not in {Status.CANCELLED, Status.MISSED}
    ]


def describe_service(session: Session, body: Body, user_id: int) -> Service:
    """Make a service, or change the one whose uuid the body names.

    Raises:
        ApiError: it has no name, or one that is taken.
    """
    name, given = body.text("name"), body.text("uuid")
    if not name:
        msg = "Appointment Service name should not be null"
        raise errors.agenda(msg)
    taken = agenda.find_service_named(session, name)
    if taken is not None and taken.uuid != given:
        msg = f"The service '{name}' is already present"
        raise errors.agenda(msg)
    place = metadata.find(session, "location", body.text("locationUuid") or "")
    columns: dict[str, object] = {
        "name": name,
        "description": body.text("description"),
        "duration_mins": _minutes(body),
        "start_time": body.text("startTime") or None,
        "end_time": body.text("endTime") or None,
        "color": body.text("color"),
        "initial_appointment_status": body.text("initialAppointmentStatus") or None,
        "location_id": place.id if place else None,
    }
    if given:
        before = agenda.find_service(session, given)
        if before is None:
            msg = 'Cannot invoke "setName()" because it is null'
            raise errors.agenda(msg)
        _update(session, "appointment_service", before.id, columns, user_id)
        stored = given
    else:
        stored = str(uuid.uuid4())
        _insert(session, "appointment_service", columns | {"uuid": stored}, user_id)
    found = agenda.find_service(session, stored)
    assert found is not None
    return found


def _row(
    session: Session, body: Body, service: Service | None, before: Appointment | None
) -> dict[str, object]:
    kind = _member(Kind, body.text("appointmentKind"), "AppointmentKind")
    if service is None:
        msg = "Appointment cannot be created without Service"
        raise errors.agenda(msg)
    status = before.status if before else (service.initial_status or Status.SCHEDULED)
    if body.text("status"):
        status = _member(Status, body.text("status"), "AppointmentStatus")
    place = metadata.find(session, "location", body.text("locationUuid") or "")
    return {
        "date_appointment_scheduled": body.moment("dateAppointmentScheduled")
        or dates.now(),
        "start_date_time": body.moment("startDateTime"),
        "end_date_time": body.moment("endDateTime"),
        "appointment_service_id": service.id,
        "location_id": place.id if place else None,
        "appointment_kind": kind.value,
        "status": str(status),
        "comments": body.text("comments"),
        "priority": body.text("priority") or None,
    }


def _set_providers(session: Session, body: Body, key: int, user_id: int) -> None:
    """Make the providers of an appointment those that the body names."""
    wanted = {}
    for part in body.items("providers"):
        provider = metadata.find_provider(session, part.text("uuid") or "")
        if provider is None:
            msg = "Bad Request. No such provider."
            raise errors.agenda(msg)
        wanted[provider.id] = part
    rows = session.rows(
        "SELECT patient_appointment_provider_id, provider_id "
        "FROM patient_appointment_provider "
        "WHERE patient_appointment_id = %s AND COALESCE(voided, 0) = 0",
        key,
    )
    for row in rows:
        if wanted.pop(row[1], None) is None:
            session.execute(
                "UPDATE patient_appointment_provider SET response = 'CANCELLED', "
                "voided = 1, void_reason = 'CANCELLED', voided_by = %s, date_voided = %s "
                "WHERE patient_appointment_provider_id = %s",
                user_id,
                dates.now(),
                row[0],
            )
    for provider_id, part in wanted.items():
        columns: dict[str, object] = {
            "patient_appointment_id": key,
            "provider_id": provider_id,
            "response": (part.text("response") or "ACCEPTED").upper(),
            "comments": part.text("comments"),
        }
        _insert(session, "patient_appointment_provider", columns, user_id)


def _change(
    session: Session, before: Appointment, row: dict[str, object], user_id: int
) -> None:
    _update(session, "patient_appointment", before.id, row, user_id)


def _update(
    session: Session, table: str, key: int, columns: dict[str, object], user_id: int
) -> None:
    changed = columns | {"changed_by": user_id, "date_changed": dates.now()}
    assignments = ", ".join(f"{name} = %s" for name in changed)
    sql = f"UPDATE {table} SET {assignments} WHERE {table}_id = %s"  # noqa: S608 - names are ours
    session.execute(sql, *changed.values(), key)


def _insert(
    session: Session, table: str, columns: dict[str, object], user_id: int
) -> int:
    own: dict[str, object] = {"uuid": str(uuid.uuid4()), "voided": 0}
    return session.insert(table, own | columns | made_by(user_id))


def _note(session: Session, key: int, status: str, user_id: int, notes: object) -> None:
    """Keep the trail that the module keeps of each change of status."""
    if isinstance(notes, dict):
        start = notes.get("start_date_time")
        shown = dates.format_json(start) if isinstance(start, dt.date) else None
        notes = json.dumps({"startDateTime": shown, "status": status})
    columns = {"appointment_id": key, "status": status, "notes": notes}
    _insert(session, "patient_appointment_audit", columns, user_id)


def _member(kind: type[E_], text: str | None, name: str, thrown: int = 400) -> E_:
    """Read an enumeration's member as Java's `valueOf` does."""
    reason = f"No enum constant {_MODEL}.{name}.{text}"
    if text is None:
        reason = "Name is null"
    else:
        try:
            return kind(text)
        except ValueError:
            pass
    raise errors.agenda(reason, thrown)


def _minutes(body: Body) -> int | None:
    text = body.text("durationMins")
    return int(text) if text and text.isdigit() else None


def _found(session: Session, appointment_uuid: str) -> Appointment:
    found = agenda.find(session, appointment_uuid)
    assert found is not None
    return found
