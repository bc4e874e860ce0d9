"""The journeys of a hearing centre, by who goes through them.

The assistant registers, books and checks in; the audioprothésiste reads charts, examines,
fits, follows up and files documents; the manager looks at the day.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
from collections.abc import Callable, Iterator, Mapping

from reprise_loadtests.booking import (
    attach_audiogram,
    book_appointment,
    check_conflicts,
    check_in_patient,
    draw_appointment,
    read_agenda,
    read_appointments,
    read_summary,
)
from reprise_loadtests.care import (
    Draw,
    OpenVisit,
    end_visit,
    read_chart,
    read_known_patient,
    record_encounter,
    register_patient,
    search,
    start_visit,
)
from reprise_loadtests.content import (
    EncounterContent,
    Observation,
    ObservationGroup,
)
from reprise_loadtests.desk import Desk, Write
from reprise_loadtests.dictionary import FITTING, FOLLOW_UP
from reprise_loadtests.hearing import (
    draw_audiogram,
    draw_examination,
    draw_fitting,
    draw_follow_up,
    draw_vitals,
)
from reprise_loadtests.known import KnownPatient, KnownPatients
from reprise_loadtests.profile import JourneyName
from reprise_platform import openmrs


def register(desk: Desk, known: KnownPatients, rng: random.Random) -> None:
    """Register someone new, who stays in the centre: their visit is left open."""
    desk.login()
    read_known_patient(desk, known, lambda: known.draw_before(rng))
    patient, write = register_patient(desk, rng)
    start_visit(desk, patient.uuid)
    desk.read_back(write)
    known.add(patient)


def consult(desk: Desk, known: KnownPatients, rng: random.Random) -> None:
    """Find a patient registered before, and read their record."""
    desk.login()
    patient = search(desk, known, lambda: known.draw_before(rng), rng)
    read_known_patient(desk, known, lambda: patient)
    read_chart(desk, patient.uuid)


def appointment(desk: Desk, known: KnownPatients, rng: random.Random) -> None:
    """Book a patient's next appointment."""
    desk.login()
    patient = search(desk, known, lambda: known.draw_before(rng), rng)
    wanted = draw_appointment(desk, patient.uuid, rng)
    check_conflicts(desk, wanted)
    write, _ = book_appointment(desk, wanted)
    desk.read_back(write)


def check_in(desk: Desk, known: KnownPatients, rng: random.Random) -> None:
    """Receive a patient, booked for today or not: they are in, their visit is open."""
    desk.login()
    with _taken(known, rng) as draw:
        patient = search(desk, known, draw, rng)
        booked = read_appointments(desk, patient.uuid)
        if booked is None:
            _, booked = book_appointment(
                desk, draw_appointment(desk, patient.uuid, rng, walks_in=True)
            )
        if booked is not None:
            check_in_patient(desk, booked)
        _ = read_chart(desk, patient.uuid) or start_visit(desk, patient.uuid)


def audiogram(desk: Desk, known: KnownPatients, rng: random.Random) -> None:
    """Find a patient and examine them: vital signs, audiogram, end of the visit."""
    with _examined(desk, known, rng) as seen:
        _record(desk, seen, "record_vitals", openmrs.VITALS, draw_vitals(rng))
        draw = draw_examination if desk.site.is_full else draw_audiogram
        found = draw(rng, age_years=rng.randint(35, 92))
        write = _record(desk, seen, "record_audiogram", openmrs.AUDIOGRAM, found)
        desk.read_back(write)
        end_visit(desk, seen.visit)


def fitting(desk: Desk, known: KnownPatients, rng: random.Random) -> None:
    """Fit hearing aids, and book the follow-up."""
    with _examined(desk, known, rng) as seen:
        write = _record(desk, seen, "record_fitting", FITTING.uuid, draw_fitting(rng))
        desk.read_back(write)
        follow_up_at = draw_appointment(desk, seen.patient, rng, in_days=30)
        book_appointment(desk, follow_up_at)
        end_visit(desk, seen.visit)


def follow_up(desk: Desk, known: KnownPatients, rng: random.Random) -> None:
    """See a fitted patient again: hours worn, satisfaction, a note."""
    with _examined(desk, known, rng) as seen:
        write = _record(
            desk, seen, "record_follow_up", FOLLOW_UP.uuid, draw_follow_up(rng)
        )
        desk.read_back(write)
        end_visit(desk, seen.visit)


def attachment(desk: Desk, known: KnownPatients, rng: random.Random) -> None:
    """File an audiogram as a document, and read its bytes back."""
    desk.login()
    patient = search(desk, known, lambda: known.draw_before(rng), rng)
    read_chart(desk, patient.uuid)
    write = attach_audiogram(desk, patient, rng)
    desk.read_back(write)


def agenda(desk: Desk, known: KnownPatients, rng: random.Random) -> None:
    """Look at the day: its appointments, and how many of each service."""
    del known, rng
    desk.login()
    read_agenda(desk)
    read_summary(desk)


type Journey = Callable[[Desk, KnownPatients, random.Random], None]

JOURNEYS: Mapping[JourneyName, Journey] = {
    "register": register,
    "appointment": appointment,
    "check_in": check_in,
    "consult": consult,
    "audiogram": audiogram,
    "fitting": fitting,
    "follow_up": follow_up,
    "attachment": attachment,
    "agenda": agenda,
}

ROLES: Mapping[str, tuple[JourneyName, ...]] = {
    "assistant": ("register", "appointment", "check_in"),
    "audioprothesiste": (
        "consult",
        "audiogram",
        "fitting",
        "follow_up",
        "attachment",
    ),
    "manager": ("agenda",),
}
"""Who goes through which journeys: each journey is somebody's."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A patient in front of the user: uuid, and the visit that is open."""

    patient: str
    visit: OpenVisit


@contextlib.contextmanager
def _examined(desk: Desk, known: KnownPatients, rng: random.Random) -> Iterator[_Seen]:
    """Log in, find a patient nobody else is with, and have their visit open."""
    desk.login()
    with _taken(known, rng) as draw:
        patient = search(desk, known, draw, rng)
        read_known_patient(desk, known, lambda: patient)
        visit = read_chart(desk, patient.uuid) or start_visit(desk, patient.uuid)
        yield _Seen(patient=patient.uuid, visit=visit)


def _record(
    desk: Desk,
    seen: _Seen,
    operation: str,
    encounter_type: str,
    entries: tuple[Observation | ObservationGroup, ...],
) -> Write:
    content = EncounterContent(
        patient=seen.patient,
        encounter_type=encounter_type,
        visit=seen.visit.uuid,
        entries=entries,
        location=desk.site.centre,
    )
    return record_encounter(desk, operation, content)


@contextlib.contextmanager
def _taken(known: KnownPatients, rng: random.Random) -> Iterator[Draw]:
    """Give a draw whose patients are nobody else's until the examination is over."""
    drawn: list[str] = []

    def draw() -> KnownPatient | None:
        patient = known.draw_free(rng)
        if patient is not None:
            drawn.append(patient.uuid)
        return patient

    try:
        yield draw
    finally:
        for taken in drawn:
            known.release(taken)
