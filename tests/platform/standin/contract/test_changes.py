"""What is recorded is changed, voided, brought back and deleted for good."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import httpx
import pytest

from reprise_platform import openmrs

pytestmark = pytest.mark.cluster

type Body = dict[str, object]


@pytest.fixture
def patient(new_patient: Callable[[], str]) -> str:
    """Return the uuid of a patient just registered."""
    return new_patient()


@pytest.fixture
def weight(rest: httpx.Client, patient: str) -> str:
    """Return the uuid of an observation of that patient, in no encounter."""
    body = {
        "person": patient,
        "concept": openmrs.WEIGHT,
        "obsDatetime": "2026-01-12T10:00:00.000+0000",
        "value": 70,
    }
    answer = rest.post("obs", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["uuid"])


@pytest.fixture
def vitals(rest: httpx.Client, patient: str) -> Body:
    """Return an encounter of that patient with one observation."""
    body = {
        "patient": patient,
        "encounterType": openmrs.VITALS,
        "location": openmrs.OUTPATIENT_CLINIC,
        "encounterDatetime": "2026-01-12T09:45:00.000+0000",
        "obs": [{"concept": openmrs.WEIGHT, "value": 61.5}],
    }
    answer = rest.post("encounter", json=body)
    assert answer.status_code == 201, answer.text
    made: Body = answer.json()
    return made


def test_edited_observation_is_another_one(rest: httpx.Client, weight: str) -> None:
    """200 with a new uuid; the first one is voided and keeps its value."""
    answer = rest.post(f"obs/{weight}", json={"value": 71})
    assert answer.status_code == 200
    assert answer.json()["value"] == 71
    assert answer.json()["uuid"] != weight
    before = rest.get(f"obs/{weight}").json()
    assert (before["voided"], before["value"]) == (True, 70)


def test_moved_encounter_has_other_observations(
    rest: httpx.Client, vitals: Body
) -> None:
    """Another date: the encounter keeps its uuid, its observations do not."""
    path = f"encounter/{vitals['uuid']}"
    later = {"encounterDatetime": "2026-01-12T10:45:00.000+0000"}
    answer = rest.post(path, json=later)
    assert answer.status_code == 200, answer.text
    assert answer.json()["uuid"] == vitals["uuid"]
    assert isinstance(vitals["obs"], list)
    before = {each["uuid"] for each in vitals["obs"]}
    after = {each["uuid"] for each in answer.json()["obs"]}
    assert len(after) == len(before)
    assert not after & before


def test_voided_twice(rest: httpx.Client, weight: str, patient: str) -> None:
    """204 both times; read by uuid it says voided, in lists it is not."""
    for _ in range(2):
        assert rest.delete(f"obs/{weight}?reason=test").status_code == 204
    assert rest.get(f"obs/{weight}").json()["voided"] is True
    assert rest.get("obs", params={"patient": patient}).json() == {"results": []}


def test_voided_encounter_comes_back_alone(
    rest: httpx.Client, patient: str, vitals: Body
) -> None:
    """Its observations are voided with it, and stay so when it is brought back."""
    path = f"encounter/{vitals['uuid']}"
    assert rest.delete(path).status_code == 204
    assert rest.get("obs", params={"patient": patient}).json() == {"results": []}
    answer = rest.post(path, json={"deleted": "false"})
    assert answer.status_code == 200, answer.text
    assert rest.get(path).json()["voided"] is False
    assert rest.get("obs", params={"patient": patient}).json() == {"results": []}


def test_voided_patient(rest: httpx.Client, patient: str, vitals: Body) -> None:
    """All there is of a patient is voided with them; nothing brings them back."""
    assert rest.delete(f"patient/{patient}?reason=test").status_code == 204
    assert rest.get(f"patient/{patient}").json()["voided"] is True
    assert rest.get(f"encounter/{vitals['uuid']}").json()["voided"] is True
    back = rest.post(f"patient/{patient}", json={"deleted": "false"})
    assert back.status_code == 400


@pytest.mark.parametrize("kind", ["obs", "encounter", "visit", "patient"])
def test_unknown_is_voided_or_purged(rest: httpx.Client, kind: str) -> None:
    """To void what is not there: 404; to purge it: 204, as if it had been."""
    path = f"{kind}/{uuid.uuid4()}"
    assert rest.delete(path).status_code == 404
    assert rest.delete(f"{path}?purge=true").status_code == 204


def test_purged_is_not_there(
    rest: httpx.Client, patient: str, weight: str, new_patient: Callable[[], str]
) -> None:
    """An observation and a patient without any: 204, and 404 from then on."""
    for path in (f"obs/{weight}", f"patient/{new_patient()}"):
        assert rest.delete(f"{path}?purge=true").status_code == 204
        assert rest.get(path).status_code == 404
    assert rest.get(f"patient/{patient}").status_code == 200


def test_purge_leaves_no_orphans(
    rest: httpx.Client, patient: str, vitals: Body
) -> None:
    """A patient with an encounter: 500, and all is there as before."""
    assert rest.delete(f"patient/{patient}?purge=true").status_code == 500
    assert rest.get(f"patient/{patient}").json()["identifiers"]
    assert rest.get(f"encounter/{vitals['uuid']}").json()["voided"] is False


@pytest.mark.parametrize("value", ["", "false", "True"])
def test_purge_with_another_value(rest: httpx.Client, weight: str, value: str) -> None:
    """200 with an exception written into the body, and nothing is deleted or voided."""
    answer = rest.delete(f"obs/{weight}", params={"purge": value})
    assert answer.status_code == 200
    assert "purge=true" in answer.json()["message"]
    assert rest.get(f"obs/{weight}").json()["voided"] is False


def test_patient_is_changed(rest: httpx.Client, patient: str) -> None:
    """By the patient and by the person; an unknown patient makes OpenMRS fail."""
    by_person = rest.post(f"person/{patient}", json={"gender": "M"})
    assert by_person.status_code == 200
    body = {"person": {"birthdate": "1960-05-18"}}
    by_patient = rest.post(f"patient/{patient}", json=body)
    assert by_patient.status_code == 200, by_patient.text
    shown = rest.get(f"person/{patient}").json()
    assert shown["gender"] == "M"
    assert shown["birthdate"] == "1960-05-18T00:00:00.000+0000"
    unknown = f"patient/{uuid.uuid4()}"
    assert rest.post(unknown, json={"person": {"gender": "M"}}).status_code == 500


def test_patient_has_several_numbers(
    rest: httpx.Client, patient: str, new_number: Callable[[], str]
) -> None:
    """A second number is added (201), shown with the first, and purged."""
    body = {
        "identifier": new_number(),
        "identifierType": openmrs.IDENTIFIER_TYPE,
        "location": openmrs.OUTPATIENT_CLINIC,
        "preferred": False,
    }
    path = f"patient/{patient}/identifier"
    added = rest.post(path, json=body)
    assert added.status_code == 201, added.text
    shown = rest.get(path).json()["results"]
    assert body["identifier"] in [each["identifier"] for each in shown]
    assert len(shown) == 2
    own = f"{path}/{added.json()['uuid']}"
    assert rest.delete(f"{own}?purge").status_code == 204
    assert len(rest.get(path).json()["results"]) == 1


def test_person_has_attributes(rest: httpx.Client, patient: str) -> None:
    """A telephone number is added (201), changed (200) and voided (204)."""
    path = f"person/{patient}/attribute"
    body = {"attributeType": openmrs.PHONE_ATTRIBUTE_TYPE, "value": "0199000001"}
    added = rest.post(path, json=body)
    assert added.status_code == 201, added.text
    own = f"{path}/{added.json()['uuid']}"
    changed = rest.post(own, json={"value": "0199000002"})
    assert (changed.status_code, changed.json()["value"]) == (200, "0199000002")
    assert rest.delete(own).status_code == 204
    assert rest.get(path).json() == {"results": []}


def test_person_without_care(rest: httpx.Client) -> None:
    """A person is recorded without being a patient, whatever the script of the name."""
    names = [{"givenName": "Ólafur Č", "familyName": "日本語"}]
    made = rest.post("person", json={"names": names, "gender": "M"})
    assert made.status_code == 201, made.text
    own = made.json()["uuid"]
    assert rest.get(f"person/{own}").json()["display"] == "Ólafur Č 日本語"
    assert rest.get(f"patient/{own}").status_code == 404
    assert rest.post("person", json={"gender": "F"}).status_code == 400
