"""Resources by uuid and by key, voided ones told apart."""

from __future__ import annotations

from collections.abc import Sequence

from reprise_platform.standin.database import Session
from reprise_platform.standin.fhir import (
    encounter,
    location,
    observation,
    outcomes,
    patient,
)
from reprise_platform.standin.fhir.location import Place
from reprise_platform.standin.fhir.parts import Shown
from reprise_platform.standin.store import care, patients

_PLACE = (
    "SELECT location_id, uuid, name, description, retired, "
    "COALESCE(date_changed, date_created), address1, address2 FROM location "
)


def read(session: Session, kind: str, uuid: str) -> Shown:
    """Return the resource of a uuid.

    Raises:
        FhirError: there is none (404), or it is voided (410).
    """
    if kind == "Location":
        for place in _places(session, "uuid", [uuid]):
            return location.show(place)
        raise outcomes.unknown(kind, uuid)
    shown: Shown | None = None
    voided = False
    if kind == "Patient" and (found := patients.find(session, uuid)):
        shown, voided = patient.show(found), found.voided
    elif kind == "Observation" and (obs := care.find_obs(session, uuid)):
        shown, voided = observation.show(obs), obs.voided
    elif kind == "Encounter":
        if act := care.find_encounter(session, uuid):
            shown, voided = encounter.show(act), act.voided
        elif visit := care.find_visit(session, uuid):
            shown, voided = encounter.show_visit(visit), visit.voided
    if shown is None:
        raise outcomes.unknown(kind, uuid)
    if voided:
        raise outcomes.gone(kind, uuid)
    return shown


def load(session: Session, kind: str, found: Sequence[tuple[str, int]]) -> list[Shown]:
    """Return the resources that a search found, in its order."""
    keys = [key for tag, key in found if tag != "visit"]
    if kind == "Location":
        places = {each.id: each for each in _places(session, "location_id", keys)}
        return [location.show(places[key]) for key in keys]
    if kind == "Patient":
        people = patients.load(session, keys)
        return [patient.show(people[key]) for key in keys]
    if kind == "Observation":
        observed = care.load_obs(session, keys)
        return [observation.show(observed[key]) for key in keys]
    acts = care.load_encounters(session, keys)
    visits = care.load_visits(session, [key for tag, key in found if tag == "visit"])
    return [
        encounter.show_visit(visits[key])
        if tag == "visit"
        else encounter.show(acts[key])
        for tag, key in found
    ]


def _places(session: Session, column: str, wanted: Sequence[object]) -> list[Place]:
    if not wanted:
        return []
    rows = session.rows(f"{_PLACE} WHERE {column} IN %s", tuple(wanted))
    return [
        Place(
            id=row[0],
            uuid=row[1],
            name=row[2],
            description=row[3],
            retired=bool(row[4]),
            changed=row[5],
            lines=(row[6], row[7]),
        )
        for row in rows
    ]
