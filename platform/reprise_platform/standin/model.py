"""The objects of the record, as the tables hold them.

What an object refers to is fetched when a representation first asks for it, for all the
objects read together at once: a `Later` is that promise.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Later: TypeAlias = Callable[[], T]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A location, a type, a role, a class: a name with a uuid."""

    id: int
    uuid: str
    name: str
    description: str | None
    retired: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Someone who can log in."""

    id: int
    uuid: str
    username: str
    system_id: str
    password: str
    salt: str
    person_uuid: str
    person_name: str

    @property
    def display(self) -> str:
        """The name shown."""
        return self.username or self.system_id


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Who made a row and who changed it; a user is (uuid, name shown)."""

    creator: tuple[str, str] | None
    date_created: dt.datetime
    changer: tuple[str, str] | None
    date_changed: dt.datetime | None
    voider: tuple[str, str] | None = None
    date_voided: dt.datetime | None = None
    void_reason: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Someone who gives care."""

    id: int
    uuid: str
    identifier: str | None
    name: str
    person_uuid: str | None
    retired: bool

    @property
    def display(self) -> str:
        """Number and name, as OpenMRS shows them."""
        return f"{self.identifier or '?'} - {self.name}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ConceptName:
    """A concept's name in one language."""

    uuid: str
    concept_uuid: str
    name: str
    locale: str
    preferred: bool
    type: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Numeric:
    """What a numeric concept accepts."""

    low_absolute: float | None
    hi_absolute: float | None
    units: str | None
    allow_decimal: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A question, an answer or a panel of the dictionary."""

    id: int
    uuid: str
    name: ConceptName
    names: Later[Sequence[ConceptName]]
    datatype: Metadata
    concept_class: Metadata
    is_set: bool
    retired: bool
    numeric: Numeric | None
    answers: Later[Sequence[Concept]]
    members: Later[Sequence[Concept]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PersonName:
    """A name of a person."""

    uuid: str
    person_uuid: str
    given: str | None
    middle: str | None
    family: str | None
    family2: str | None
    preferred: bool

    @property
    def display(self) -> str:
        """The parts there are, in order."""
        parts = (self.given, self.middle, self.family)
        return " ".join(part for part in parts if part)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address of a person."""

    uuid: str
    person_uuid: str
    preferred: bool
    address1: str | None
    address2: str | None
    city_village: str | None
    state_province: str | None
    country: str | None
    postal_code: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A further property of a person, a telephone number for instance."""

    uuid: str
    person_uuid: str
    type: Metadata
    value: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A number of a patient."""

    uuid: str
    patient_uuid: str
    identifier: str
    type: Metadata
    location: Metadata | None
    preferred: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A person in care; the two share their uuid."""

    id: int
    uuid: str
    gender: str | None
    birthdate: dt.date | None
    birthdate_estimated: bool
    dead: bool
    death_date: dt.datetime | None
    voided: bool
    names: Later[Sequence[PersonName]]
    addresses: Later[Sequence[Address]]
    attributes: Later[Sequence[Attribute]]
    identifiers: Later[Sequence[Identifier]]
    audit: Later[Audit | None]

    @property
    def name(self) -> PersonName | None:
        """The preferred name."""
        names = self.names()
        return names[0] if names else None

    @property
    def person_display(self) -> str:
        """The preferred name, written."""
        return self.name.display if self.name else ""

    @property
    def identifier(self) -> Identifier | None:
        """The preferred number."""
        identifiers = self.identifiers()
        return identifiers[0] if identifiers else None

    @property
    def display(self) -> str:
        """The preferred number and name."""
        number = self.identifier.identifier if self.identifier else ""
        return f"{number} - {self.person_display}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A patient's stay at a centre."""

    id: int
    uuid: str
    type: Metadata
    location: Metadata | None
    started: dt.datetime
    stopped: dt.datetime | None
    voided: bool
    patient: Later[Patient]
    encounters: Later[Sequence[Encounter]]
    audit: Later[Audit | None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EncounterProvider:
    """Who took which part in an encounter."""

    uuid: str
    encounter_uuid: str
    provider: Provider
    role: Metadata
    voided: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """One act of care, with what was observed."""

    id: int
    uuid: str
    type: Metadata
    location: Metadata | None
    moment: dt.datetime
    voided: bool
    patient: Later[Patient]
    visit: Later[Visit | None]
    providers: Later[Sequence[EncounterProvider]]
    obs: Later[Sequence[Obs]]
    audit: Later[Audit | None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Obs:
    """An observation: a value, or a group of observations."""

    id: int
    uuid: str
    moment: dt.datetime
    comment: str | None
    status: str
    voided: bool
    number: float | None
    text: str | None
    datetime: dt.datetime | None
    concept: Later[Concept]
    coded: Later[Concept | None]
    location: Later[Metadata | None]
    person: Later[Patient]
    encounter: Later[Encounter | None]
    group: Later[Obs | None]
    members: Later[Sequence[Obs]]
    audit: Later[Audit | None]
