"""The recorded exchanges, played again on a stand-in with objects of its own.

Each recording has a play: what makes the same request in the same situation. Uuids, names
and times are this run's own; `likeness` is what remains of an answer without them.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import httpx

from reprise_platform import openmrs
from reprise_platform.standin.jsonvalues import Json

type Play = Callable[[World], httpx.Response]
type Body = dict[str, object]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_OWN = (
    (re.compile(r"\(conn=\d+\) "), ""),
    (re.compile(r" ON UPDATE CASCADE"), ""),
    (re.compile(r"`\w+`\.`"), "`database`.`"),
    (re.compile(r"https?://[^/ ]+/"), "http://host/"),
    (re.compile(r"\b[A-Z]{2}-\d{6}\w*"), "NUMBER"),
    (re.compile(r"\n at \[Source: [^\]]*\]"), ""),
    (re.compile(r"(?<=null for )\S+"), "NUMBER"),
)
_SAID = {
    "message",
    "rawMessage",
    "translatedMessage",
    "localizedMessage",
    "diagnostics",
}
_FIXED = _SAID | {
    "rel",
    "relation",
    "resourceAlias",
    "resourceVersion",
    "resourceType",
    "status",
    "system",
    "use",
    "type",
    "severity",
    "reason",
}


def likeness(value: Json, name: str = "") -> Json:
    """Return an answer without what is its own: keys and their order, kinds, set words."""
    if isinstance(value, dict):
        return [[key, likeness(inner, key)] for key, inner in value.items()]
    if isinstance(value, list):
        # Of things alike the first stands for all.
        return [likeness(value[0], name)] if value else []
    if isinstance(value, bool) or value is None:
        return value
    return "number" if isinstance(value, int | float) else _likeness(value, name)


def _likeness(value: str, name: str) -> str:
    if name == "code" and "." in value:
        # Where it was thrown: the class counts, the line does not.
        return value.partition(":")[0] if ":" in value else value
    if name in _FIXED:
        return _own(value)
    return "text"


def _own(text: str) -> str:
    text = _UUID.sub("UUID", text)
    for pattern, shown in _OWN:
        text = pattern.sub(shown, text)
    return text


class World:
    """A stand-in, and one of each thing that the recordings ask for."""

    def __init__(self, url: str, login: tuple[str, str]) -> None:
        self.url = url
        self.login = login
        self.rest = self.client(login)
        self.fhir = httpx.Client(
            base_url=f"{url}{openmrs.FHIR_PATH}/", auth=login, timeout=60
        )
        self.patient = self.new_patient()
        self.visit = self.new_visit(self.patient)
        self.encounter = self.new_encounter(self.patient, self.visit)

    def close(self) -> None:
        """Close what is connected."""
        self.rest.close()
        self.fhir.close()

    def client(self, login: tuple[str, str] | None) -> httpx.Client:
        """Return a client of the REST base."""
        base = f"{self.url}{openmrs.REST_PATH}/"
        return httpx.Client(base_url=base, auth=login, timeout=60)

    def number(self) -> str:
        """Return a patient number of its own."""
        path = f"idgen/identifiersource/{openmrs.IDENTIFIER_SOURCE}/identifier"
        return str(self.rest.post(path, json={}).json()["identifier"])

    def identifier(self, **more: object) -> Body:
        """Return a number as a client sends it."""
        return {
            "identifier": self.number(),
            "identifierType": openmrs.IDENTIFIER_TYPE,
            "location": openmrs.UNKNOWN_LOCATION,
            "preferred": True,
            **more,
        }

    def person(self, **more: object) -> Body:
        """Return a person as a client sends one."""
        return {
            "names": [{"givenName": "Betty", "familyName": "Williams"}],
            "gender": "F",
            "birthdate": "1984-02-03",
            "addresses": [
                {"address1": "2 High St", "cityVillage": "Leeds", "country": "UK"}
            ],
            **more,
        }

    def new_patient(self) -> str:
        """Register a patient and return the uuid."""
        body = {"person": self.person(), "identifiers": [self.identifier()]}
        return self._uuid(self.rest.post("patient", json=body))

    def new_person(self) -> str:
        """Record a person who is no patient."""
        return self._uuid(self.rest.post("person", json=self.person()))

    def visit_body(self, patient: str, **more: object) -> Body:
        """Return a visit as a client sends one."""
        return {
            "patient": patient,
            "visitType": openmrs.FACILITY_VISIT,
            "startDatetime": "2026-01-12T09:30:00.000+0000",
            "location": openmrs.UNKNOWN_LOCATION,
            **more,
        }

    def new_visit(self, patient: str, **more: object) -> str:
        """Open a visit and return the uuid."""
        body = self.visit_body(patient, **more)
        return self._uuid(self.rest.post("visit", json=body))

    def encounter_body(self, patient: str, **more: object) -> Body:
        """Return an encounter as a client sends one."""
        return {
            "patient": patient,
            "encounterType": openmrs.VITALS,
            "location": openmrs.UNKNOWN_LOCATION,
            "encounterDatetime": "2026-01-12T09:45:00.000+0000",
            "obs": [
                {"concept": openmrs.WEIGHT, "value": 61.5},
                {"concept": openmrs.NOTE, "value": "stable, review in 2 weeks"},
            ],
            **more,
        }

    def new_encounter(self, patient: str, visit: str) -> Body:
        """Record an encounter and return it."""
        body = self.encounter_body(patient, visit=visit)
        made: Body = self.rest.post("encounter", json=body).json()
        return made

    def obs_of(self, encounter: Body, place: int = 0) -> str:
        """Return the uuid of an encounter's observation."""
        observed = encounter["obs"]
        assert isinstance(observed, list)
        return str(observed[place]["uuid"])

    def new_obs(self, patient: str | None = None) -> str:
        """Record an observation of its own."""
        return self._uuid(self.rest.post("obs", json=self.obs_body(patient)))

    def obs_body(self, patient: str | None = None, **more: object) -> Body:
        """Return an observation as a client sends one."""
        return {
            "person": patient or self.patient,
            "concept": openmrs.WEIGHT,
            "obsDatetime": "2026-01-12T10:00:00.000+0000",
            "value": 70,
            **more,
        }

    def stale(self) -> str:
        """Return a cookie that no server knows."""
        return f"JSESSIONID={uuid.uuid4().hex.upper()}"

    def _uuid(self, answer: httpx.Response) -> str:
        assert answer.status_code == 201, answer.text
        return str(answer.json()["uuid"])


def unknown() -> str:
    """Return the uuid of nothing."""
    return str(uuid.uuid4())
