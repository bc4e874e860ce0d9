"""A patient is registered: person, names, addresses and numbers in one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from reprise_platform import openmrs
from reprise_platform.standin import dates, errors, luhn
from reprise_platform.standin.actions.rows import made_by, uuid_or_new
from reprise_platform.standin.body import Body
from reprise_platform.standin.database import Session
from reprise_platform.standin.model import Patient
from reprise_platform.standin.store import metadata, patients

PERSON = (
    "uuid",
    "names",
    "gender",
    "age",
    "birthdate",
    "birthdateEstimated",
    "dead",
    "deathDate",
    "causeOfDeath",
    "addresses",
    "attributes",
    "birthtime",
    "deathdateEstimated",
    "causeOfDeathNonCoded",
)
_UUID_ALONE = ("uuid",)
NAME = {
    "prefix": "prefix",
    "givenName": "given_name",
    "middleName": "middle_name",
    "familyNamePrefix": "family_name_prefix",
    "familyName": "family_name",
    "familyName2": "family_name2",
    "familyNameSuffix": "family_name_suffix",
    "degree": "degree",
}
ADDRESS = {
    **{f"address{number}": f"address{number}" for number in range(1, 16)},
    "cityVillage": "city_village",
    "stateProvince": "state_province",
    "postalCode": "postal_code",
    "country": "country",
    "countyDistrict": "county_district",
    "latitude": "latitude",
    "longitude": "longitude",
}
_NO_TYPE = (
    "identifiers on class org.openmrs.Patient => identifierType on class "
    "org.openmrs.PatientIdentifier => Cannot invoke "
    '"org.openmrs.PatientIdentifierType.getUuid()" because "identifierType" is null'
)


def register(session: Session, body: Body, user_id: int) -> Patient:
    """Register a patient, or give a number to one that is there.

    Raises:
        ApiError: the body is refused.
    """
    body.allow("uuid", "person", "identifiers")
    person = body.raw("person")
    uuid = body.text("uuid")
    if uuid is not None and (
        not isinstance(person, dict) or person.get("uuid") != uuid
    ):
        raise errors.not_allowed(*_UUID_ALONE)
    body.require("person", "identifiers")
    identifiers = body.items("identifiers")
    if not identifiers:
        raise errors.invalid(everywhere="Patient.error.atLeastOneIdentifier")
    if isinstance(person, str):
        patient_uuid, patient_id = person, _existing_person(session, person, user_id)
    else:
        patient_uuid, patient_id = insert_person(session, body.inner("person"), user_id)
        session.insert("patient", {"patient_id": patient_id} | made_by(user_id))
    numbers = {
        insert_identifier(session, identifier, patient_id, user_id)
        for identifier in identifiers
    }
    registered = patients.find(session, patient_uuid)
    assert registered is not None
    # As in OpenMRS, the answer shows the numbers just given, not those from before.
    given = [it for it in registered.identifiers() if it.uuid in numbers]
    return dataclasses.replace(registered, identifiers=lambda: given)


def _existing_person(session: Session, uuid: str, user_id: int) -> int:
    """Return the key of a person, made a patient where not one yet."""
    sql = (
        "SELECT pe.person_id, pa.patient_id FROM person pe "
        "LEFT JOIN patient pa ON pa.patient_id = pe.person_id WHERE pe.uuid = %s"
    )
    row = session.row(sql, uuid)
    if row is None:
        reason = "person on class org.openmrs.Patient"
        raise errors.conversion(reason)
    person_id = int(row[0])
    if row[1] is None:
        session.insert("patient", {"patient_id": person_id} | made_by(user_id))
    return person_id


def insert_person(session: Session, body: Body, user_id: int) -> tuple[str, int]:
    """Record a person with names, addresses and attributes; return uuid and key.

    Raises:
        ApiError: the body is refused.
    """
    body.allow(*PERSON)
    body.require("names")
    if not body.text("gender"):
        raise errors.invalid({"gender": "Person.gender.required"})
    uuid = uuid_or_new(body.text("uuid"))
    birthdate = body.day("birthdate")
    if birthdate is not None and birthdate > dates.now().date():
        raise errors.invalid({"birthdate": "error.date.future"})
    person: dict[str, object] = {
        "uuid": uuid,
        "gender": body.text("gender"),
        "birthdate": birthdate,
        "birthdate_estimated": body.flag("birthdateEstimated"),
        "dead": body.flag("dead"),
        "death_date": body.moment("deathDate"),
    }
    person_id = session.insert("person", person | made_by(user_id))
    insert_names(session, body.items("names"), person_id, user_id)
    insert_addresses(session, body.items("addresses"), person_id, user_id)
    insert_attributes(session, body.items("attributes"), person_id, user_id)
    return uuid, person_id


def insert_names(
    session: Session, names: Sequence[Body], person_id: int, user_id: int
) -> None:
    """Give a person names.

    Raises:
        ApiError: there are none, or one is not whole.
    """
    if not names:
        raise errors.invalid({"names": "Person.names.length"})
    for place, body in enumerate(names):
        body.allow("uuid", "preferred", *NAME)
        for needed in ("givenName", "familyName"):
            if not body.text(needed):
                field = f"names[{place}].{needed}"
                raise errors.invalid({field: f"Patient.names.required.{needed}"})
        name: dict[str, object] = {
            column: body.text(field) for field, column in NAME.items()
        }
        name["person_id"] = person_id
        name["preferred"] = body.flag("preferred", otherwise=len(names) == 1)
        name["uuid"] = uuid_or_new(body.text("uuid"))
        session.insert("person_name", name | made_by(user_id))


def insert_addresses(
    session: Session, addresses: Sequence[Body], person_id: int, user_id: int
) -> None:
    """Give a person addresses.

    Raises:
        ApiError: one has what none has.
    """
    for body in addresses:
        body.allow("uuid", "preferred", *ADDRESS)
        address: dict[str, object] = {
            column: body.text(field) for field, column in ADDRESS.items()
        }
        address["person_id"] = person_id
        address["preferred"] = body.flag("preferred", otherwise=len(addresses) == 1)
        address["uuid"] = uuid_or_new(body.text("uuid"))
        session.insert("person_address", address | made_by(user_id))


def insert_attributes(
    session: Session, attributes: Sequence[Body], person_id: int, user_id: int
) -> None:
    """Give a person attributes.

    Raises:
        ApiError: one is of no type.
    """
    for body in attributes:
        body.allow("uuid", "attributeType", "value")
        body.require("attributeType")
        kind = metadata.find(
            session, "person_attribute_type", body.reference("attributeType") or ""
        )
        if kind is None:
            raise errors.invalid({"attributes": "PersonAttribute.error.type.required"})
        attribute: dict[str, object] = {
            "person_id": person_id,
            "value": body.text("value") or "",
            "person_attribute_type_id": kind.id,
            "uuid": uuid_or_new(body.text("uuid")),
        }
        session.insert("person_attribute", attribute | made_by(user_id))


def insert_identifier(
    session: Session, body: Body, patient_id: int, user_id: int
) -> str:
    """Give a patient a number; return the uuid of that.

    Raises:
        ApiError: the number is refused.
    """
    body.allow("uuid", "identifier", "identifierType", "location", "preferred")
    body.require("identifier", "identifierType")
    number = body.text("identifier") or ""
    kind = metadata.find(
        session, "patient_identifier_type", body.reference("identifierType") or ""
    )
    if kind is None:
        raise errors.conversion(_NO_TYPE)
    if kind.uuid == openmrs.IDENTIFIER_TYPE and not luhn.is_valid(number):
        raise errors.invalid(everywhere=f"Invalid check digit for identifier: {number}")
    # As in OpenMRS, checked and then inserted: two at the same instant both pass.
    if any(other != patient_id for other in patients.with_identifier(session, number)):
        reason = f"Identifier {number} already in use by another patient"
        raise errors.invalid(everywhere=reason)
    place = metadata.find(session, "location", body.reference("location") or "")
    uuid = uuid_or_new(body.text("uuid"))
    identifier: dict[str, object] = {
        "patient_id": patient_id,
        "identifier": number,
        "identifier_type": kind.id,
        "location_id": place.id if place else None,
        "preferred": body.flag("preferred"),
        "uuid": uuid,
    }
    session.insert("patient_identifier", identifier | made_by(user_id))
    return uuid
