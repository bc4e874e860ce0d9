"""What FHIR lets be written: patients, observations, and the end of either.

A resource is turned into the body that REST takes, so that what is refused there is refused
here. A client's id is not kept: the server's own is in the answer.
"""

from __future__ import annotations

import uuid

from reprise_platform.standin import errors
from reprise_platform.standin.actions import observing, people, registration, voiding
from reprise_platform.standin.body import Body
from reprise_platform.standin.database import Session
from reprise_platform.standin.fhir import outcomes, store
from reprise_platform.standin.fhir.parts import Shown
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.store import care, patients

_LOCATION = "http://fhir.openmrs.org/ext/patient/identifier#location"
_GENDERS = {"female": "F", "male": "M", "other": "O", "unknown": "U"}
_REASON = "Voided by FHIR"


def create_patient(session: Session, sent: Json, user_id: int) -> tuple[int, Shown]:
    """Register a patient; return key and resource.

    Raises:
        FhirError: a number without a place, or what REST refuses (422).
    """
    given, own = _object(sent), str(uuid.uuid4())
    numbers: list[Json] = [_number(each) for each in _objects(given.get("identifier"))]
    person: Shown = _person(given) | {"uuid": own}
    body: dict[str, Json] = {"person": person, "identifiers": numbers}
    try:
        patient = registration.register(session, Body(body, "patient"), user_id)
    except errors.ApiError as error:
        raise outcomes.unprocessable(_told(error)) from error
    return patient.id, store.read(session, "Patient", own)


def update_patient(
    session: Session, own: str, sent: Json, user_id: int
) -> tuple[int, Shown]:
    """Change a patient; names and numbers that are not there yet are added.

    Raises:
        FhirError: there is none (404), or what REST refuses (422).
    """
    patient = patients.find(session, own)
    if patient is None:
        msg = "Patient"
        raise outcomes.unknown(msg, own)
    given = _object(sent)
    known = {each.identifier for each in patient.identifiers()}
    try:
        people.change(session, own, Body(_person(given), "person"), user_id)
        for each in _objects(given.get("identifier")):
            if each.get("value") not in known:
                body = Body(_number(each), "identifier")
                people.put_part(session, "identifier", patient.id, body, user_id)
    except errors.ApiError as error:
        raise outcomes.unprocessable(_told(error)) from error
    return patient.id, store.read(session, "Patient", own)


def create_observation(session: Session, sent: Json, user_id: int) -> Shown:
    """Record an observation.

    Raises:
        FhirError: what REST refuses (422).
    """
    given = _object(sent)
    body: dict[str, Json] = {
        "person": _reference(given, "subject"),
        "encounter": _reference(given, "encounter"),
        "concept": _code(_object(given.get("code"))),
        "obsDatetime": given.get("effectiveDateTime"),
        "value": _value(given),
    }
    try:
        made = observing.observe(session, Body(body, "obs"), user_id)
    except errors.ApiError as error:
        raise outcomes.unprocessable(_told(error)) from error
    return store.read(session, "Observation", made.uuid)


def delete(session: Session, kind: str, own: str, user_id: int) -> int:
    """Void a resource; return its key.

    Raises:
        FhirError: there is none (404).
    """
    key: int | None = None
    if kind == "Patient" and (patient := patients.find(session, own)):
        key = patient.id
        voiding.void_patient(session, key, _REASON, user_id)
    elif kind == "Observation" and (obs := care.find_obs(session, own)):
        key = obs.id
        voiding.void_obs(session, key, _REASON, user_id)
    elif kind == "Encounter" and (act := care.find_encounter(session, own)):
        key = act.id
        voiding.void_encounter(session, key, _REASON, user_id)
    elif kind == "Encounter" and (visit := care.find_visit(session, own)):
        key = visit.id
        voiding.void_visit(session, key, _REASON, user_id)
    if key is None:
        raise outcomes.unknown(kind, own)
    return key


def _person(given: dict[str, Json]) -> Shown:
    names: list[Json] = []
    for each in _objects(given.get("name")):
        parts = each.get("given")
        first = parts[0] if isinstance(parts, list) and parts else None
        name: Shown = {"givenName": first, "familyName": each.get("family")}
        names.append(name | ({"uuid": each["id"]} if "id" in each else {}))
    return {
        "names": names,
        "gender": _GENDERS.get(str(given.get("gender")), "U"),
        "birthdate": given.get("birthDate"),
    }


def _number(given: dict[str, Json]) -> Shown:
    """Return a number as REST takes it.

    Raises:
        FhirError: it does not say where it was given.
    """
    value = given.get("value")
    for extension in _objects(given.get("extension")):
        if extension.get("url") == _LOCATION:
            where = _reference(extension, "valueReference")
            break
    else:
        reason = f"Identifier Location cannot be null for {value}"
        message = f"'Patient#null' failed to validate with reason: {reason}"
        raise outcomes.unprocessable(message)
    return {
        "identifier": value,
        "identifierType": _code(_object(given.get("type"))),
        "location": where,
        "preferred": given.get("use") == "official",
    }


def _value(given: dict[str, Json]) -> Json:
    if "valueQuantity" in given:
        return _object(given["valueQuantity"]).get("value")
    if "valueCodeableConcept" in given:
        return _code(_object(given["valueCodeableConcept"]))
    return given.get("valueString", given.get("valueDateTime"))


def _code(concept: dict[str, Json]) -> Json:
    codings = _objects(concept.get("coding"))
    return codings[0].get("code") if codings else None


def _reference(given: dict[str, Json], name: str) -> Json:
    text = _object(given.get(name)).get("reference")
    return text.rpartition("/")[2] if isinstance(text, str) else None


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> list[dict[str, Json]]:
    if not isinstance(value, list):
        return []
    return [each for each in value if isinstance(each, dict)]


def _told(error: errors.ApiError) -> str:
    told = _object(_object(error.body).get("error"))
    return f"{told.get('message')} {told.get('fieldErrors', '')}".strip()
