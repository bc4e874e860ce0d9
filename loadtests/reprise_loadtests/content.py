"""What a user writes down, apart from how OpenMRS carries it.

Each class is the content of one clinical object, in normal form: what two readers who
agree on the object agree on, whatever the server adds around it.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from reprise_platform import openmrs

type ClinicalType = Literal[
    "patient", "visit", "encounter", "appointment", "attachment"
]

CLINICAL_TYPES: tuple[ClinicalType, ...] = (
    "patient",
    "visit",
    "encounter",
    "appointment",
    "attachment",
)


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
    """What was found in one encounter. `visit` and `location` are not in its digest."""

    patient: str
    encounter_type: str
    visit: str | None
    entries: tuple[Observation | ObservationGroup, ...]
    location: str = openmrs.OUTPATIENT_CLINIC

    def leaves(self) -> tuple[Observation, ...]:
        """Return the observations that carry a value, out of their groups."""
        found: list[Observation] = []
        for entry in self.entries:
            if isinstance(entry, ObservationGroup):
                found.extend(entry.members)
            else:
                found.append(entry)
        return tuple(found)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentContent:
    """A time kept for a patient: uuids of patient, service and location.

    `start_s` and `end_s` are whole seconds since 1970, which is all a database keeps.
    """

    patient: str
    service: str
    location: str
    kind: Literal["Scheduled", "WalkIn"]
    start_s: int
    end_s: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentContent:
    """A document of a patient's; its bytes are all its digest knows."""

    patient: str
    visit: str | None
    document: bytes = dataclasses.field(repr=False)


type Content = (
    PatientContent
    | VisitContent
    | EncounterContent
    | AppointmentContent
    | AttachmentContent
)
