"""Observations are recorded, alone or with their encounter."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from reprise_platform.standin import dates, errors
from reprise_platform.standin.actions.rows import made_by, uuid_or_new
from reprise_platform.standin.body import Body, to_number
from reprise_platform.standin.database import Session
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.model import Concept, Obs
from reprise_platform.standin.store import care, concepts, metadata, patients

_ALLOWED = (
    "uuid",
    "concept",
    "value",
    "comment",
    "obsDatetime",
    "location",
    "groupMembers",
    "status",
)
_NO_CONCEPT = (
    "value on class org.openmrs.Obs => Cannot invoke "
    '"org.openmrs.Concept.getDatatype()" because the return value of '
    '"org.openmrs.Obs.getConcept()" is null'
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the observations of one act have in common."""

    person_id: int
    encounter_id: int | None
    location_id: int | None
    moment: dt.datetime
    user_id: int


def observe(session: Session, body: Body, user_id: int) -> Obs:
    """Record an observation of its own.

    Raises:
        ApiError: the body is refused.
    """
    body.allow("person", "encounter", *_ALLOWED)
    body.require("person", "obsDatetime", "concept")
    person = patients.find(session, body.reference("person") or "")
    if person is None:
        raise errors.invalid({"person": "error.null"})
    encounter = care.find_encounter(session, body.reference("encounter") or "")
    place = metadata.find(session, "location", body.reference("location") or "")
    circumstances = Circumstances(
        person_id=person.id,
        encounter_id=encounter.id if encounter else None,
        location_id=place.id if place else None,
        moment=body.moment("obsDatetime") or dates.now(),
        user_id=user_id,
    )
    known = concepts.load_by_uuid(session, set(_uuids([body])))
    key = _insert(session, body, None, circumstances, known)
    return care.load_obs(session, [key])[key]


def insert_all(
    session: Session, bodies: Sequence[Body], circumstances: Circumstances
) -> None:
    """Record the observations of an encounter.

    Raises:
        ApiError: one is refused; the caller's transaction must not be committed.
    """
    known = concepts.load_by_uuid(session, set(_uuids(bodies)))
    for body in bodies:
        body.allow(*_ALLOWED)
        if body.reference("concept") not in known:
            msg = f"obs on class org.openmrs.Encounter => {_NO_CONCEPT}"
            raise errors.conversion(msg)
        _insert(session, body, None, circumstances, known)


def _uuids(bodies: Sequence[Body]) -> Iterator[str]:
    """Return the uuids that may be those of concepts, members of groups included."""
    for body in bodies:
        yield body.reference("concept") or ""
        value = body.raw("value")
        if isinstance(value, str | dict):
            yield _coded_uuid(value)
        yield from _uuids(body.items("groupMembers"))


def value_columns(session: Session, concept: Concept, value: Json) -> dict[str, object]:
    """Return every value's column, the one that a concept's datatype takes filled.

    Raises:
        ApiError: the value is refused.
    """
    wanted = {_coded_uuid(value)} if isinstance(value, str | dict) else set()
    empty = dict.fromkeys(
        ("value_numeric", "value_coded", "value_datetime", "value_text")
    )
    return empty | _value(concept, value, concepts.load_by_uuid(session, wanted))


def _insert(
    session: Session,
    body: Body,
    group_id: int | None,
    circumstances: Circumstances,
    known: Mapping[str, Concept],
) -> int:
    concept = known.get(body.reference("concept") or "")
    if concept is None:
        raise errors.conversion(_NO_CONCEPT)
    members = body.items("groupMembers")
    obs: dict[str, object] = {
        "person_id": circumstances.person_id,
        "concept_id": concept.id,
        "encounter_id": circumstances.encounter_id,
        "location_id": circumstances.location_id,
        "obs_datetime": body.moment("obsDatetime") or circumstances.moment,
        "obs_group_id": group_id,
        "comments": body.text("comment"),
        "status": body.text("status") or "FINAL",
        "uuid": uuid_or_new(body.text("uuid")),
    }
    value = {} if members else _value(concept, body.raw("value"), known)
    key = session.insert("obs", obs | value | made_by(circumstances.user_id))
    for member in members:
        member.allow(*_ALLOWED)
        _insert(session, member, key, circumstances, known)
    return key


def _value(
    concept: Concept, value: Json, known: Mapping[str, Concept]
) -> dict[str, object]:
    """Return the column that a concept's datatype puts a value in."""
    kind = concept.datatype.name
    column = {
        "Numeric": "value_numeric",
        "Coded": "value_coded",
        "Datetime": "value_datetime",
    }.get(kind, "value_text")
    if value is None or value == "":
        raise _no_value(column)
    if kind == "Numeric":
        return {column: _number(concept, value)}
    if kind == "Coded":
        answer = known.get(_coded_uuid(value))
        if answer is None:
            reason = "value on class org.openmrs.Obs"
            raise errors.conversion(reason)
        return {column: answer.id}
    if kind == "Datetime":
        return {column: Body({"value": value}, "obs").moment("value")}
    if isinstance(value, dict | list):
        reason = "value on class org.openmrs.Obs"
        raise errors.conversion(reason)
    return {column: str(value)}


def _number(concept: Concept, value: Json) -> float:
    number = to_number(value)
    if number is None:
        reason = f"{value} has invalid units"
        raise errors.failure(reason, code="org.openmrs.Obs:1030")
    limits = concept.numeric
    if limits and limits.hi_absolute is not None and number > limits.hi_absolute:
        raise errors.invalid({"valueNumeric": "error.value.outOfRange.high"})
    if limits and limits.low_absolute is not None and number < limits.low_absolute:
        raise errors.invalid({"valueNumeric": "error.value.outOfRange.low"})
    return number


def _coded_uuid(value: Json) -> str:
    uuid = value.get("uuid") if isinstance(value, dict) else value
    return uuid if isinstance(uuid, str) else ""


def _no_value(column: str) -> errors.ApiError:
    head, _, tail = column.partition("_")
    return errors.invalid(
        {f"{head}{tail.title()}": "error.null"}, everywhere="error.noValue"
    )
