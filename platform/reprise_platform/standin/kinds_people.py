"""How people show: patients, persons, their names, numbers and addresses."""

from __future__ import annotations

from reprise_platform.standin import dates
from reprise_platform.standin.kinds_metadata import (
    ATTRIBUTE_TYPE,
    IDENTIFIER_TYPE,
    LOCATION,
    audit_item,
)
from reprise_platform.standin.model import (
    Address,
    Attribute,
    Identifier,
    Patient,
    PersonName,
)
from reprise_platform.standin.rendering import Kind, Value


def _nothing(_: object) -> Value:
    return None


def _false(_: object) -> Value:
    return False


_NAME = "display,uuid,givenName,middleName,familyName,familyName2,voided"
NAME: Kind[PersonName] = Kind(
    "name",
    version="1.8",
    path=lambda it: f"person/{it.person_uuid}/name/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: it.display,
        "givenName": lambda it: it.given,
        "middleName": lambda it: it.middle,
        "familyName": lambda it: it.family,
        "familyName2": lambda it: it.family2,
        "preferred": lambda it: it.preferred,
        "voided": _false,
    },
    default=_NAME,
    full=_NAME,
)

_UNUSED = (
    "countyDistrict",
    *(f"address{number}" for number in range(3, 7)),
    "startDate",
    "endDate",
    "latitude",
    "longitude",
)
_UNUSED_LAST = tuple(f"address{number}" for number in range(7, 16))
_ADDRESS = (
    "display,uuid,preferred,address1,address2,cityVillage,stateProvince,country,"
    f"postalCode,{','.join(_UNUSED)},voided,{','.join(_UNUSED_LAST)}"
)
ADDRESS: Kind[Address] = Kind(
    "address",
    version="2.0",
    path=lambda it: f"person/{it.person_uuid}/address/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: it.address1,
        "preferred": lambda it: it.preferred,
        "address1": lambda it: it.address1,
        "address2": lambda it: it.address2,
        "cityVillage": lambda it: it.city_village,
        "stateProvince": lambda it: it.state_province,
        "country": lambda it: it.country,
        "postalCode": lambda it: it.postal_code,
        **dict.fromkeys((*_UNUSED, *_UNUSED_LAST), _nothing),
        "voided": _false,
    },
    default=_ADDRESS,
    full=_ADDRESS,
)

_ATTRIBUTE = "display,uuid,value,attributeType:ref,voided"
ATTRIBUTE: Kind[Attribute] = Kind(
    "attribute",
    version="1.8",
    path=lambda it: f"person/{it.person_uuid}/attribute/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: f"{it.type.name} = {it.value}",
        "value": lambda it: it.value,
        "attributeType": lambda it: ATTRIBUTE_TYPE.of(it.type),
        "voided": _false,
    },
    default=_ATTRIBUTE,
    full=_ATTRIBUTE,
)

_IDENTIFIER = "display,uuid,identifier,identifierType:ref,location:ref,preferred,voided"
IDENTIFIER: Kind[Identifier] = Kind(
    "identifier",
    version="1.8",
    path=lambda it: f"patient/{it.patient_uuid}/identifier/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: f"{it.type.name} = {it.identifier}",
        "identifier": lambda it: it.identifier,
        "identifierType": lambda it: IDENTIFIER_TYPE.of(it.type),
        "location": lambda it: LOCATION.maybe(it.location),
        "preferred": lambda it: it.preferred,
        "voided": _false,
    },
    default=_IDENTIFIER,
    full=_IDENTIFIER,
)


def _age(patient: Patient) -> int | None:
    if patient.birthdate is None:
        return None
    return dates.age_years(patient.birthdate, dates.now().date())


def _first_address(patient: Patient) -> Address | None:
    addresses = patient.addresses()
    return addresses[0] if addresses else None


_PERSON_HEAD = (
    "uuid,display,gender,age,birthdate,birthdateEstimated,dead,deathDate,"
    "causeOfDeath:ref"
)
PERSON: Kind[Patient] = Kind(
    "person",
    version="1.11",
    path=lambda it: f"person/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: it.person_display,
        "gender": lambda it: it.gender,
        "age": _age,
        "birthdate": lambda it: it.birthdate,
        "birthdateEstimated": lambda it: it.birthdate_estimated,
        "dead": lambda it: it.dead,
        "deathDate": lambda it: it.death_date,
        "preferredName": lambda it: NAME.maybe(it.name),
        "personName": lambda it: NAME.maybe(it.name),
        "names": lambda it: NAME.all(it.names()),
        "preferredAddress": lambda it: ADDRESS.maybe(_first_address(it)),
        "addresses": lambda it: ADDRESS.all(it.addresses()),
        "attributes": lambda it: ATTRIBUTE.all(it.attributes()),
        "voided": lambda it: it.voided,
        "auditInfo": lambda it: audit_item(it.audit()),
        "deathdateEstimated": _false,
        "causeOfDeath": _nothing,
        "causeOfDeathNonCoded": _nothing,
        "birthtime": _nothing,
    },
    default=(
        f"{_PERSON_HEAD},preferredName:ref,preferredAddress:ref,attributes:ref,voided,"
        "birthtime,deathdateEstimated"
    ),
    full=(
        f"{_PERSON_HEAD},preferredName,preferredAddress,names,addresses,attributes,voided,"
        "auditInfo,birthtime,deathdateEstimated,causeOfDeathNonCoded"
    ),
)

PATIENT: Kind[Patient] = Kind(
    "patient",
    version="1.8",
    path=lambda it: f"patient/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: it.display,
        "patientId": lambda it: it.id,
        "identifiers": lambda it: IDENTIFIER.all(it.identifiers()),
        "patientIdentifier": lambda it: IDENTIFIER.maybe(
            next(iter(it.identifiers()), None)
        ),
        "person": PERSON.of,
        "attributes": lambda it: ATTRIBUTE.all(it.attributes()),
        "voided": lambda it: it.voided,
        "auditInfo": lambda it: audit_item(it.audit()),
    },
    default="uuid,display,identifiers:ref,person,voided",
    full="uuid,display,identifiers,person:full,voided,auditInfo",
)
