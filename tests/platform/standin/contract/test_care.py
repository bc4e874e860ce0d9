"""Visits, encounters and observations."""

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
def visit(rest: httpx.Client, patient: str) -> str:
    """Return the uuid of a visit of that patient, running."""
    answer = rest.post("visit", json=_visit(patient))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["uuid"])


def test_visit_is_opened_and_closed(rest: httpx.Client, patient: str) -> None:
    """A visit starts now, is listed as active, and after its end is not."""
    body = _visit(patient)
    opened = rest.post("visit", json=body)
    assert opened.status_code == 201
    assert opened.json()["uuid"] == body["uuid"]
    assert opened.json()["stopDatetime"] is None
    assert opened.json()["patient"]["uuid"] == patient
    active = {"patient": patient, "includeInactive": "false"}
    listed = rest.get("visit", params=active).json()["results"]
    assert [visit["uuid"] for visit in listed] == [body["uuid"]]
    start = opened.json()["startDatetime"]
    closed = rest.post(f"visit/{body['uuid']}", json={"stopDatetime": start})
    assert closed.status_code == 200
    assert closed.json()["stopDatetime"] == start
    assert rest.get("visit", params=active).json() == {"results": []}
    assert len(rest.get("visit", params={"patient": patient}).json()["results"]) == 1


@pytest.mark.usefixtures("visit")
def test_one_visit_at_a_time(rest: httpx.Client, patient: str) -> None:
    """A second visit while one runs: 400, with the field and the code."""
    second = _visit(patient)
    answer = rest.post("visit", json=second)
    assert answer.status_code == 400
    errors = answer.json()["error"]["fieldErrors"]["startDatetime"]
    assert errors[0]["code"] == "Visit.visitCannotOverlapAnotherVisitOfTheSamePatient"
    assert rest.get(f"visit/{second['uuid']}").status_code == 404


def test_visit_cannot_end_before_it_starts(rest: httpx.Client, visit: str) -> None:
    """An end before the start: 400, and the visit still runs."""
    end = {"stopDatetime": "2001-01-01T00:00:00.000+0000"}
    assert rest.post(f"visit/{visit}", json=end).status_code == 400
    assert rest.get(f"visit/{visit}").json()["stopDatetime"] is None


def test_visits_of_no_one(rest: httpx.Client) -> None:
    """Visits of an unknown patient: 404; its encounters: none."""
    nobody = {"patient": str(uuid.uuid4())}
    assert rest.get("visit", params=nobody).status_code == 404
    assert rest.get("encounter", params=nobody).json() == {"results": []}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2026-01-14T09:30:00Z", "2026-01-14T09:30:00.000+0000"),
        ("2026-01-14T10:30:00+01:00", "2026-01-14T09:30:00.000+0000"),
    ],
)
def test_dates_are_read_and_shown(
    rest: httpx.Client, patient: str, written: str, shown: str
) -> None:
    """A moment is read in several writings and shown in one."""
    body = _visit(patient) | {"startDatetime": written, "stopDatetime": written}
    assert rest.post("visit", json=body).status_code == 201
    assert rest.get(f"visit/{body['uuid']}").json()["startDatetime"] == shown


def test_vitals(rest: httpx.Client, patient: str, visit: str) -> None:
    """An encounter with observations is recorded, with the visit, and read back."""
    body = _vitals(patient, visit=visit)
    answer = rest.post("encounter", json=body)
    assert answer.status_code == 201, answer.text
    encounter = answer.json()
    assert encounter["uuid"] == body["uuid"]
    assert encounter["visit"]["uuid"] == visit
    assert len(encounter["obs"]) == 2
    full = rest.get(f"encounter/{body['uuid']}", params={"v": "full"}).json()
    values = {obs["concept"]["uuid"]: obs["value"] for obs in full["obs"]}
    assert values == {openmrs.PULSE: 72, openmrs.SYSTOLIC: 131}
    listed = rest.get("encounter", params={"patient": patient}).json()["results"]
    assert [found["uuid"] for found in listed] == [body["uuid"]]
    of_visit = rest.get(f"visit/{visit}").json()["encounters"]
    assert [found["uuid"] for found in of_visit] == [body["uuid"]]


def test_encounter_joins_the_running_visit(
    rest: httpx.Client, patient: str, visit: str
) -> None:
    """An encounter that names no visit is of the one that runs."""
    answer = rest.post("encounter", json=_vitals(patient))
    assert answer.json()["visit"]["uuid"] == visit


def test_audiogram(rest: httpx.Client, patient: str) -> None:
    """Thresholds are kept in their groups, one an ear."""
    if rest.get(f"concept/{openmrs.AUDIOGRAM_PANELS['left']}").status_code == 404:
        pytest.skip("this OpenMRS has no audiology concepts")
    groups = [
        {
            "concept": openmrs.AUDIOGRAM_PANELS[ear],
            "groupMembers": [
                {"concept": concept, "value": frequency_hz / 100}
                for frequency_hz, concept in openmrs.THRESHOLDS[ear].items()
            ],
        }
        for ear in ("left", "right")
    ]
    body = _encounter(patient) | {"encounterType": openmrs.AUDIOGRAM, "obs": groups}
    assert rest.post("encounter", json=body).status_code == 201
    full = rest.get(f"encounter/{body['uuid']}", params={"v": "full"}).json()
    assert len(full["obs"]) == 2
    kept = {
        ear["concept"]["uuid"]: {
            member["concept"]["uuid"]: member["value"] for member in ear["groupMembers"]
        }
        for ear in full["obs"]
    }
    assert kept == {
        openmrs.AUDIOGRAM_PANELS[ear]: {
            concept: frequency_hz / 100
            for frequency_hz, concept in openmrs.THRESHOLDS[ear].items()
        }
        for ear in ("left", "right")
    }
    member = full["obs"][0]["groupMembers"][0]["uuid"]
    group = rest.get(f"obs/{member}").json()["obsGroup"]
    assert group["uuid"] == full["obs"][0]["uuid"]


def test_encounter_is_all_or_nothing(rest: httpx.Client, patient: str) -> None:
    """One observation out of range: 400, and neither encounter nor good observation."""
    good = str(uuid.uuid4())
    body = _encounter(patient) | {
        "obs": [
            {"uuid": good, "concept": openmrs.PULSE, "value": 60},
            {"concept": openmrs.PULSE, "value": 9999},
        ]
    }
    answer = rest.post("encounter", json=body)
    assert answer.status_code == 400
    errors = answer.json()["error"]["fieldErrors"]["valueNumeric"]
    assert errors[0]["code"] == "error.value.outOfRange.high"
    assert rest.get(f"encounter/{body['uuid']}").status_code == 404
    assert rest.get(f"obs/{good}").status_code == 404


def test_encounter_twice_leaves_the_first(rest: httpx.Client, patient: str) -> None:
    """The same uuid again: 500, and nothing of the second is kept."""
    first = _vitals(patient)
    assert rest.post("encounter", json=first).status_code == 201
    other = str(uuid.uuid4())
    obs = [{"uuid": other, "concept": openmrs.PULSE, "value": 55}]
    again = rest.post("encounter", json=first | {"obs": obs})
    assert again.status_code == 500
    assert "Duplicate entry" in again.json()["error"]["message"]
    assert rest.get(f"obs/{other}").status_code == 404
    assert len(rest.get(f"encounter/{first['uuid']}").json()["obs"]) == 2


def test_encounter_needs_patient_and_type(rest: httpx.Client, patient: str) -> None:
    """Without its type, or with an unknown concept: 400."""
    body = _encounter(patient)
    del body["encounterType"]
    answer = rest.post("encounter", json=body)
    assert answer.status_code == 400
    expected = "[Some required properties are missing: encounterType]"
    assert answer.json()["error"]["message"] == expected
    unknown = [{"concept": str(uuid.uuid4()), "value": 1}]
    refused = rest.post("encounter", json=_encounter(patient) | {"obs": unknown})
    assert refused.status_code == 400


def test_encounters_are_not_listed_at_large(rest: httpx.Client) -> None:
    """Neither encounters nor observations without a filter: 400."""
    assert rest.get("encounter").status_code == 400
    assert rest.get("obs").status_code == 400


def test_observation_alone(rest: httpx.Client, patient: str) -> None:
    """An observation without encounter is recorded, listed and read back."""
    body = _obs(patient) | {"value": 72.5}
    answer = rest.post("obs", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["uuid"] == body["uuid"]
    assert answer.json()["value"] == 72.5
    assert answer.json()["person"]["uuid"] == patient
    assert answer.json()["encounter"] is None
    query = {"patient": patient, "concept": openmrs.WEIGHT, "v": "custom:(uuid,value)"}
    (found,) = rest.get("obs", params=query).json()["results"]
    assert found["uuid"] == body["uuid"]
    assert found["value"] == 72.5


def test_observation_twice(rest: httpx.Client, patient: str) -> None:
    """The same uuid again: 500, and the value is the first one."""
    body = _obs(patient) | {"value": 72.5}
    assert rest.post("obs", json=body).status_code == 201
    assert rest.post("obs", json=body | {"value": 80}).status_code == 500
    assert rest.get(f"obs/{body['uuid']}").json()["value"] == 72.5


def test_observation_needs_a_value(rest: httpx.Client, patient: str) -> None:
    """No value: 400, said of the whole and of the field."""
    answer = rest.post("obs", json=_obs(patient))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["globalErrors"][0]["code"] == "error.noValue"
    assert error["fieldErrors"]["valueNumeric"][0]["code"] == "error.null"


def test_metadata_is_there(rest: httpx.Client) -> None:
    """What the journeys name exists under its uuid, and the lists answer."""
    for path in (
        f"location/{openmrs.OUTPATIENT_CLINIC}",
        f"visittype/{openmrs.FACILITY_VISIT}",
        f"encountertype/{openmrs.VITALS}",
        f"encounterrole/{openmrs.CLINICIAN_ROLE}",
        f"patientidentifiertype/{openmrs.IDENTIFIER_TYPE}",
        f"concept/{openmrs.PULSE}",
    ):
        answer = rest.get(path)
        assert answer.status_code == 200, path
        assert answer.json()["uuid"] == path.rpartition("/")[2]
    for path in ("location", "visittype", "encountertype", "provider"):
        assert rest.get(path).json()["results"], path


def test_health(rest: httpx.Client, server_url: str) -> None:
    """Alive and started: 200 and empty; OpenMRS has no readiness."""
    for name in ("alive", "started"):
        answer = rest.get(f"{server_url}/openmrs/health/{name}")
        assert (answer.status_code, answer.content) == (200, b"")
    assert rest.get(f"{server_url}/openmrs/health/ready").status_code == 404


def _visit(patient: str) -> Body:
    return {
        "uuid": str(uuid.uuid4()),
        "patient": patient,
        "visitType": openmrs.FACILITY_VISIT,
        "location": openmrs.OUTPATIENT_CLINIC,
    }


def _encounter(patient: str) -> Body:
    return {
        "uuid": str(uuid.uuid4()),
        "patient": patient,
        "encounterType": openmrs.VITALS,
        "location": openmrs.OUTPATIENT_CLINIC,
    }


def _vitals(patient: str, **more: object) -> Body:
    obs = [
        {"concept": openmrs.PULSE, "value": 72},
        {"concept": openmrs.SYSTOLIC, "value": 131},
    ]
    return _encounter(patient) | {"obs": obs} | more


def _obs(patient: str) -> Body:
    return {
        "uuid": str(uuid.uuid4()),
        "person": patient,
        "concept": openmrs.WEIGHT,
        "obsDatetime": "2026-01-12T10:00:00.000+0000",
    }
