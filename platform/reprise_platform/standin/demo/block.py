"""The rows of some patients, one after the other, as LOAD DATA reads them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import random
from collections.abc import Iterator
from typing import Final

from reprise_platform import openmrs
from reprise_platform.standin import luhn
from reprise_platform.standin.demo import names
from reprise_platform.standin.demo.layout import STRIDES, VISITS_MOST, Layout
from reprise_platform.standin.demo.metadata import Metadata

PATIENTS: Final = 500
"""Patients of a block: one transaction, some 20,000 rows and 3 MB."""

NUMBER_LENGTH: Final = 6

COLUMNS: Final = {
    "person": "person_id, gender, birthdate, creator, date_created, uuid",
    "person_name": "person_name_id, preferred, person_id, given_name, family_name, "
    "creator, date_created, uuid",
    "person_address": "person_address_id, person_id, preferred, address1, city_village, "
    "postal_code, country, creator, date_created, uuid",
    "person_attribute": "person_attribute_id, person_id, value, "
    "person_attribute_type_id, creator, date_created, uuid",
    "patient": "patient_id, creator, date_created",
    "patient_identifier": "patient_identifier_id, patient_id, identifier, "
    "identifier_type, preferred, location_id, creator, date_created, uuid",
    "visit": "visit_id, patient_id, visit_type_id, date_started, date_stopped, "
    "location_id, creator, date_created, uuid",
    "encounter": "encounter_id, encounter_type, patient_id, location_id, "
    "encounter_datetime, visit_id, creator, date_created, uuid",
    "encounter_provider": "encounter_provider_id, encounter_id, provider_id, "
    "encounter_role_id, creator, date_created, uuid",
    "obs": "obs_id, concept_id, encounter_id, obs_datetime, location_id, person_id, "
    "obs_group_id, value_numeric, creator, date_created, uuid",
}
"""Table to its columns, those referred to first."""

_LAST_DAY = dt.datetime(2025, 12, 31)  # noqa: DTZ001 - as stored: the server's UTC
_DAYS = 3 * 365
_NULL = "\\N"
_STEP_DB = 5
_OCTAVES = {hertz: math.log2(hertz / 1000) for hertz in openmrs.THRESHOLDS["left"]}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    patient: int
    number: int
    place: int
    begun: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Circumstances:
    """What the observations of one encounter share: its columns, as text."""

    patient: int
    said: str
    made: str


class Block:
    """Some patients' rows: `lines` has each table's, one line a row.

    The same for the same seed and block, whatever was drawn before.
    """

    def __init__(
        self, layout: Layout, metadata: Metadata, *, first: int, count: int
    ) -> None:
        self.lines: dict[str, list[str]] = {table: [] for table in COLUMNS}
        self._layout = layout
        self._known = metadata
        self._rng = random.Random(f"{layout.seed}:{first}")
        self._prefixes = {table: layout.prefix(table) for table in STRIDES}
        for patient in range(first, first + count):
            self._add(patient)

    def _add(self, patient: int) -> None:
        rng, known = self._rng, self._known
        gender = rng.choice("FM")
        year = round(rng.triangular(1926, 2018, 1948))
        birth = dt.date(year, 1, 1) + dt.timedelta(days=rng.randrange(365))
        place = rng.choice(known.places)
        visits = sorted(self._visits(patient, place), key=lambda each: each.begun)
        made = f"{known.user}\t{visits[0].begun}"
        person = self._layout.key("person", patient)
        self._row("person", patient, 0, f"{gender}\t{birth}\t{made}")
        given = rng.choice(names.GIVEN[gender])
        family = f"{rng.choice(names.FAMILIES)}-{names.MARK}"
        named = f"1\t{person}\t{given}\t{family}\t{made}"
        self._row("person_name", patient, 0, named)
        street = f"{rng.randint(1, 99)} {rng.choice(names.STREETS)}"
        town = f"{names.TOWN}\t{names.POSTAL_CODE}\tFrance"
        self._row(
            "person_address", patient, 0, f"{person}\t1\t{street}\t{town}\t{made}"
        )
        phone = f"{rng.choice(names.FICTION_PREFIXES)}{rng.randrange(10_000):04d}"
        attribute = f"{person}\t{phone}\t{known.phone}\t{made}"
        self._row("person_attribute", patient, 0, attribute)
        self.lines["patient"].append(f"{person}\t{made}\n")
        number = luhn.identifier(self._layout.first_number + patient, NUMBER_LENGTH)
        numbered = f"{person}\t{number}\t{known.identifier_type}\t1\t{place}\t{made}"
        self._row("patient_identifier", patient, 0, numbered)
        for order, visit in enumerate(visits):
            age = visit.begun.year - year
            audiogram = order == 0 or rng.random() < 0.5  # noqa: PLR2004 - half of them
            self._add_visit(dataclasses.replace(visit, number=order), age, audiogram)

    def _visits(self, patient: int, place: int) -> Iterator[_Visit]:
        rng = self._rng
        days = rng.sample(range(_DAYS), k=rng.randint(1, VISITS_MOST))
        for day in days:
            opening = dt.timedelta(days=day, hours=-rng.randint(5, 14))
            begun = _LAST_DAY - opening - dt.timedelta(minutes=rng.randrange(60))
            yield _Visit(patient=patient, number=0, place=place, begun=begun)

    def _add_visit(self, visit: _Visit, age_years: int, audiogram: bool) -> None:  # noqa: FBT001
        known, place, begun = self._known, visit.place, visit.begun
        person = self._layout.key("person", visit.patient)
        made = f"{known.user}\t{begun}"
        stopped = begun + dt.timedelta(minutes=self._rng.randint(35, 75))
        stay = f"{person}\t{known.visit_type}\t{begun}\t{stopped}\t{place}\t{made}"
        self._row("visit", visit.patient, visit.number, stay)
        first = visit.number * (STRIDES["obs"] // VISITS_MOST)
        soon = begun + dt.timedelta(minutes=5)
        encounter = self._encounter(visit, 0, known.vitals, soon)
        where = self._circumstances(visit, encounter, soon)
        rng = self._rng
        systolic = round(min(190, max(95, rng.gauss(132, 16))))
        pulse = round(min(115, max(48, rng.gauss(74, 10))))
        diastolic = round(systolic * rng.uniform(0.55, 0.68))
        measured = (
            (known.pulse, pulse),
            (known.systolic, systolic),
            (known.diastolic, diastolic),
        )
        for offset, (concept, value) in enumerate(measured):
            self._obs(where, first + offset, concept, value)
        if audiogram:
            later = begun + dt.timedelta(minutes=15)
            encounter = self._encounter(visit, 1, known.audiogram, later)
            where = self._circumstances(visit, encounter, later)
            self._audiogram(where, first + len(measured), age_years)

    def _encounter(
        self, visit: _Visit, order: int, kind: int, moment: dt.datetime
    ) -> int:
        known, layout, patient = self._known, self._layout, visit.patient
        place = 2 * visit.number + order
        key = layout.key("encounter", patient, place)
        person = layout.key("person", patient)
        stay = layout.key("visit", patient, visit.number)
        made = f"{known.user}\t{moment}"
        said = f"{kind}\t{person}\t{visit.place}\t{moment}\t{stay}\t{made}"
        self._row("encounter", patient, place, said)
        said = f"{key}\t{known.provider}\t{known.role}\t{made}"
        self._row("encounter_provider", patient, place, said)
        return key

    def _circumstances(
        self, visit: _Visit, encounter: int, moment: dt.datetime
    ) -> _Circumstances:
        person = self._layout.key("person", visit.patient)
        return _Circumstances(
            patient=visit.patient,
            said=f"{encounter}\t{moment}\t{visit.place}\t{person}",
            made=f"{self._known.user}\t{moment}",
        )

    def _audiogram(self, where: _Circumstances, first: int, age_years: int) -> None:
        """Both ears' thresholds: age takes some dB, and more of each octave above 1 kHz."""
        gauss = self._rng.gauss
        base_db = max(0.0, (age_years - 30) * 0.55) + gauss(5, 6)
        slope_db = max(0.0, (age_years - 20) * 0.14) + gauss(2, 2)
        low_db, high_db = openmrs.THRESHOLD_RANGE_DB
        offset = first
        for panel, thresholds in self._known.ears:
            group = self._layout.key("obs", where.patient, offset)
            self._obs(where, offset, panel, _NULL)
            for hertz, concept in thresholds:
                offset += 1
                level_db = base_db + slope_db * _OCTAVES[hertz] + gauss(0, 3)
                heard = _STEP_DB * round(level_db / _STEP_DB)
                value = int(min(high_db, max(low_db, heard)))
                self._obs(where, offset, concept, value, group)
            offset += 1

    def _obs(
        self,
        where: _Circumstances,
        place: int,
        concept: int,
        value: int | str,
        group: int | str = _NULL,
    ) -> None:
        said = f"{concept}\t{where.said}\t{group}\t{value}\t{where.made}"
        self._row("obs", where.patient, place, said)

    def _row(self, table: str, patient: int, place: int, said: str) -> None:
        """Add a row: its key first, its uuid last."""
        number = patient * STRIDES[table] + place
        key = self._layout.firsts[table] + number
        uuid = f"{self._prefixes[table]}{number:012x}"
        self.lines[table].append(f"{key}\t{said}\t{uuid}\n")
