"""Metadata that a bootstrap makes where an OpenMRS lacks it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import httpx
import pytest

from reprise_platform import openmrs

pytestmark = pytest.mark.cluster

_NUMERIC = "8d4a4488-c2cc-11de-8d13-0010c6dffd0f"
_CODED = "8d4a48b6-c2cc-11de-8d13-0010c6dffd0f"
_NOT_APPLICABLE = "8d4a4c94-c2cc-11de-8d13-0010c6dffd0f"
_MISC = "8d492774-c2cc-11de-8d13-0010c6dffd0f"

type Body = dict[str, object]


@pytest.fixture
def patient(new_patient: Callable[[], str]) -> str:
    """Return the uuid of a patient just registered."""
    return new_patient()


def _concept(datatype: str, **more: object) -> Body:
    name = f"Essai {uuid.uuid4()}"
    names = [{"name": name, "locale": "en", "conceptNameType": "FULLY_SPECIFIED"}]
    own = {"uuid": str(uuid.uuid4()), "names": names}
    return own | {"datatype": datatype, "conceptClass": _MISC} | more


@pytest.mark.parametrize("kind", ["visittype", "encountertype", "location"])
def test_named_thing_is_made(rest: httpx.Client, kind: str) -> None:
    """201 with the client's uuid, and it is read; the same uuid again is 500."""
    body = {
        "uuid": str(uuid.uuid4()),
        "name": f"Essai {uuid.uuid4()}",
        "description": "Essai",
    }
    made = rest.post(kind, json=body)
    assert made.status_code == 201, made.text
    assert made.json()["uuid"] == body["uuid"]
    assert rest.get(f"{kind}/{body['uuid']}").json()["display"] == body["name"]
    assert rest.post(kind, json=body).status_code == 500


def test_encounter_type_needs_a_description(rest: httpx.Client) -> None:
    """400, which names what is missing."""
    answer = rest.post("encountertype", json={"name": f"Essai {uuid.uuid4()}"})
    assert answer.status_code == 400
    assert "description" in answer.json()["error"]["message"]


def test_numeric_concept_has_limits(rest: httpx.Client, patient: str) -> None:
    """A concept made by a client refuses values beyond its limits."""
    body = _concept(_NUMERIC, units="dB", lowAbsolute=0, hiAbsolute=10)
    made = rest.post("concept", json=body)
    assert made.status_code == 201, made.text
    view = {"v": "custom:(units,hiAbsolute)"}
    shown = rest.get(f"concept/{body['uuid']}", params=view).json()
    assert (shown["units"], shown["hiAbsolute"]) == ("dB", 10)
    obs = {
        "person": patient,
        "concept": body["uuid"],
        "obsDatetime": "2026-01-12T10:00:00.000+0000",
    }
    assert rest.post("obs", json=obs | {"value": 11}).status_code == 400
    assert rest.post("obs", json=obs | {"value": 10}).status_code == 201


def test_coded_concept_has_answers(rest: httpx.Client, patient: str) -> None:
    """A coded question takes one of its answers as a value, and shows it."""
    answers = [_concept(_NOT_APPLICABLE) for _ in range(2)]
    for each in answers:
        assert rest.post("concept", json=each).status_code == 201
    uuids = [each["uuid"] for each in answers]
    question = _concept(_CODED, answers=uuids)
    made = rest.post("concept", json=question)
    assert made.status_code == 201, made.text
    assert {each["uuid"] for each in made.json()["answers"]} == set(uuids)
    obs = {
        "person": patient,
        "concept": question["uuid"],
        "obsDatetime": "2026-01-12T10:00:00.000+0000",
        "value": uuids[0],
    }
    observed = rest.post("obs", json=obs)
    assert observed.status_code == 201, observed.text
    assert observed.json()["value"]["uuid"] == uuids[0]


def test_person_gives_care(rest: httpx.Client) -> None:
    """A person is made a provider, and is found by number."""
    names = [{"givenName": "Anne", "familyName": "Essai"}]
    person = rest.post("person", json={"names": names, "gender": "F"}).json()["uuid"]
    body = {"person": person, "identifier": f"essai-{uuid.uuid4().hex[:8]}"}
    made = rest.post("provider", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["person"]["uuid"] == person
    found = rest.get("provider", params={"q": body["identifier"]}).json()["results"]
    assert [each["uuid"] for each in found] == [made.json()["uuid"]]


def test_numbers_are_told_of(rest: httpx.Client) -> None:
    """Which source gives the patients' numbers is read, as a registration page does."""
    options = rest.get("idgen/autogenerationoption", params={"v": "full"}).json()
    types = [each["identifierType"]["uuid"] for each in options["results"]]
    assert openmrs.IDENTIFIER_TYPE in types


def test_maintenance(rest: httpx.Client) -> None:
    """The cache is cleared and the index made anew: 204, and empty."""
    for path in ("cleardbcache", "searchindexupdate"):
        answer = rest.post(path, json={})
        assert (answer.status_code, answer.content) == (204, b"")
