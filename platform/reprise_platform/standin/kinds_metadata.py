"""How metadata show: locations, types, providers, concepts, users."""

from __future__ import annotations

from reprise_platform.standin.model import (
    Audit,
    Concept,
    ConceptName,
    Metadata,
    Provider,
    User,
)
from reprise_platform.standin.rendering import Item, Kind, Value

_BASIC = "uuid,display,name,description,retired"


def _metadata(alias: str, *, version: str, default: str = _BASIC) -> Kind[Metadata]:
    return Kind(
        alias,
        version=version,
        path=lambda it: f"{alias}/{it.uuid}",
        properties={
            "uuid": lambda it: it.uuid,
            "display": lambda it: it.name,
            "name": lambda it: it.name,
            "description": lambda it: it.description,
            "retired": lambda it: it.retired,
        },
        default=default,
        full=default,
    )


VISIT_TYPE = _metadata("visittype", version="1.9")
ENCOUNTER_TYPE = _metadata("encountertype", version="1.8")
ENCOUNTER_ROLE = _metadata("encounterrole", version="1.9")
IDENTIFIER_TYPE = _metadata("patientidentifiertype", version="2.0")
ATTRIBUTE_TYPE = _metadata("personattributetype", version="1.8")
DATATYPE = _metadata("conceptdatatype", version="1.8")
CONCEPT_CLASS = _metadata("conceptclass", version="1.8")
IDENTIFIER_SOURCE = _metadata("idgen/identifiersource", version="1.8")
ROLE = _metadata("role", version="1.8", default="uuid,display,name")

_UNUSED_ADDRESS = (
    "address1",
    "address2",
    "cityVillage",
    "stateProvince",
    "country",
    "postalCode",
    "latitude",
    "longitude",
    "countyDistrict",
    "address3",
    "address4",
    "address5",
    "address6",
)
_UNUSED_LAST = tuple(f"address{number}" for number in range(7, 16))
_LOCATION = (
    f"uuid,display,name,description,{','.join(_UNUSED_ADDRESS)},"
    "tags:ref,parentLocation:ref,childLocations:ref,retired,attributes:ref,"
    f"{','.join(_UNUSED_LAST)}"
)


def _nothing(_: object) -> Value:
    return None


def _none_of_them(_: object) -> Value:
    return []


LOCATION: Kind[Metadata] = Kind(
    "location",
    version="2.0",
    path=lambda it: f"location/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: it.name,
        "name": lambda it: it.name,
        "description": lambda it: it.description,
        **dict.fromkeys((*_UNUSED_ADDRESS, *_UNUSED_LAST), _nothing),
        "attributes": _none_of_them,
        "tags": _none_of_them,
        "parentLocation": _nothing,
        "childLocations": _none_of_them,
        "retired": lambda it: it.retired,
    },
    default=_LOCATION,
    full=_LOCATION,
)

_PERSON_OF: Kind[tuple[str, str]] = Kind(
    "person",
    version="1.11",
    path=lambda it: f"person/{it[0]}",
    properties={"uuid": lambda it: it[0], "display": lambda it: it[1]},
    default="uuid,display",
    full="uuid,display",
)
"""A person of whom no more is known than uuid and name."""

USER_OF: Kind[tuple[str, str]] = Kind(
    "user",
    version="1.8",
    path=lambda it: f"user/{it[0]}",
    properties={"uuid": lambda it: it[0], "display": lambda it: it[1]},
    default="uuid,display",
    full="uuid,display",
)
"""A user of whom no more is known than uuid and name."""

USER: Kind[User] = Kind(
    "user",
    version="1.8",
    path=lambda it: f"user/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: it.display,
        "username": lambda it: it.username,
        "systemId": lambda it: it.system_id,
        "person": lambda it: _PERSON_OF.of((it.person_uuid, it.person_name)),
    },
    default="uuid,display,username,systemId,person:ref",
    full="uuid,display,username,systemId,person:ref",
)

_ACCOUNT = (
    "uuid,display,username,systemId,userProperties,person:ref,privileges:ref,roles:ref,"
    "retired,email"
)
_PROPERTIES: Kind[User] = Kind(
    "userProperties",
    version="",
    path=lambda _: "",
    properties={"loginAttempts": lambda _: "0", "lockoutTimestamp": lambda _: ""},
    default="loginAttempts,lockoutTimestamp",
    full="loginAttempts,lockoutTimestamp",
    bare=True,
)
ACCOUNT: Kind[User] = Kind(
    "user",
    version="1.8",
    path=lambda it: f"user/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: it.display,
        "username": lambda it: it.username,
        "systemId": lambda it: it.system_id,
        "userProperties": _PROPERTIES.of,
        "person": lambda it: _PERSON_OF.of((it.person_uuid, it.person_name)),
        "privileges": _none_of_them,
        "roles": _nothing,
        "retired": lambda _: False,
        "email": _nothing,
    },
    default=_ACCOUNT,
    full=_ACCOUNT,
)
"""A user as an administrator sees one; whose roles are not shown."""

_PROVIDER = "uuid,display,person:ref,identifier,attributes:ref,retired"
PROVIDER: Kind[Provider] = Kind(
    "provider",
    version="1.9",
    path=lambda it: f"provider/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: it.display,
        "person": lambda it: _PERSON_OF.maybe(
            (it.person_uuid, it.name) if it.person_uuid else None
        ),
        "identifier": lambda it: it.identifier,
        "name": lambda it: it.name,
        "attributes": _none_of_them,
        "retired": lambda it: it.retired,
    },
    default=_PROVIDER,
    full=_PROVIDER,
)

CONCEPT_NAME: Kind[ConceptName] = Kind(
    "name",
    version="1.9",
    path=lambda it: f"concept/{it.concept_uuid}/name/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: it.name,
        "name": lambda it: it.name,
        "locale": lambda it: it.locale,
        "localePreferred": lambda it: it.preferred,
        "conceptNameType": lambda it: it.type,
    },
    default="display,uuid,name,locale,localePreferred,conceptNameType",
    full="display,uuid,name,locale,localePreferred,conceptNameType",
)

_CONCEPT = (
    "uuid,display,name,datatype:ref,conceptClass:ref,set,version,retired,names:ref,"
    "descriptions:ref,mappings:ref,answers:ref,setMembers:ref,attributes:ref"
)


def _units(concept: Concept) -> str | None:
    return concept.numeric.units if concept.numeric else None


def _low(concept: Concept) -> float | None:
    return concept.numeric.low_absolute if concept.numeric else None


def _high(concept: Concept) -> float | None:
    return concept.numeric.hi_absolute if concept.numeric else None


CONCEPT: Kind[Concept] = Kind(
    "concept",
    version="2.0",
    path=lambda it: f"concept/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: it.name.name,
        "name": lambda it: CONCEPT_NAME.of(it.name),
        "names": lambda it: CONCEPT_NAME.all(it.names()),
        "datatype": lambda it: DATATYPE.of(it.datatype),
        "conceptClass": lambda it: CONCEPT_CLASS.of(it.concept_class),
        "set": lambda it: it.is_set,
        "setMembers": lambda it: CONCEPT.all(it.members()),
        "version": _nothing,
        "retired": lambda it: it.retired,
        "descriptions": _none_of_them,
        "mappings": _none_of_them,
        "answers": lambda it: CONCEPT.all(it.answers()),
        "attributes": _none_of_them,
        "units": _units,
        "lowAbsolute": _low,
        "hiAbsolute": _high,
        "allowDecimal": lambda it: it.numeric.allow_decimal if it.numeric else None,
        **dict.fromkeys(
            ("lowNormal", "lowCritical", "hiNormal", "hiCritical", "displayPrecision"),
            _nothing,
        ),
    },
    default=_CONCEPT,
    full=_CONCEPT,
)


def _audit(shown: str) -> Kind[Audit]:
    return Kind(
        "auditInfo",
        version="1.8",
        path=lambda _: "",
        properties={
            "creator": lambda it: USER_OF.maybe(it.creator),
            "dateCreated": lambda it: it.date_created,
            "changedBy": lambda it: USER_OF.maybe(it.changer),
            "dateChanged": lambda it: it.date_changed,
            "voidedBy": lambda it: USER_OF.maybe(it.voider),
            "dateVoided": lambda it: it.date_voided,
            "voidReason": lambda it: it.void_reason,
        },
        default=shown,
        full=shown,
        bare=True,
    )


_CHANGES = "creator:ref,dateCreated,changedBy:ref,dateChanged"
_OF_LIVE = _audit(_CHANGES)
_OF_VOIDED = _audit(f"{_CHANGES},voidedBy:ref,dateVoided,voidReason")


def audit_item(audit: Audit | None) -> Item | None:
    """Return the trail of a row, if it has one; what is voided has a longer one."""
    if audit is not None and audit.date_voided is not None:
        return _OF_VOIDED.of(audit)
    return _OF_LIVE.maybe(audit)
