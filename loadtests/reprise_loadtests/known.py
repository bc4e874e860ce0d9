"""The patients a clinic knows: registered before the load started, or by it since."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Mapping

from reprise_pra.history import Event, JsonValue, Kind


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KnownPatient:
    """Enough of a registered patient to look them up."""

    uuid: str
    family: str
    given: str
    identifier: str

    def event_value(self) -> dict[str, JsonValue]:
        """Return what the registration's event keeps, besides the uuid."""
        return {
            "family": self.family,
            "given": self.given,
            "identifier": self.identifier,
        }


class KnownPatients:
    """The pool journeys draw from. Lost patients leave it for good."""

    def __init__(self, before: Iterable[KnownPatient]) -> None:
        """Start with the patients registered `before` the load."""
        self._before = list(before)
        self._since: list[KnownPatient] = []
        self._busy: set[str] = set()

    def __len__(self) -> int:
        return len(self._before) + len(self._since)

    @property
    def before(self) -> tuple[KnownPatient, ...]:
        """Return those registered before the load that are not lost."""
        return tuple(self._before)

    def draw_before(self, rng: random.Random) -> KnownPatient | None:
        """Draw a patient registered before the load; None when none is left."""
        return rng.choice(self._before) if self._before else None

    def draw_free(self, rng: random.Random) -> KnownPatient | None:
        """Draw any patient who is in no other examination, and keep them busy.

        OpenMRS refuses a second open visit, so an examination has its patient to itself.
        """
        free = [
            patient
            for patient in (*self._before, *self._since)
            if patient.uuid not in self._busy
        ]
        if not free:
            return None
        patient = rng.choice(free)
        self._busy.add(patient.uuid)
        return patient

    def release(self, uuid: str) -> None:
        """Let others examine this patient again."""
        self._busy.discard(uuid)

    def add(self, patient: KnownPatient) -> None:
        """Add a patient registered by this load."""
        self._since.append(patient)

    def forget(self, uuid: str) -> None:
        """Remove a patient the server no longer has."""
        self._before = [patient for patient in self._before if patient.uuid != uuid]
        self._since = [patient for patient in self._since if patient.uuid != uuid]
        self._busy.discard(uuid)


def registered(events: Iterable[Event]) -> tuple[KnownPatient, ...]:
    """Return the patients whose registration was acknowledged, from recorded events."""
    asked: dict[tuple[str, str], KnownPatient] = {}
    found: list[KnownPatient] = []
    for event in events:
        if event.operation != "register_patient":
            continue
        key = (event.process, event.op_id)
        if event.kind is Kind.INVOKE:
            patient = _read(event.value)
            if patient is not None:
                asked[key] = patient
        elif event.kind is Kind.OK and key in asked:
            found.append(asked[key])
    return tuple(found)


def _read(value: Mapping[str, JsonValue]) -> KnownPatient | None:
    patient = value.get("patient")
    if not isinstance(patient, Mapping):
        return None
    fields = (
        value.get("uuid"),
        patient.get("family"),
        patient.get("given"),
        patient.get("identifier"),
    )
    match fields:
        case str(uuid), str(family), str(given), str(identifier):
            return KnownPatient(
                uuid=uuid, family=family, given=given, identifier=identifier
            )
        case _:
            return None
