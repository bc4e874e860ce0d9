"""How care shows: visits, encounters, observations."""

from __future__ import annotations

import uuid

from reprise_platform.standin import dates
from reprise_platform.standin.kinds_metadata import (
    CONCEPT,
    ENCOUNTER_ROLE,
    ENCOUNTER_TYPE,
    LOCATION,
    PROVIDER,
    VISIT_TYPE,
    audit_item,
)
from reprise_platform.standin.kinds_people import PATIENT
from reprise_platform.standin.model import (
    Encounter,
    EncounterProvider,
    Numeric,
    Obs,
    Visit,
)
from reprise_platform.standin.rendering import Kind, Value


def _nothing(_: object) -> Value:
    return None


def _none_of_them(_: object) -> Value:
    return []


def _visit_display(visit: Visit) -> str:
    place = f"@ {visit.location.name}" if visit.location else "?"
    return f"{visit.type.name} {place} - {dates.show_datetime(visit.started)}"


_VISIT_HEAD = (
    "uuid,display,patient:ref,visitType:ref,indication:ref,location:ref,"
    "startDatetime,stopDatetime"
)
VISIT: Kind[Visit] = Kind(
    "visit",
    version="1.9",
    path=lambda it: f"visit/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": _visit_display,
        "patient": lambda it: PATIENT.of(it.patient()),
        "visitType": lambda it: VISIT_TYPE.of(it.type),
        "indication": _nothing,
        "location": lambda it: LOCATION.maybe(it.location),
        "startDatetime": lambda it: it.started,
        "stopDatetime": lambda it: it.stopped,
        "encounters": lambda it: ENCOUNTER.all(it.encounters()),
        "attributes": _none_of_them,
        "voided": lambda it: it.voided,
        "auditInfo": lambda it: audit_item(it.audit()),
    },
    default=f"{_VISIT_HEAD},encounters:ref,attributes:ref,voided",
    full=f"{_VISIT_HEAD},encounters,attributes,voided,auditInfo",
)

_ENCOUNTER_PROVIDER = "uuid,provider:ref,encounterRole:ref,display,voided"
ENCOUNTER_PROVIDER: Kind[EncounterProvider] = Kind(
    "encounterprovider",
    version="1.9",
    path=lambda it: f"encounter/{it.encounter_uuid}/encounterprovider/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: f"{it.provider.name}: {it.role.name}",
        "provider": lambda it: PROVIDER.of(it.provider),
        "encounterRole": lambda it: ENCOUNTER_ROLE.of(it.role),
        "voided": lambda it: it.voided,
    },
    default=_ENCOUNTER_PROVIDER,
    full=_ENCOUNTER_PROVIDER,
)

_ENCOUNTER_HEAD = "uuid,display,encounterDatetime,patient:ref"
ENCOUNTER: Kind[Encounter] = Kind(
    "encounter",
    version="2.2",
    path=lambda it: f"encounter/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": lambda it: f"{it.type.name} {dates.show_date(it.moment)}",
        "encounterDatetime": lambda it: it.moment,
        "patient": lambda it: PATIENT.of(it.patient()),
        "location": lambda it: LOCATION.maybe(it.location),
        "form": _nothing,
        "encounterType": lambda it: ENCOUNTER_TYPE.of(it.type),
        "obs": lambda it: OBS.all(it.obs()),
        "orders": _none_of_them,
        "voided": lambda it: it.voided,
        "visit": lambda it: VISIT.maybe(it.visit()),
        "encounterProviders": lambda it: ENCOUNTER_PROVIDER.all(it.providers()),
        "diagnoses": _none_of_them,
        "auditInfo": lambda it: audit_item(it.audit()),
    },
    default=(
        f"{_ENCOUNTER_HEAD},location:ref,form:ref,encounterType:ref,obs:ref,orders:ref,"
        "voided,visit:ref,encounterProviders:ref,diagnoses:ref"
    ),
    full=(
        f"{_ENCOUNTER_HEAD},location,form,encounterType,obs,orders,voided,auditInfo,visit,"
        "encounterProviders,diagnoses"
    ),
)

_RANGE = "display,uuid,hiNormal,hiAbsolute,hiCritical,lowNormal,lowAbsolute,lowCritical"
_REFERENCE_RANGE: Kind[tuple[str, Numeric]] = Kind(
    "referencerange",
    version="2.7",
    path=lambda it: f"obs/{it[0]}/referencerange/{_range_uuid(it[0])}",
    properties={
        "uuid": lambda it: _range_uuid(it[0]),
        "display": lambda _: "",
        "hiAbsolute": lambda it: it[1].hi_absolute,
        "lowAbsolute": lambda it: it[1].low_absolute,
        **dict.fromkeys(
            ("hiNormal", "hiCritical", "lowNormal", "lowCritical"), _nothing
        ),
    },
    default=_RANGE,
    full=_RANGE,
)


def _range_uuid(obs_uuid: str) -> str:
    """Return a uuid for a range, which OpenMRS keeps in a table we do not have."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"reprise:referencerange:{obs_uuid}"))


def _obs_value(obs: Obs) -> Value:
    coded = obs.coded()
    if coded is not None:
        return CONCEPT.of(coded)
    if obs.datetime is not None:
        return obs.datetime
    return obs.text if obs.text is not None else obs.number


def _obs_display(obs: Obs) -> str:
    members = obs.members()
    if members:
        shown = ", ".join(_shown_value(member) for member in members)
    else:
        shown = _shown_value(obs)
    return f"{obs.concept().name.name}: {shown}"


def _shown_value(obs: Obs) -> str:
    coded = obs.coded()
    if coded is not None:
        return coded.name.name
    if obs.datetime is not None:
        return dates.show_datetime(obs.datetime)
    value = obs.text if obs.text is not None else obs.number
    return "" if value is None else str(value)


def _members(obs: Obs) -> Value:
    members = obs.members()
    return OBS.all(members) if members else None


_OBS_REST = (
    "voided,{audit}value,valueModifier,formFieldPath,formFieldNamespace,status,"
    "interpretation,referenceRange"
)
OBS: Kind[Obs] = Kind(
    "obs",
    version="2.7",
    path=lambda it: f"obs/{it.uuid}",
    properties={
        "uuid": lambda it: it.uuid,
        "display": _obs_display,
        "concept": lambda it: CONCEPT.of(it.concept()),
        "person": lambda it: PATIENT.of(it.person()),
        "obsDatetime": lambda it: it.moment,
        "obsGroup": lambda it: OBS.maybe(it.group()),
        "groupMembers": _members,
        "comment": lambda it: it.comment,
        "location": lambda it: LOCATION.maybe(it.location()),
        "encounter": lambda it: ENCOUNTER.maybe(it.encounter()),
        "voided": lambda it: it.voided,
        "auditInfo": lambda it: audit_item(it.audit()),
        "value": _obs_value,
        "status": lambda it: it.status,
        "referenceRange": lambda it: _REFERENCE_RANGE.maybe(
            (it.uuid, numeric) if (numeric := it.concept().numeric) else None
        ),
        **dict.fromkeys(
            (
                "accessionNumber",
                "valueCodedName",
                "order",
                "valueModifier",
                "formFieldPath",
                "formFieldNamespace",
                "interpretation",
            ),
            _nothing,
        ),
    },
    default=(
        "uuid,display,concept:ref,person:ref,obsDatetime,accessionNumber,obsGroup:ref,"
        "valueCodedName:ref,groupMembers,comment,location:ref,order:ref,encounter:ref,"
        f"{_OBS_REST.format(audit='')}"
    ),
    full=(
        "uuid,display,concept,person:ref,obsDatetime,accessionNumber,obsGroup,"
        "valueCodedName,groupMembers:full,comment,location,order,encounter,"
        f"{_OBS_REST.format(audit='auditInfo,')}"
    ),
)
