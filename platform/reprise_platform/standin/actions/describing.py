"""Metadata made by clients: what a bootstrap gives an OpenMRS that lacks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from reprise_platform.standin import dates, errors
from reprise_platform.standin.actions.rows import made_by, uuid_or_new
from reprise_platform.standin.body import Body, to_number
from reprise_platform.standin.database import Session
from reprise_platform.standin.model import Concept, Metadata, Provider
from reprise_platform.standin.store import concepts, metadata, patients
from reprise_platform.standin.store.metadata import TABLES

REQUIRED: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "visit_type": ("name",),
        "encounter_type": ("name", "description"),
        "encounter_role": ("name",),
        "location": ("name",),
    }
)
"""The tables that clients may add to, and what they must say."""

_OF_LOCATION = {
    "address1": "address1",
    "address2": "address2",
    "cityVillage": "city_village",
    "stateProvince": "state_province",
    "country": "country",
    "postalCode": "postal_code",
    "latitude": "latitude",
    "longitude": "longitude",
    "countyDistrict": "county_district",
}
_OF_CONCEPT = (
    "uuid",
    "names",
    "datatype",
    "conceptClass",
    "descriptions",
    "set",
    "version",
    "mappings",
    "answers",
    "setMembers",
    "attributes",
)
_NUMERIC = {
    "hiNormal": "hi_normal",
    "hiAbsolute": "hi_absolute",
    "hiCritical": "hi_critical",
    "lowNormal": "low_normal",
    "lowAbsolute": "low_absolute",
    "lowCritical": "low_critical",
    "displayPrecision": "display_precision",
}


def name(session: Session, table: str, body: Body, user_id: int) -> Metadata:
    """Add a named thing.

    Raises:
        ApiError: the body is refused.
    """
    columns = {"name": "name", "description": "description"}
    if table == "location":
        columns |= _OF_LOCATION
        body.allow("uuid", "tags", "parentLocation", "childLocations", *columns)
    else:
        body.allow("uuid", *columns)
    body.require(*REQUIRED[table])
    row: dict[str, object] = {
        column: body.text(field) for field, column in columns.items()
    }
    if "parentLocation" in body:
        above = metadata.find(session, table, body.reference("parentLocation") or "")
        row["parent_location"] = above.id if above else None
    uuid = uuid_or_new(body.text("uuid"))
    session.insert(table, row | {"uuid": uuid} | made_by(user_id))
    made = metadata.find(session, table, uuid)
    assert made is not None
    return made


def retire(session: Session, table: str, uuid: str, reason: str, user_id: int) -> None:
    """Take a named thing out of use.

    Raises:
        ApiError: there is none.
    """
    thing = metadata.find(session, table, uuid)
    if thing is None:
        raise errors.not_found_to_void()
    session.execute(
        f"UPDATE {table} SET retired = 1, retired_by = %s, date_retired = %s, "  # noqa: S608 - names are ours
        f"retire_reason = %s WHERE {TABLES[table]} = %s AND retired = 0",
        user_id,
        dates.now(),
        reason,
        thing.id,
    )


def provide(session: Session, body: Body, user_id: int) -> Provider:
    """Make a person, or a mere name, one who gives care.

    Raises:
        ApiError: the body is refused.
    """
    body.allow("uuid", "person", "name", "identifier", "attributes", "retired")
    person = patients.find_person(session, body.reference("person") or "")
    if person is None and not body.text("name"):
        raise errors.invalid(everywhere="Provider.error.personOrName.required")
    uuid = uuid_or_new(body.text("uuid"))
    row: dict[str, object] = {
        "person_id": person.id if person else None,
        "name": None if person else body.text("name"),
        "identifier": body.text("identifier"),
        "uuid": uuid,
    }
    session.insert("provider", row | made_by(user_id))
    made = metadata.find_provider(session, uuid)
    assert made is not None
    return made


def define(session: Session, body: Body, user_id: int) -> Concept:
    """Add a concept to the dictionary.

    Raises:
        ApiError: the body is refused.
    """
    body.allow(*_OF_CONCEPT, "units", "allowDecimal", *_NUMERIC)
    body.require("names", "datatype", "conceptClass")
    datatype = _needed(session, "concept_datatype", body, "datatype")
    kind = _needed(session, "concept_class", body, "conceptClass")
    uuid = uuid_or_new(body.text("uuid"))
    row: dict[str, object] = {
        "datatype_id": datatype.id,
        "class_id": kind.id,
        "is_set": body.flag("set"),
        "version": body.text("version"),
        "uuid": uuid,
    }
    key = session.insert("concept", row | made_by(user_id))
    _add_names(session, key, body.items("names"), user_id)
    if datatype.name == "Numeric":
        _add_limits(session, key, body)
    _add_related(session, key, body, "answers", user_id)
    _add_related(session, key, body, "setMembers", user_id)
    return concepts.load_by_uuid(session, [uuid])[uuid]


def _needed(session: Session, table: str, body: Body, field: str) -> Metadata:
    thing = metadata.find(session, table, body.reference(field) or "")
    if thing is None:
        reason = f"{field} on class org.openmrs.Concept"
        raise errors.conversion(reason)
    return thing


def _add_names(session: Session, key: int, names: Sequence[Body], user_id: int) -> None:
    for place, body in enumerate(names):
        body.allow("uuid", "name", "locale", "localePreferred", "conceptNameType")
        body.require("name", "locale")
        row: dict[str, object] = {
            "concept_id": key,
            "name": body.text("name"),
            "locale": body.text("locale"),
            "locale_preferred": True,
            # Every concept has one name in full, the first where none is said to be.
            "concept_name_type": body.text("conceptNameType")
            or ("FULLY_SPECIFIED" if place == 0 else None),
            "uuid": uuid_or_new(body.text("uuid")),
        }
        session.insert("concept_name", row | made_by(user_id))


def _add_limits(session: Session, key: int, body: Body) -> None:
    limits: dict[str, object] = {
        column: to_number(body.raw(field)) for field, column in _NUMERIC.items()
    }
    session.insert(
        "concept_numeric",
        limits
        | {
            "concept_id": key,
            "units": body.text("units"),
            "allow_decimal": body.flag("allowDecimal", otherwise=True),
        },
    )


def _add_related(
    session: Session, key: int, body: Body, field: str, user_id: int
) -> None:
    """Add a question's answers, or a panel's members, in their order."""
    uuids = body.references(field)
    known = concepts.load_by_uuid(session, uuids)
    for place, uuid in enumerate(uuids):
        if uuid not in known:
            reason = f"{field} on class org.openmrs.Concept"
            raise errors.conversion(reason)
        row: dict[str, object] = {"sort_weight": place, "uuid": uuid_or_new(None)}
        other = known[uuid].id
        if field == "answers":
            row |= {"concept_id": key, "answer_concept": other}
            session.insert("concept_answer", row | made_by(user_id))
        else:
            row |= {"concept_set": key, "concept_id": other}
            session.insert("concept_set", row | made_by(user_id))
