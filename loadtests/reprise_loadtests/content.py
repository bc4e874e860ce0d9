"""What a user writes down, apart from how OpenMRS carries it.

Each class is the content of one clinical object, in normal form: what two readers who
agree on the object agree on, whatever the server adds around it.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

type ClinicalType = Literal["patient", "visit", "encounter"]

CLINICAL_TYPES: tuple[ClinicalType, ...] = ("patient", "visit", "encounter")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PatientContent:
    """A person registered. `birthdate` is ISO 8601, `gender` one of M and F."""

    family: str
    given: str
    gender: str
    birthdate: str
    identifier: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VisitContent:
    """A patient come to a centre: uuids of the patient, visit type and location."""

    patient: str
    visit_type: str
    location: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One value observed: a number, or a text (a coded answer is its concept's uuid)."""

    concept: str
    value: float | str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ObservationGroup:
    """Observations under one panel concept (the thresholds of one ear)."""

    concept: str
    members: tuple[Observation, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EncounterContent:
    """What was found in one encounter. `visit` is not part of its digest."""

    patient: str
    encounter_type: str
    visit: str | None
    entries: tuple[Observation | ObservationGroup, ...]

    def leaves(self) -> tuple[Observation, ...]:
        """Return the observations that carry a value, out of their groups."""
        found: list[Observation] = []
        for entry in self.entries:
            if isinstance(entry, ObservationGroup):
                found.extend(entry.members)
            else:
                found.append(entry)
        return tuple(found)


type Content = PatientContent | VisitContent | EncounterContent
