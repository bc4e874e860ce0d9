"""Appointments and services, read."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reprise_platform.standin.database import Row, Session
from reprise_platform.standin.model_agenda import Appointment, Attendant, Service
from reprise_platform.standin.store import metadata, patients
from reprise_platform.standin.store.batch import Batch, many

_SERVICE = (
    "SELECT s.appointment_service_id, s.uuid, s.name, s.description, "
    "COALESCE(TIME_FORMAT(s.start_time, '%%H:%%i:%%s'), ''), "
    "COALESCE(TIME_FORMAT(s.end_time, '%%H:%%i:%%s'), ''), s.max_appointments_limit, "
    "s.duration_mins, s.color, s.initial_appointment_status, sp.name, sp.uuid, "
    "l.name, l.uuid FROM appointment_service s "
    "LEFT JOIN appointment_speciality sp ON sp.speciality_id = s.speciality_id "
    "LEFT JOIN location l ON l.location_id = s.location_id "
)
_APPOINTMENT = (
    "SELECT a.patient_appointment_id, a.uuid, a.appointment_number, a.date_created, "
    "a.date_appointment_scheduled, a.start_date_time, a.end_date_time, "
    "a.appointment_kind, a.status, a.comments, a.priority, a.tele_health_video_link, "
    "a.voided, a.patient_id, a.appointment_service_id, a.location_id "
    "FROM patient_appointment a "
)
_ATTENDANTS = (
    "SELECT ap.patient_appointment_id, pr.uuid, "
    "COALESCE(CONCAT_WS(' ', pn.given_name, pn.family_name), pr.name), "
    "ap.response, ap.comments FROM patient_appointment_provider ap "
    "JOIN provider pr ON pr.provider_id = ap.provider_id "
    "LEFT JOIN person_name pn ON pn.person_id = pr.person_id AND pn.voided = 0 "
    "WHERE COALESCE(ap.voided, 0) = 0 "
    "AND ap.patient_appointment_id IN %s ORDER BY ap.patient_appointment_provider_id"
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AgendaFilter:
    """Which appointments; None does not filter. References are uuids."""

    patient: str | None = None
    service: str | None = None
    location: str | None = None
    provider: str | None = None
    status: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    overlaps: tuple[dt.datetime, dt.datetime] | None = None


def find(session: Session, uuid: str) -> Appointment | None:
    """Return the appointment of a uuid, voided or not."""
    rows = session.rows(f"{_APPOINTMENT} WHERE a.uuid = %s", uuid)
    found = _appointments(session, rows)
    return found[0] if found else None


def search(session: Session, wanted: AgendaFilter) -> Sequence[Appointment]:
    """Return appointments that are not voided, the first to come first."""
    start, end = wanted.overlaps or (None, None)
    conditions: list[tuple[str, object]] = [
        ("pe.uuid = %s", wanted.patient),
        ("s.uuid = %s", wanted.service),
        ("l.uuid = %s", wanted.location),
        ("a.status = %s", wanted.status),
        ("a.start_date_time >= %s", wanted.since),
        ("a.start_date_time <= %s", wanted.until),
        ("a.end_date_time > %s", start),
        ("a.start_date_time < %s", end),
        (
            (
                "EXISTS (SELECT 1 FROM patient_appointment_provider ap JOIN provider pr "
                "ON pr.provider_id = ap.provider_id WHERE COALESCE(ap.voided, 0) = 0 AND "
                "ap.patient_appointment_id = a.patient_appointment_id AND pr.uuid = %s)"
            ),
            wanted.provider,
        ),
    ]
    used = [condition for condition in conditions if condition[1] is not None]
    rows = session.rows(
        f"{_APPOINTMENT} JOIN person pe ON pe.person_id = a.patient_id "
        "LEFT JOIN appointment_service s "
        "ON s.appointment_service_id = a.appointment_service_id "
        "LEFT JOIN location l ON l.location_id = a.location_id "
        "WHERE COALESCE(a.voided, 0) = 0"
        + "".join(f" AND {clause}" for clause, _ in used)
        + " ORDER BY a.start_date_time, a.patient_appointment_id",
        *[value for _, value in used],
    )
    return _appointments(session, rows)


def services(session: Session) -> Sequence[Service]:
    """Return the services that are offered."""
    sql = f"{_SERVICE} WHERE COALESCE(s.voided, 0) = %s ORDER BY 1"
    return [_service(row) for row in session.rows(sql, 0)]


def find_service(session: Session, uuid: str) -> Service | None:
    """Return the service of a uuid."""
    row = session.row(f"{_SERVICE} WHERE s.uuid = %s", uuid)
    return None if row is None else _service(row)


def find_service_named(session: Session, name: str) -> Service | None:
    """Return the service that is offered under a name."""
    row = session.row(
        f"{_SERVICE} WHERE COALESCE(s.voided, 0) = 0 AND s.name = %s", name
    )
    return None if row is None else _service(row)


def _appointments(session: Session, rows: Sequence[Row]) -> Sequence[Appointment]:
    keys = tuple(row[0] for row in rows)
    people = Batch(lambda: patients.load(session, {row[13] for row in rows}))
    known = Batch(lambda: _services_of(session, {row[14] for row in rows if row[14]}))
    places = Batch(
        lambda: metadata.load_by_keys(
            session, "location", {row[15] for row in rows if row[15]}
        )
    )
    attendants = Batch(lambda: _attendants(session, keys))
    return [
        Appointment(
            id=row[0],
            uuid=row[1],
            number=row[2],
            created=row[3],
            scheduled=row[4],
            start=row[5],
            end=row[6],
            kind=row[7],
            status=row[8],
            comments=row[9],
            priority=row[10],
            link=row[11],
            voided=bool(row[12]),
            patient=people.one(row[13]),
            service=known.maybe(row[14]),
            location=places.maybe(row[15]),
            attendants=many(attendants, row[0]),
        )
        for row in rows
    ]


def _services_of(session: Session, keys: Iterable[int]) -> Mapping[int, Service]:
    wanted = tuple(keys)
    if not wanted:
        return {}
    rows = session.rows(f"{_SERVICE} WHERE s.appointment_service_id IN %s", wanted)
    return {row[0]: _service(row) for row in rows}


def _attendants(session: Session, keys: Sequence[int]) -> Mapping[int, list[Attendant]]:
    found: dict[int, list[Attendant]] = defaultdict(list)
    for row in session.rows(_ATTENDANTS, keys):
        attendant = Attendant(
            uuid=row[1], name=row[2], response=row[3], comments=row[4]
        )
        found[row[0]].append(attendant)
    return found


def _service(row: Row) -> Service:
    return Service(
        id=row[0],
        uuid=row[1],
        name=row[2],
        description=row[3],
        start_time=row[4],
        end_time=row[5],
        most=row[6],
        duration_mins=row[7],
        color=row[8],
        initial_status=row[9],
        speciality=(row[10], row[11]) if row[11] else None,
        location=(row[12], row[13]) if row[13] else None,
    )
