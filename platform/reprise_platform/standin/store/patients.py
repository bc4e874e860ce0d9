"""Patients, read and searched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reprise_platform.standin.database import Row, Session
from reprise_platform.standin.model import (
    Address,
    Attribute,
    Identifier,
    Patient,
    PersonName,
)
from reprise_platform.standin.store import audit
from reprise_platform.standin.store.batch import Batch, many
from reprise_platform.standin.store.metadata import columns, named, named_or_none

_SELECT = (
    "SELECT pe.person_id, pe.uuid, pe.gender, pe.birthdate, pe.birthdate_estimated, "
    "pe.dead, pe.death_date, pa.voided FROM patient pa "
    "JOIN person pe ON pe.person_id = pa.patient_id "
)
_PERSON = (
    "SELECT pe.person_id, pe.uuid, pe.gender, pe.birthdate, pe.birthdate_estimated, "
    "pe.dead, pe.death_date, pe.voided FROM person pe "
)
_NAMES = (
    "SELECT person_id, uuid, given_name, middle_name, family_name, family_name2, preferred "
    "FROM person_name n WHERE n.person_id IN %s AND (n.voided = 0 OR EXISTS (SELECT 1 "
    "FROM person pe WHERE pe.person_id = n.person_id AND pe.voided = 1)) "
    "ORDER BY preferred DESC, person_name_id"
)
_ADDRESSES = (
    "SELECT person_id, uuid, preferred, address1, address2, city_village, state_province, "
    "country, postal_code FROM person_address WHERE voided = 0 AND person_id IN %s "
    "ORDER BY preferred DESC, person_address_id"
)
_ATTRIBUTES = (
    f"SELECT a.person_id, a.uuid, a.value, {columns('t', 'person_attribute_type_id')} "  # noqa: S608
    "FROM person_attribute a JOIN person_attribute_type t "
    "ON t.person_attribute_type_id = a.person_attribute_type_id "
    "WHERE a.voided = 0 AND a.person_id IN %s ORDER BY a.person_attribute_id"
)
_IDENTIFIERS = (
    "SELECT i.patient_id, i.uuid, i.identifier, i.preferred, "  # noqa: S608
    f"{columns('t', 'patient_identifier_type_id')}, {columns('l', 'location_id')} "
    "FROM patient_identifier i JOIN patient_identifier_type t "
    "ON t.patient_identifier_type_id = i.identifier_type "
    "LEFT JOIN location l ON l.location_id = i.location_id "
    "WHERE i.voided = 0 AND i.patient_id IN %s "
    "ORDER BY i.preferred DESC, i.patient_identifier_id"
)
_LEAST_CHARACTERS = 2


def load(session: Session, keys: Iterable[int]) -> Mapping[int, Patient]:
    """Return patients by key."""
    wanted = tuple(keys)
    if not wanted:
        return {}
    rows = session.rows(f"{_SELECT} WHERE pa.patient_id IN %s", wanted)
    return {patient.id: patient for patient in _patients(session, rows)}


def find(session: Session, uuid: str) -> Patient | None:
    """Return the patient of a uuid, voided or not."""
    patients = _patients(session, session.rows(f"{_SELECT} WHERE pe.uuid = %s", uuid))
    return patients[0] if patients else None


def find_person(session: Session, uuid: str) -> Patient | None:
    """Return the person of a uuid, patient or not."""
    people = _patients(session, session.rows(f"{_PERSON} WHERE pe.uuid = %s", uuid))
    return people[0] if people else None


def search_people(
    session: Session, text: str, first: int, most: int
) -> Sequence[Patient]:
    """Return persons one of whose names starts with each word of a text."""
    words = text.split()
    if len(text.strip()) < _LEAST_CHARACTERS:
        return ()
    a_name_starts = (
        "(n.given_name LIKE %s OR n.middle_name LIKE %s OR n.family_name LIKE %s)"
    )
    names_match = " AND ".join([a_name_starts] * len(words))
    sql = (
        f"{_PERSON} WHERE pe.voided = 0 AND EXISTS (SELECT 1 FROM person_name n "  # noqa: S608
        f"WHERE n.person_id = pe.person_id AND n.voided = 0 AND {names_match}) "
        "ORDER BY pe.person_id LIMIT %s, %s"
    )
    starts = [_starting_with(word) for word in words for _ in range(3)]
    return _patients(session, session.rows(sql, *starts, first, most))


def search(session: Session, text: str, first: int, most: int) -> Sequence[int]:
    """Return keys of patients whose number starts with the text, or whose names match.

    Each word starts a given, middle or family name; case and accents do not count.

    Args:
        first: how many to leave out, as they come.
        most: how many to return.
    """
    words = text.split()
    if len(text.strip()) < _LEAST_CHARACTERS:
        return ()
    a_name_starts = (
        "(n.given_name LIKE %s OR n.middle_name LIKE %s OR n.family_name LIKE %s "
        "OR n.family_name2 LIKE %s)"
    )
    names_match = " AND ".join([a_name_starts] * len(words))
    # A derived table, not IN (... UNION ...), which MariaDB runs again for each patient.
    sql = (
        "SELECT pa.patient_id FROM ("  # noqa: S608
        "SELECT i.patient_id FROM patient_identifier i "
        "WHERE i.voided = 0 AND i.identifier LIKE %s UNION "
        f"SELECT n.person_id FROM person_name n WHERE n.voided = 0 AND {names_match}) m "
        "JOIN patient pa ON pa.patient_id = m.patient_id WHERE pa.voided = 0 "
        "ORDER BY pa.patient_id LIMIT %s, %s"
    )
    starts = [_starting_with(word) for word in words for _ in range(4)]
    rows = session.rows(sql, _starting_with(text.strip()), *starts, first, most)
    return [row[0] for row in rows]


def with_identifier(session: Session, identifier: str) -> Sequence[int]:
    """Return keys of the patients that have exactly this number."""
    sql = (
        "SELECT DISTINCT i.patient_id FROM patient_identifier i "
        "JOIN patient pa ON pa.patient_id = i.patient_id "
        "WHERE i.voided = 0 AND pa.voided = 0 AND i.identifier = %s ORDER BY 1"
    )
    return [row[0] for row in session.rows(sql, identifier)]


def _starting_with(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def _patients(session: Session, rows: Sequence[Row]) -> Sequence[Patient]:
    uuids = {row[0]: row[1] for row in rows}
    names = Batch(lambda: _names(session, uuids))
    addresses = Batch(lambda: _addresses(session, uuids))
    attributes = Batch(lambda: _attributes(session, uuids))
    identifiers = Batch(lambda: _identifiers(session, uuids))
    audits = Batch(lambda: audit.load(session, "person", tuple(uuids)))
    return [
        Patient(
            id=row[0],
            uuid=row[1],
            gender=row[2],
            birthdate=row[3],
            birthdate_estimated=bool(row[4]),
            dead=bool(row[5]),
            death_date=row[6],
            voided=bool(row[7]),
            names=many(names, row[0]),
            addresses=many(addresses, row[0]),
            attributes=many(attributes, row[0]),
            identifiers=many(identifiers, row[0]),
            audit=audits.maybe(row[0]),
        )
        for row in rows
    ]


def _names(
    session: Session, uuids: Mapping[int, str]
) -> Mapping[int, list[PersonName]]:
    found: dict[int, list[PersonName]] = defaultdict(list)
    for row in session.rows(_NAMES, tuple(uuids)):
        name = PersonName(
            person_uuid=uuids[row[0]],
            uuid=row[1],
            given=row[2],
            middle=row[3],
            family=row[4],
            family2=row[5],
            preferred=bool(row[6]),
        )
        found[row[0]].append(name)
    return found


def _addresses(
    session: Session, uuids: Mapping[int, str]
) -> Mapping[int, list[Address]]:
    found: dict[int, list[Address]] = defaultdict(list)
    for row in session.rows(_ADDRESSES, tuple(uuids)):
        address = Address(
            person_uuid=uuids[row[0]],
            uuid=row[1],
            preferred=bool(row[2]),
            address1=row[3],
            address2=row[4],
            city_village=row[5],
            state_province=row[6],
            country=row[7],
            postal_code=row[8],
        )
        found[row[0]].append(address)
    return found


def _attributes(
    session: Session, uuids: Mapping[int, str]
) -> Mapping[int, list[Attribute]]:
    found: dict[int, list[Attribute]] = defaultdict(list)
    for row in session.rows(_ATTRIBUTES, tuple(uuids)):
        attribute = Attribute(
            person_uuid=uuids[row[0]], uuid=row[1], value=row[2], type=named(row[3:8])
        )
        found[row[0]].append(attribute)
    return found


def _identifiers(
    session: Session, uuids: Mapping[int, str]
) -> Mapping[int, list[Identifier]]:
    found: dict[int, list[Identifier]] = defaultdict(list)
    for row in session.rows(_IDENTIFIERS, tuple(uuids)):
        identifier = Identifier(
            patient_uuid=uuids[row[0]],
            uuid=row[1],
            identifier=row[2],
            preferred=bool(row[3]),
            type=named(row[4:9]),
            location=named_or_none(row[9:14]),
        )
        found[row[0]].append(identifier)
    return found
