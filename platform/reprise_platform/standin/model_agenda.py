"""Appointments and what they are for, as the tables of OpenMRS's module hold them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Sequence

from reprise_platform.standin.model import Later, Metadata, Patient


class Kind(enum.StrEnum):
    """How an appointment came about."""

    SCHEDULED = "Scheduled"
    WALK_IN = "WalkIn"
    VIRTUAL = "Virtual"


class Status(enum.StrEnum):
    """What became of an appointment."""

    REQUESTED = "Requested"
    WAIT_LIST = "WaitList"
    SCHEDULED = "Scheduled"
    ARRIVED = "Arrived"
    CHECKED_IN = "CheckedIn"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"
    MISSED = "Missed"

    @property
    def sequence(self) -> int:
        """Its place in an appointment's life; a status never goes back to one before."""
        return _SEQUENCE.get(self, 4)


_SEQUENCE = {
    Status.REQUESTED: 0,
    Status.WAIT_LIST: 0,
    Status.SCHEDULED: 1,
    Status.ARRIVED: 2,
    Status.CHECKED_IN: 3,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What one comes for; `speciality` is (name, uuid), and so is `location`."""

    id: int
    uuid: str
    name: str
    description: str | None
    start_time: str
    end_time: str
    most: int | None
    duration_mins: int | None
    color: str | None
    initial_status: str | None
    speciality: tuple[str, str] | None
    location: tuple[str, str] | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attendant:
    """Who receives the patient."""

    uuid: str
    name: str | None
    response: str
    comments: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A patient expected at a time."""

    id: int
    uuid: str
    number: str
    created: dt.datetime
    scheduled: dt.datetime | None
    start: dt.datetime | None
    end: dt.datetime | None
    kind: str
    status: str
    comments: str | None
    priority: str | None
    link: str | None
    voided: bool
    patient: Later[Patient]
    service: Later[Service | None]
    location: Later[Metadata | None]
    attendants: Later[Sequence[Attendant]]
