"""How appointments show: plain maps without links, moments in milliseconds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from reprise_platform.standin import dates
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.model import Metadata, Patient
from reprise_platform.standin.model_agenda import Appointment, Attendant, Service


def show_all(appointments: Sequence[Appointment]) -> list[Json]:
    """Return appointments, a bare list."""
    return [show(appointment) for appointment in appointments]


def show(appointment: Appointment) -> dict[str, Json]:
    """Return an appointment."""
    service = appointment.service()
    return {
        "uuid": appointment.uuid,
        "appointmentNumber": appointment.number,
        "dateCreated": _milliseconds(appointment.created),
        "dateAppointmentScheduled": _milliseconds(appointment.scheduled),
        "patient": _patient(appointment.patient()),
        "service": show_service(service) if service else None,
        "serviceType": None,
        "provider": None,
        "location": _place(appointment.location()),
        "startDateTime": _milliseconds(appointment.start),
        "endDateTime": _milliseconds(appointment.end),
        "appointmentKind": appointment.kind,
        "status": appointment.status,
        "comments": appointment.comments,
        "additionalInfo": None,
        "teleconsultation": None,
        "providers": [_attendant(one) for one in appointment.attendants()],
        "voided": appointment.voided,
        "extensions": {"patientEmailDefined": False},
        "teleconsultationLink": appointment.link,
        "priority": appointment.priority,
        "reasons": [],
        "recurring": False,
    }


def show_services(services: Sequence[Service], *, full: bool) -> list[Json]:
    """Return services, a bare list."""
    return [show_service(service, full=full) for service in services]


def show_service(service: Service, *, full: bool = False) -> dict[str, Json]:
    """Return a service; in full it has its hours and its types, of which we keep none."""
    shown: dict[str, Json] = {
        "appointmentServiceId": service.id,
        "name": service.name,
        "description": service.description,
        "speciality": _pair(service.speciality),
        "startTime": service.start_time,
        "endTime": service.end_time,
        "maxAppointmentsLimit": service.most,
        "durationMins": service.duration_mins,
        "location": _pair(service.location),
        "uuid": service.uuid,
        "color": service.color,
        "initialAppointmentStatus": service.initial_status,
        "creatorName": None,
    }
    if full:
        shown |= {"weeklyAvailability": [], "serviceTypes": []}
    return shown


_SUMMED = frozenset({"Completed", "Scheduled", "CheckedIn", "Missed"})


def show_summaries(
    services: Sequence[Service], appointments: Sequence[Appointment]
) -> list[Json]:
    """Return for each service how many appointments it has a day, a bare list."""
    days: dict[tuple[str, dt.date], list[Appointment]] = {}
    for one in appointments:
        service = one.service()
        if service is not None and one.start is not None and one.status in _SUMMED:
            days.setdefault((service.uuid, one.start.date()), []).append(one)
    found: list[Json] = []
    for service in services:
        counts: dict[str, Json] = {
            f"{day}": {
                "appointmentDate": _milliseconds(dt.datetime.combine(day, dt.time())),
                "appointmentServiceUuid": uuid,
                "allAppointmentsCount": len(listed),
                "missedAppointmentsCount": sum(o.status == "Missed" for o in listed),
            }
            for (uuid, day), listed in days.items()
            if uuid == service.uuid
        }
        found.append(
            {
                "appointmentService": show_service(service),
                "appointmentCountMap": counts,
            }
        )
    return found


def _milliseconds(moment: dt.datetime | None) -> Json:
    if moment is None:
        return None
    return int(moment.replace(tzinfo=dt.UTC).timestamp() * 1000)


def _patient(patient: Patient) -> Json:
    born, number = patient.birthdate, patient.identifier
    age = dates.age_years(born, dates.now().date()) if born else None
    birth = dt.datetime.combine(born, dt.time()) if born else None
    shown: dict[str, Json] = {
        "name": patient.person_display,
        "uuid": patient.uuid,
        "identifier": number.identifier if number else None,
        "age": age,
        "gender": patient.gender,
        "birthDate": _milliseconds(birth),
        "customAttributes": {},
    }
    for identifier in patient.identifiers():
        name = identifier.type.name.replace("-", "").replace(" ", "")
        before = shown.get(name)
        value = identifier.identifier
        shown[name] = f"{before},{value}" if before else value
    return shown


def _place(place: Metadata | None) -> Json:
    return {"name": place.name, "uuid": place.uuid} if place else None


def _pair(thing: tuple[str, str] | None) -> Json:
    return {"name": thing[0], "uuid": thing[1]} if thing else {}


def _attendant(attendant: Attendant) -> Json:
    return {
        "uuid": attendant.uuid,
        "name": attendant.name,
        "response": attendant.response,
        "comments": attendant.comments,
    }
