"""What FHIR's searches ask of the tables, one description a resource."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from reprise_platform.standin.database import Session
from reprise_platform.standin.fhir import outcomes
from reprise_platform.standin.fhir.conditions import (
    Condition,
    Maker,
    any_of,
    moment,
    text,
    token,
    uuid,
)
from reprise_platform.standin.fhir.observation import CATEGORIES

Arguments = tuple[tuple[str, str], ...]
"""A search's parameters as they came, names with their modifiers."""

_CONTROL = {
    "_summary",
    "_count",
    "_sort",
    "_format",
    "_pretty",
    "_total",
    "_elements",
    "_revinclude",
    "_include",
    "_has",
}
_NAMES = ("n.given_name", "n.middle_name", "n.family_name", "n.family_name2")
_A_NAME = (
    "EXISTS (SELECT 1 FROM person_name n WHERE n.voided = 0 "
    "AND n.person_id = pa.patient_id AND {})"
)
_AN_ADDRESS = (
    "EXISTS (SELECT 1 FROM person_address a WHERE a.voided = 0 "
    "AND a.person_id = pa.patient_id AND {})"
)
_A_NUMBER = (
    "EXISTS (SELECT 1 FROM patient_identifier i WHERE i.voided = 0 "
    "AND i.patient_id = pa.patient_id AND {})"
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One query of a search.

    Attributes:
        tag: of what it finds, where a search has several queries.
    """

    source: str
    key: str
    parameters: Mapping[str, Maker]
    sorts: Mapping[str, str]
    tag: str = ""


def _gender(_: str, __: str, value: str) -> Condition:
    letter = {"male": "M", "female": "F", "other": "O", "unknown": "U"}.get(
        value, value
    )
    return Condition(clause="pe.gender = %s", values=(letter,))


def _number(_: str, __: str, value: str) -> Condition:
    number = value.rpartition("|")[2]
    return Condition(clause=_A_NUMBER.format("i.identifier = %s"), values=(number,))


def _anything(name: str, modifier: str, value: str) -> Condition:
    words = [text(_NAMES, _A_NAME)(name, modifier, word) for word in value.split()]
    named = Condition(
        clause=" AND ".join(word.clause for word in words) or "1 = 1",
        values=tuple(each for word in words for each in word.values),
    )
    return any_of([named, _number(name, modifier, value)])


def _dead(_: str, __: str, value: str) -> Condition:
    return Condition(clause="pe.dead = %s", values=(1 if value == "true" else 0,))


def _always(_: str, __: str, ___: str) -> Condition:
    return Condition(clause="1 = 1", values=())


def _category(_: str, __: str, value: str) -> Condition:
    code = value.rpartition("|")[2]
    names = tuple(name for name, (each, _) in CATEGORIES.items() if each == code)
    return Condition(clause="cc.name IN %s", values=(names or ("",),))


PATIENT = (
    Table(
        source=(
            "FROM patient pa JOIN person pe ON pe.person_id = pa.patient_id "
            "WHERE pa.voided = 0"
        ),
        key="pa.patient_id",
        parameters={
            "_id": uuid("pe.uuid"),
            "_query": _always,
            "q": _anything,
            "name": text(_NAMES, _A_NAME),
            "given": text(_NAMES[:2], _A_NAME),
            "family": text(_NAMES[2:3], _A_NAME),
            "identifier": _number,
            "gender": _gender,
            "birthdate": moment("pe.birthdate"),
            "death-date": moment("pe.death_date"),
            "deceased": _dead,
            "address-city": text(("a.city_village",), _AN_ADDRESS),
            "address-state": text(("a.state_province",), _AN_ADDRESS),
            "address-postalcode": text(("a.postal_code",), _AN_ADDRESS),
            "address-country": text(("a.country",), _AN_ADDRESS),
            "_lastUpdated": moment("COALESCE(pe.date_changed, pe.date_created)"),
        },
        sorts={
            "birthdate": "pe.birthdate",
            "_lastUpdated": "COALESCE(pe.date_changed, pe.date_created)",
        },
    ),
)
OBSERVATION = (
    Table(
        source=(
            "FROM obs o JOIN person pe ON pe.person_id = o.person_id "
            "JOIN concept c ON c.concept_id = o.concept_id "
            "JOIN concept_class cc ON cc.concept_class_id = c.class_id "
            "LEFT JOIN encounter e ON e.encounter_id = o.encounter_id "
            "WHERE o.voided = 0"
        ),
        key="o.obs_id",
        parameters={
            "_id": uuid("o.uuid"),
            "patient": uuid("pe.uuid", "Patient/"),
            "subject": uuid("pe.uuid", "Patient/"),
            "encounter": uuid("e.uuid", "Encounter/"),
            "code": token("c.uuid"),
            "date": moment("o.obs_datetime"),
            "category": _category,
            "_lastUpdated": moment("o.date_created"),
        },
        sorts={"date": "o.obs_datetime", "_lastUpdated": "o.date_created"},
    ),
)
ENCOUNTER = (
    Table(
        source=(
            "FROM encounter e JOIN person pe ON pe.person_id = e.patient_id "
            "JOIN encounter_type t ON t.encounter_type_id = e.encounter_type "
            "LEFT JOIN location l ON l.location_id = e.location_id "
            "WHERE e.voided = 0"
        ),
        key="e.encounter_id",
        parameters={
            "_id": uuid("e.uuid"),
            "patient": uuid("pe.uuid", "Patient/"),
            "subject": uuid("pe.uuid", "Patient/"),
            "location": uuid("l.uuid", "Location/"),
            "type": token("t.uuid"),
            "date": moment("e.encounter_datetime"),
            "_lastUpdated": moment("COALESCE(e.date_changed, e.date_created)"),
        },
        sorts={"date": "e.encounter_datetime"},
        tag="encounter",
    ),
    Table(
        source=(
            "FROM visit v JOIN person pe ON pe.person_id = v.patient_id "
            "JOIN visit_type t ON t.visit_type_id = v.visit_type_id "
            "LEFT JOIN location l ON l.location_id = v.location_id "
            "WHERE v.voided = 0"
        ),
        key="v.visit_id",
        parameters={
            "_id": uuid("v.uuid"),
            "patient": uuid("pe.uuid", "Patient/"),
            "subject": uuid("pe.uuid", "Patient/"),
            "location": uuid("l.uuid", "Location/"),
            "type": token("t.uuid"),
            "date": moment("v.date_started"),
            "_lastUpdated": moment("COALESCE(v.date_changed, v.date_created)"),
        },
        sorts={"date": "v.date_started"},
        tag="visit",
    ),
)
LOCATION = (
    Table(
        source="FROM location l WHERE l.retired = 0",
        key="l.location_id",
        parameters={"_id": uuid("l.uuid"), "name": text(("l.name",)), "_tag": _always},
        sorts={"name": "l.name"},
    ),
)
TABLES: Mapping[str, Sequence[Table]] = {
    "Patient": PATIENT,
    "Observation": OBSERVATION,
    "Encounter": ENCOUNTER,
    "Location": LOCATION,
}


def find(
    session: Session, kind: str, given: Arguments, first: int, most: int
) -> tuple[int, list[tuple[str, int]]]:
    """Return how many a search finds, and a part of it: tags and keys.

    An encounter's search goes on with visits where encounters end, as OpenMRS's does.

    Raises:
        FhirError: a parameter is not known, or cannot be read.
    """
    tables = [table for table in TABLES[kind] if _wants(table, given)]
    total, found = 0, list[tuple[str, int]]()
    for table in tables:
        condition = _condition(kind, table, given)
        where = f"{table.source}{condition.clause}"
        row = session.row(f"SELECT COUNT(*) {where}", *condition.values)
        count = int(row[0]) if row else 0
        skip, left = max(0, first - total), most - len(found)
        total += count
        if left > 0 and skip < count:
            rows = session.rows(
                f"SELECT {table.key} {where} ORDER BY {_order(table, given)} LIMIT %s, %s",
                *condition.values,
                skip,
                left,
            )
            found += [(table.tag, row[0]) for row in rows]
    return total, found


def _wants(table: Table, given: Arguments) -> bool:
    """Tell whether a search is for what a table holds: `_tag` alone can exclude it."""
    if not table.tag:
        return True
    tags = [value.rpartition("|")[2] for name, value in given if name == "_tag"]
    return all(table.tag in tag.split(",") for tag in tags)


def _condition(kind: str, table: Table, given: Arguments) -> Condition:
    clauses, values = list[str](), list[object]()
    for full, value in given:
        name, _, modifier = full.partition(":")
        if name in _CONTROL or (table.tag and name == "_tag"):
            continue
        maker = table.parameters.get(name)
        if maker is None:
            names = [each for each, _ in given]
            msg = "GET"
            raise outcomes.not_handled(msg, kind, names)
        one = any_of(maker(name, modifier, part) for part in value.split(","))
        clauses.append(f" AND {one.clause}")
        values += one.values
    return Condition(clause="".join(clauses), values=tuple(values))


def _order(table: Table, given: Arguments) -> str:
    wanted = next((value for name, value in given if name == "_sort"), "")
    parts = []
    for part in wanted.split(","):
        column = table.sorts.get(part.removeprefix("-"))
        if column:
            parts.append(f"{column} {'DESC' if part.startswith('-') else 'ASC'}")
            parts.append(f"{table.key} {'DESC' if part.startswith('-') else 'ASC'}")
    return ", ".join(parts or [table.key])
