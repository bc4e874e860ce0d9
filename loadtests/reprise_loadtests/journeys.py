"""The clinical journeys: register, consult, audiogram."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping

from reprise_loadtests.care import (
    Draw,
    end_visit,
    read_chart,
    read_known_patient,
    record_encounter,
    register_patient,
    search,
    start_visit,
)
from reprise_loadtests.content import EncounterContent
from reprise_loadtests.desk import Desk
from reprise_loadtests.hearing import draw_audiogram, draw_vitals
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


def audiogram(desk: Desk, known: KnownPatients, rng: random.Random) -> None:
    """Find a patient and examine them: vital signs, audiogram, end of the visit."""
    desk.login()
    with _taken(known, rng) as draw:
        patient = search(desk, known, draw, rng)
        read_known_patient(desk, known, lambda: patient)
        visit = read_chart(desk, patient.uuid) or start_visit(desk, patient.uuid)
        record_encounter(
            desk,
            "record_vitals",
            EncounterContent(
                patient=patient.uuid,
                encounter_type=openmrs.VITALS,
                visit=visit.uuid,
                entries=draw_vitals(rng),
            ),
        )
        examination = record_encounter(
            desk,
            "record_audiogram",
            EncounterContent(
                patient=patient.uuid,
                encounter_type=openmrs.AUDIOGRAM,
                visit=visit.uuid,
                entries=draw_audiogram(rng, age_years=rng.randint(35, 92)),
            ),
        )
        desk.read_back(examination)
        end_visit(desk, visit)


JOURNEYS: Mapping[JourneyName, Callable[[Desk, KnownPatients, random.Random], None]] = {
    "register": register,
    "consult": consult,
    "audiogram": audiogram,
}


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
