"""What users do at their desks: each function is one clinical operation, or two.

A patient the server answers 404 for is lost, which is data loss and not unavailability:
the user turns to another one, and the operation fails only when there is no other.
"""

from __future__ import annotations

import dataclasses
import datetime
import random
import time
import urllib.parse
import uuid
from collections.abc import Callable, Mapping

from reprise_loadtests import outcome, payloads
from reprise_loadtests.content import EncounterContent, VisitContent
from reprise_loadtests.desk import Desk, Write
from reprise_loadtests.digest import is_voided
from reprise_loadtests.known import KnownPatient, KnownPatients
from reprise_loadtests.outcome import Attempt, judge, results, same_uuid
from reprise_loadtests.patients import draw_patient
from reprise_loadtests.wire import Answer
from reprise_platform import openmrs
from reprise_pra.history import JsonValue, Kind

_REST = openmrs.REST_PATH
_PATIENTS_TRIED = 4
"""Patients a user looks for before giving up, when those before are lost."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OpenVisit:
    """A visit under way; `started` is the server's time, None when it is not known."""

    uuid: str
    started: datetime.datetime | None


type Draw = Callable[[], KnownPatient | None]


def search(
    desk: Desk, known: KnownPatients, draw: Draw, rng: random.Random
) -> KnownPatient:
    """Search a known patient by name or by number until one is found."""

    def found(patient: KnownPatient) -> Attempt[KnownPatient]:
        query = rng.choice((patient.identifier, f"{patient.given} {patient.family}"))
        answer = desk.wire.request(
            "GET",
            f"{_REST}/patient?q={urllib.parse.quote(query)}&v=default&limit=50",
        )
        listed = judge(answer, status=outcome.OK, read=results)
        if listed.value is None:
            return learnt(listed, None)
        if any(item.get("uuid") == patient.uuid for item in listed.value):
            return learnt(listed, patient)
        # Either the patient is lost or the search is: reading by uuid tells which.
        read = _read_patient(desk, patient)
        if read.kind is Kind.OK:
            return Attempt(
                kind=Kind.INFO,
                status=listed.status,
                reason="search misses a patient who is there",
                end_ns=listed.end_ns,
            )
        return read

    return desk.read("search", lambda: _first_not_lost(known, draw, found))


def read_known_patient(desk: Desk, known: KnownPatients, draw: Draw) -> KnownPatient:
    """Read the record of a patient registered before."""
    return desk.read(
        "read_known_patient",
        lambda: _first_not_lost(
            known, draw, lambda patient: _read_patient(desk, patient)
        ),
    )


def read_chart(desk: Desk, patient: str) -> OpenVisit | None:
    """Read a patient's open visits and encounters; return the visit under way, if any."""

    def attempt() -> Attempt[tuple[OpenVisit, ...]]:
        visits = judge(
            desk.wire.request(
                "GET",
                f"{_REST}/visit?patient={patient}&includeInactive=false&v=default",
            ),
            status=outcome.OK,
            read=_open_visits,
        )
        if visits.kind is not Kind.OK:
            return visits
        encounters = judge(
            desk.wire.request(
                "GET", f"{_REST}/encounter?patient={patient}&v=default&limit=20"
            ),
            status=outcome.OK,
            read=results,
        )
        return learnt(encounters, visits.value)

    for visit in desk.read("read_patient", attempt):
        return visit
    return None


def register_patient(desk: Desk, rng: random.Random) -> tuple[KnownPatient, Write]:
    """Get a number and register a new synthetic patient under it."""
    person = draw_patient(rng)
    identifier = desk.read(
        "generate_identifier",
        lambda: judge(
            desk.wire.request(
                "POST",
                f"{_REST}/idgen/identifiersource/{openmrs.IDENTIFIER_SOURCE}/identifier",
                body={},
            ),
            status=outcome.CREATED,
            read=_identifier,
        ),
    )
    patient = KnownPatient(
        uuid=str(uuid.uuid4()),
        family=person.family,
        given=person.given,
        identifier=identifier,
    )
    write = Write(
        clinical_type="patient",
        uuid=patient.uuid,
        content=payloads.patient_content(person, identifier),
        extra={"patient": patient.event_value()},
    )
    body = payloads.patient_body(
        patient.uuid, person, identifier, location=desk.site.centre
    )
    desk.write("register_patient", write, creation(desk, "patient", write.uuid, body))
    return patient, write


def start_visit(desk: Desk, patient: str) -> OpenVisit:
    """Start a visit of this patient at the user's centre."""
    content = VisitContent(
        patient=patient,
        visit_type=openmrs.FACILITY_VISIT,
        location=desk.site.centre,
    )
    write = Write(clinical_type="visit", uuid=str(uuid.uuid4()), content=content)
    body = payloads.visit_body(write.uuid, content)
    answered = desk.write(
        "start_visit", write, creation(desk, "visit", write.uuid, body)
    )
    return OpenVisit(
        uuid=write.uuid, started=None if answered is None else _started(answered)
    )


def record_encounter(desk: Desk, name: str, content: EncounterContent) -> Write:
    """Record one encounter with all its observations."""
    write = Write(clinical_type="encounter", uuid=str(uuid.uuid4()), content=content)
    body = payloads.encounter_body(write.uuid, content, desk.provider)
    desk.write(name, write, creation(desk, "encounter", write.uuid, body))
    return write


def end_visit(desk: Desk, visit: OpenVisit) -> None:
    """End a visit now, never before the server's own start of it."""

    def stopped(body: JsonValue) -> bool | None:
        found = same_uuid(visit.uuid)(body)
        return True if found is not None and found.get("stopDatetime") else None

    def attempt() -> Attempt[bool]:
        now = datetime.datetime.now(datetime.UTC)
        stop = now if visit.started is None else max(now, visit.started)
        return judge(
            desk.wire.request(
                "POST",
                f"{_REST}/visit/{visit.uuid}",
                body=payloads.visit_end_body(stop),
            ),
            status=outcome.OK,
            read=stopped,
        )

    desk.read("end_visit", attempt)


def _first_not_lost(
    known: KnownPatients,
    draw: Draw,
    look: Callable[[KnownPatient], Attempt[KnownPatient]],
) -> Attempt[KnownPatient]:
    lost: list[JsonValue] = []
    ended: Attempt[KnownPatient] | None = None
    for _ in range(_PATIENTS_TRIED):
        patient = draw()
        if patient is None or patient.uuid in lost:
            break
        ended = look(patient)
        if not ended.is_absence:
            break
        known.forget(patient.uuid)
        lost.append(patient.uuid)
    if ended is None:
        return Attempt(
            kind=Kind.FAIL,
            status=None,
            reason="no known patient is left",
            end_ns=time.monotonic_ns(),
        )
    return dataclasses.replace(ended, extra={"lost": lost}) if lost else ended


def _read_patient(desk: Desk, patient: KnownPatient) -> Attempt[KnownPatient]:
    answer = desk.wire.request("GET", f"{_REST}/patient/{patient.uuid}?v=full")
    read = judge(answer, status=outcome.OK, read=same_uuid(patient.uuid))
    if read.kind is Kind.OK and is_voided(answer.body):
        read = outcome.voided(answer)
    return learnt(read, patient if read.kind is Kind.OK else None)


def creation(
    desk: Desk, resource: str, uuid_: str, body: payloads.Body
) -> Callable[[], Attempt[Mapping[str, JsonValue]]]:
    """Return what posts an object that bears the client's own uuid."""

    def attempt() -> Attempt[Mapping[str, JsonValue]]:
        answer: Answer = desk.wire.request("POST", f"{_REST}/{resource}", body=body)
        return judge(answer, status=outcome.CREATED, read=same_uuid(uuid_))

    return attempt


def learnt[A, B](attempt: Attempt[A], value: B | None) -> Attempt[B]:
    """Return the same end, with what it means for the user."""
    return Attempt(
        kind=attempt.kind,
        status=attempt.status,
        reason=attempt.reason,
        end_ns=attempt.end_ns,
        value=value,
        extra=attempt.extra,
    )


def _open_visits(body: JsonValue) -> tuple[OpenVisit, ...] | None:
    listed = results(body)
    if listed is None:
        return None
    return tuple(
        OpenVisit(uuid=uuid_, started=_started(visit))
        for visit in listed
        if isinstance(uuid_ := visit.get("uuid"), str) and not visit.get("stopDatetime")
    )


def _started(visit: Mapping[str, JsonValue]) -> datetime.datetime | None:
    text = visit.get("startDatetime")
    if not isinstance(text, str):
        return None
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return None


def _identifier(body: JsonValue) -> str | None:
    found = body.get("identifier") if isinstance(body, Mapping) else None
    return found if isinstance(found, str) and found else None
