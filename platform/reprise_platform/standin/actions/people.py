"""Persons are recorded and changed, and so are their names, addresses and attributes."""

from __future__ import annotations

from reprise_platform.standin import dates, errors
from reprise_platform.standin.actions import registration, voiding
from reprise_platform.standin.body import Body
from reprise_platform.standin.database import Session
from reprise_platform.standin.model import Patient
from reprise_platform.standin.store import metadata, patients

PARTS = {
    "name": "person_name",
    "address": "person_address",
    "attribute": "person_attribute",
    "identifier": "patient_identifier",
}
"""The sub-resources of a person and of a patient, and their tables."""

_OWNERS = {"patient_identifier": "patient_id"}


def record(session: Session, body: Body, user_id: int) -> Patient:
    """Record a person.

    Raises:
        ApiError: the body is refused.
    """
    uuid, _ = registration.insert_person(session, body, user_id)
    return _person(session, uuid)


def change(session: Session, uuid: str, body: Body, user_id: int) -> Patient:
    """Change a person.

    Raises:
        ApiError: there is none, or the body is refused.
    """
    before = patients.find_person(session, uuid)
    if before is None:
        raise errors.not_found()
    if body.is_undelete:
        voiding.unvoid(session, "person", before.id)
        return _person(session, uuid)
    body.allow(*registration.PERSON, "preferredName", "preferredAddress")
    birthdate = body.day("birthdate") if body.has("birthdate") else before.birthdate
    if birthdate is not None and birthdate > dates.now().date():
        raise errors.invalid({"birthdate": "error.date.future"})
    session.execute(
        "UPDATE person SET gender = %s, birthdate = %s, birthdate_estimated = %s, "
        "dead = %s, death_date = %s, changed_by = %s, date_changed = %s "
        "WHERE person_id = %s",
        body.text("gender") or before.gender,
        birthdate,
        body.flag("birthdateEstimated", otherwise=before.birthdate_estimated),
        body.flag("dead", otherwise=before.dead),
        body.moment("deathDate") if body.has("deathDate") else before.death_date,
        user_id,
        dates.now(),
        before.id,
    )
    for field, part in (
        ("names", "name"),
        ("addresses", "address"),
        ("attributes", "attribute"),
    ):
        for item in body.items(field):
            put_part(session, part, before.id, item, user_id)
    return _person(session, uuid)


def change_patient(session: Session, uuid: str, body: Body, user_id: int) -> Patient:
    """Change a patient's person; numbers are changed by themselves.

    Raises:
        ApiError: there is none (500), or the body is refused.
    """
    if patients.find(session, uuid) is None:
        raise errors.no_instance()
    if body.is_undelete:
        raise errors.unsupported()
    body.allow("uuid", "person", "identifiers")
    if "person" in body:
        change(session, uuid, body.inner("person").without("uuid"), user_id)
    found = patients.find(session, uuid)
    assert found is not None
    return found


def put_part(
    session: Session, part: str, owner: int, body: Body, user_id: int
) -> str | None:
    """Change the part whose uuid the body names, or add one; return its uuid.

    Raises:
        ApiError: the body is refused.
    """
    uuid = body.text("uuid")
    key = find_part(session, part, owner, uuid) if uuid else None
    if key is not None:
        change_part(session, part, key, body.without("uuid"), user_id)
        return uuid
    before = _newest(session, part, owner)
    if part == "name":
        registration.insert_names(session, [body], owner, user_id)
    elif part == "address":
        registration.insert_addresses(session, [body], owner, user_id)
    elif part == "attribute":
        registration.insert_attributes(session, [body], owner, user_id)
    else:
        return registration.insert_identifier(session, body, owner, user_id)
    after = _newest(session, part, owner)
    assert after != before
    return after


def change_part(
    session: Session, part: str, key: int, body: Body, user_id: int
) -> None:
    """Change a name, an address, an attribute or a number.

    Raises:
        ApiError: the body has what it has not.
    """
    table, columns = PARTS[part], dict[str, object]()
    if body.is_undelete:
        voiding.unvoid(session, table, key)
        return
    if part in {"name", "address"}:
        fields = registration.NAME if part == "name" else registration.ADDRESS
        body.allow("preferred", *fields)
        columns = {
            column: body.text(field)
            for field, column in fields.items()
            if body.has(field)
        }
    elif part == "attribute":
        body.allow("value", "attributeType")
        columns = {"value": body.text("value") or ""}
    else:
        body.allow("identifier", "identifierType", "location", "preferred")
        if "identifier" in body:
            columns["identifier"] = body.text("identifier")
        if "location" in body:
            place = metadata.find(session, "location", body.reference("location") or "")
            columns["location_id"] = place.id if place else None
    if body.has("preferred"):
        columns["preferred"] = body.flag("preferred")
    columns |= {"changed_by": user_id, "date_changed": dates.now()}
    assignments = ", ".join(f"{column} = %s" for column in columns)
    session.execute(
        f"UPDATE {table} SET {assignments} WHERE {table}_id = %s",  # noqa: S608 - names are ours
        *columns.values(),
        key,
    )


def find_part(session: Session, part: str, owner: int, uuid: str) -> int | None:
    """Return the key of a person's name, address, attribute or number."""
    table = PARTS[part]
    column = _OWNERS.get(table, "person_id")
    sql = f"SELECT {table}_id FROM {table} WHERE uuid = %s AND {column} = %s"  # noqa: S608 - names are ours
    row = session.row(sql, uuid, owner)
    return None if row is None else int(row[0])


def _newest(session: Session, part: str, owner: int) -> str | None:
    table = PARTS[part]
    column = _OWNERS.get(table, "person_id")
    sql = (
        f"SELECT uuid FROM {table} WHERE {column} = %s "  # noqa: S608 - names are ours
        f"ORDER BY {table}_id DESC LIMIT 1"
    )
    row = session.row(sql, owner)
    return None if row is None else str(row[0])


def _person(session: Session, uuid: str) -> Patient:
    found = patients.find_person(session, uuid)
    assert found is not None
    return found
