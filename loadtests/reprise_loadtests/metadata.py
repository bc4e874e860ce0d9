"""What OpenMRS must hold for a profile to be played: looked for, and made where missing.

Everything has a fixed uuid, so that looking is a GET, making is a POST with that uuid, and
doing it twice does nothing. What OpenMRS makes no uuid of the client's of (appointment
services, the user's provider) is known by its name or its person.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from reprise_loadtests import dictionary, outcome
from reprise_loadtests.errors import LoadError
from reprise_loadtests.outcome import error_message, judge, results, same_uuid
from reprise_loadtests.profile import Profile
from reprise_loadtests.site import Centre, centres
from reprise_loadtests.wire import Wire
from reprise_platform import openmrs
from reprise_pra.history import JsonValue

_REST = openmrs.REST_PATH
_FORBIDDEN = 403
_PAGE = 100


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """One object of OpenMRS' metadata: where it is read, what it is to people.

    `body` creates it, posted beside it; None: it is OpenMRS' own to bring.
    """

    path: str
    what: str
    body: Mapping[str, JsonValue] | None = None


_SERVICE = Needed(
    path="appointmentService",
    what=f"appointment service {dictionary.SERVICE_NAME}",
    body={
        "name": dictionary.SERVICE_NAME,
        "description": "Rendez-vous d'exercice",
        "durationMins": 30,
    },
)
"""OpenMRS chooses its uuid: it is known by its name."""


def _concept(concept: dictionary.Concept) -> Needed:
    names: list[JsonValue] = [
        {"name": name, "locale": locale, "conceptNameType": "FULLY_SPECIFIED"}
        for name, locale in ((concept.english, "en"), (concept.french, "fr"))
    ]
    body: dict[str, JsonValue] = {
        "uuid": concept.uuid,
        "names": names,
        "datatype": concept.datatype,
        "conceptClass": concept.concept_class,
    }
    if concept.datatype == dictionary.NUMERIC:
        body |= {
            "units": concept.units,
            "lowAbsolute": concept.low,
            "hiAbsolute": concept.high,
            "allowDecimal": concept.decimal,
        }
    if concept.answers:
        body["answers"] = list(concept.answers)
    return Needed(
        path=f"concept/{concept.uuid}", what=f"concept {concept.english}", body=body
    )


def _encounter_type(kind: dictionary.EncounterType) -> Needed:
    return Needed(
        path=f"encountertype/{kind.uuid}",
        what=f"encounter type {kind.name}",
        body={"uuid": kind.uuid, "name": kind.name, "description": kind.description},
    )


_OWN = (
    Needed(
        path=f"location/{openmrs.OUTPATIENT_CLINIC}", what="location Outpatient Clinic"
    ),
    Needed(
        path=f"visittype/{openmrs.FACILITY_VISIT}", what="visit type Facility Visit"
    ),
    Needed(path=f"encountertype/{openmrs.VITALS}", what="encounter type Vitals"),
    Needed(
        path=f"patientidentifiertype/{openmrs.IDENTIFIER_TYPE}",
        what="identifier type OpenMRS ID",
    ),
    Needed(
        path=f"personattributetype/{openmrs.PHONE_ATTRIBUTE_TYPE}",
        what="person attribute type Telephone Number",
    ),
    *(
        Needed(path=f"concept/{concept}", what=f"concept of {name}")
        for name, concept in (
            ("pulse", openmrs.PULSE),
            ("systolic blood pressure", openmrs.SYSTOLIC),
            ("diastolic blood pressure", openmrs.DIASTOLIC),
        )
    ),
)
"""What the reference application's demonstration content brings."""


def needs(profile: Profile | None = None) -> tuple[Needed, ...]:
    """Return what a profile's journeys name; without one, what every profile's do."""
    found = [
        *_OWN,
        _encounter_type(dictionary.AUDIOGRAM),
        *map(_concept, dictionary.THRESHOLDS),
    ]
    if profile is not None and profile.is_audioprosthesis:
        found += map(_encounter_type, (dictionary.FITTING, dictionary.FOLLOW_UP))
        found += map(_concept, dictionary.AUDIOPROSTHESIS)
        found.append(
            Needed(path=f"concept/{openmrs.NOTE}", what="concept of the visit note")
        )
    return tuple(found)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What the load goes by: the centres that are there, the appointment service."""

    centres: tuple[Centre, ...] = ()
    service: str | None = None


def check(wire: Wire, profile: Profile) -> Present:
    """Read everything a profile's journeys name, over a wire that is logged in.

    A network of which some centres are missing is played by those that are there.

    Raises:
        LoadError: names all that is missing, and what makes it.
    """
    missing = _missing(wire, needs(profile))
    opened = _opened(wire, profile)
    service = _service(wire) if profile.books else None
    lacking = [f"{one.what} ({one.path}): {why}" for one, why in missing]
    if profile.network is not None and not opened:
        lacking.append(f"the network's {profile.network.centres} centres (locations)")
    if profile.books and service is None:
        lacking.append("an appointment service (appointmentService/all/default)")
    if lacking:
        msg = (
            "OpenMRS lacks what the clinics need:\n  "
            + "\n  ".join(lacking)
            + "\n`python -m reprise_loadtests.bootstrap --create` makes what it can"
        )
        raise LoadError(msg)
    return Present(centres=opened, service=service)


def create(wire: Wire, profile: Profile) -> tuple[str, ...]:
    """Make what a profile needs and is not there, over a wire that is logged in.

    Returns:
        What was made, for people; nothing when all was there.

    Raises:
        LoadError: names all that could not be made, and why.
    """
    wanted = [one for one, _ in _missing(wire, needs(profile)) if one.body is not None]
    if profile.network is not None:
        there = {centre.uuid for centre in _opened(wire, profile)}
        wanted += [
            _location(centre)
            for centre in centres(profile.network.centres)
            if centre.uuid not in there
        ]
    if profile.books and not _has_own_service(wire):
        wanted.append(_SERVICE)
    wanted += _own_provider(wire)
    refused = {one.what: why for one in wanted if (why := _make(wire, one)) is not None}
    if refused:
        told = (f"{what}: {why}" for what, why in refused.items())
        msg = "OpenMRS does not let be made:\n  " + "\n  ".join(told)
        raise LoadError(msg)
    return tuple(one.what for one in wanted)


def _location(centre: Centre) -> Needed:
    return Needed(
        path=f"location/{centre.uuid}",
        what=f"location {centre.name}",
        body={
            "uuid": centre.uuid,
            "name": centre.name,
            "description": "Centre d'exercice",
        },
    )


def _own_provider(wire: Wire) -> tuple[Needed, ...]:
    """Return the user's provider if there is none: OpenMRS without demonstration data.

    Encounters are written down without one, too; appointments then are nobody's.
    """
    session = wire.request("GET", f"{_REST}/session").body
    if not isinstance(session, Mapping) or session.get("currentProvider") is not None:
        return ()
    user = session.get("user")
    person = user.get("person") if isinstance(user, Mapping) else None
    uuid = person.get("uuid") if isinstance(person, Mapping) else None
    if not isinstance(uuid, str):
        return ()
    body = {"person": uuid, "identifier": f"reprise-{uuid[:8]}"}
    return (Needed(path="provider", what="provider of the user", body=body),)


def _make(wire: Wire, needed: Needed) -> str | None:
    """Make one object; return why it could not be."""
    resource, _, uuid = needed.path.partition("/")
    answer = wire.request("POST", f"{_REST}/{resource}", body=needed.body)
    if answer.status in {outcome.OK, outcome.CREATED} and (
        not uuid or same_uuid(uuid)(answer.body) is not None
    ):
        return None
    why = error_message(answer.body) or answer.broken or f"status {answer.status}"
    if answer.status == _FORBIDDEN:
        return f"the user lacks a privilege: {why}"
    return why


def _missing(wire: Wire, wanted: Iterable[Needed]) -> list[tuple[Needed, str]]:
    found: list[tuple[Needed, str]] = []
    for needed in wanted:
        uuid = needed.path.rpartition("/")[2]
        read = judge(
            wire.request("GET", f"{_REST}/{needed.path}"),
            status=outcome.OK,
            read=same_uuid(uuid),
        )
        if read.value is None:
            found.append((needed, str(read.reason)))
    return found


def _opened(wire: Wire, profile: Profile) -> tuple[Centre, ...]:
    """Return the network's centres that are there, in the network's order."""
    if profile.network is None:
        return ()
    there: set[str] = set()
    start = 0
    while True:
        answer = wire.request(
            "GET", f"{_REST}/location?limit={_PAGE}&startIndex={start}"
        )
        listed = results(answer.body) if answer.status == outcome.OK else None
        if listed is None:
            msg = f"locations: {error_message(answer.body) or answer.broken}"
            raise LoadError(msg)
        there |= {str(one.get("uuid")) for one in listed}
        body = answer.body
        links = body.get("links") if isinstance(body, Mapping) else None
        # Past the end OpenMRS answers 500: only a page that says so has a next one.
        if not isinstance(links, Sequence) or not any(
            isinstance(link, Mapping) and link.get("rel") == "next" for link in links
        ):
            break
        start += _PAGE
    wanted = centres(profile.network.centres)
    return tuple(centre for centre in wanted if centre.uuid in there)


def _services(wire: Wire) -> tuple[Mapping[str, JsonValue], ...]:
    answer = wire.request("GET", f"{_REST}/appointmentService/all/default")
    body = answer.body if answer.status == outcome.OK else None
    if not isinstance(body, Sequence) or isinstance(body, str):
        return ()
    return tuple(one for one in body if isinstance(one, Mapping))


def _has_own_service(wire: Wire) -> bool:
    return any(one.get("name") == dictionary.SERVICE_NAME for one in _services(wire))


def _service(wire: Wire) -> str | None:
    """Return the network's own service, else the first there is."""
    found = sorted(
        _services(wire), key=lambda one: one.get("name") != dictionary.SERVICE_NAME
    )
    for one in found:
        if isinstance(uuid := one.get("uuid"), str):
            return uuid
    return None
