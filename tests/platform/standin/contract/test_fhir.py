"""The same record by FHIR: what the clinics' screens read."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest

from reprise_platform import openmrs

pytestmark = pytest.mark.cluster

type Body = dict[str, object]


@pytest.fixture
def nobody(server_url: str, trusted: ssl.SSLContext) -> Iterator[httpx.Client]:
    """Return a client of the FHIR base that says nothing of itself."""
    base = f"{server_url}{openmrs.FHIR_PATH}/"
    with httpx.Client(base_url=base, timeout=30, verify=trusted) as client:
        yield client


@pytest.fixture
def fhir(nobody: httpx.Client, credentials: tuple[str, str]) -> httpx.Client:
    """Return a client of the FHIR base that sends credentials."""
    nobody.auth = credentials
    return nobody


@pytest.fixture
def patient(new_patient: Callable[[], str]) -> str:
    """Return the uuid of a patient just registered."""
    return new_patient()


@pytest.fixture
def vitals(rest: httpx.Client, patient: str) -> Body:
    """Return an encounter of that patient with two observations, in a visit."""
    visit = rest.post(
        "visit",
        json={
            "patient": patient,
            "visitType": openmrs.FACILITY_VISIT,
            "location": openmrs.OUTPATIENT_CLINIC,
        },
    ).json()
    answer = rest.post(
        "encounter",
        json={
            "patient": patient,
            "visit": visit["uuid"],
            "encounterType": openmrs.VITALS,
            "location": openmrs.OUTPATIENT_CLINIC,
            "obs": [
                {"concept": openmrs.WEIGHT, "value": 61.5},
                {"concept": openmrs.PULSE, "value": 72},
            ],
        },
    )
    assert answer.status_code == 201, answer.text
    made: Body = answer.json()
    return made


def test_capabilities_are_public(nobody: httpx.Client) -> None:
    """Whoever asks is told what the server can do."""
    answer = nobody.get("metadata")
    assert answer.status_code == 200
    assert answer.json()["resourceType"] == "CapabilityStatement"
    assert answer.json()["fhirVersion"].startswith("4.0")


def test_nobody_reads(nobody: httpx.Client) -> None:
    """Without a login: 401, and a page of HTML."""
    answer = nobody.get("Patient", params={"name": "zz"})
    assert answer.status_code == 401
    assert answer.headers["content-type"].lower().startswith("text/html")


def test_stale_cookie_is_forgotten(fhir: httpx.Client, patient: str) -> None:
    """An unknown session with good credentials: 200, where REST answers 401."""
    stale = {"Cookie": "JSESSIONID=0123456789ABCDEF0123456789ABCDEF"}
    assert fhir.get(f"Patient/{patient}", headers=stale).status_code == 200


def test_patient_is_read(fhir: httpx.Client, patient: str) -> None:
    """As registered, its names and numbers with their ids."""
    answer = fhir.get(f"Patient/{patient}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/fhir+json")
    shown = answer.json()
    assert (shown["resourceType"], shown["id"]) == ("Patient", patient)
    assert (shown["gender"], shown["birthDate"]) == ("female", "1950-03-02")
    assert shown["name"][0]["family"] == "Essai"
    assert shown["name"][0]["id"]
    assert shown["identifier"][0]["value"]
    assert shown["identifier"][0]["id"]


def test_unknown_is_told_so(fhir: httpx.Client) -> None:
    """404, with an OperationOutcome, for each kind."""
    for kind in ("Patient", "Encounter", "Observation", "Location"):
        answer = fhir.get(f"{kind}/{uuid.uuid4()}")
        assert answer.status_code == 404, kind
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_voided_is_gone(rest: httpx.Client, fhir: httpx.Client, patient: str) -> None:
    """What REST still shows as voided is 410 here, and in no search."""
    assert rest.delete(f"patient/{patient}").status_code == 204
    assert rest.get(f"patient/{patient}").json()["voided"] is True
    assert fhir.get(f"Patient/{patient}").status_code == 410
    assert fhir.get("Patient", params={"_id": patient}).json()["total"] == 0


def test_patient_is_found(fhir: httpx.Client, patient: str) -> None:
    """By number and by id; an unknown parameter is refused."""
    number = fhir.get(f"Patient/{patient}").json()["identifier"][0]["value"]
    for query in ({"identifier": number}, {"_id": patient}):
        found = fhir.get("Patient", params=query).json()
        assert (found["type"], found["total"]) == ("searchset", 1)
        assert found["entry"][0]["resource"]["id"] == patient
    assert fhir.get("Patient", params={"nosuch": "1"}).status_code == 400


@pytest.mark.usefixtures("vitals")
def test_observations_of_a_patient(fhir: httpx.Client, patient: str) -> None:
    """By code, with value and unit; data alone leaves out the text for people."""
    query = {
        "subject:Patient": patient,
        "code": f"{openmrs.WEIGHT},{openmrs.TEMPERATURE}",
        "_summary": "data",
        "_sort": "-date",
        "_count": "100",
    }
    found = fhir.get("Observation", params=query).json()
    assert found["total"] == 1
    weight = found["entry"][0]["resource"]
    assert weight["valueQuantity"]["value"] == 61.5
    assert weight["code"]["coding"][0]["code"] == openmrs.WEIGHT
    assert "system" not in weight["code"]["coding"][0]
    assert weight["subject"]["reference"] == f"Patient/{patient}"
    assert "text" not in weight
    whole = fhir.get(f"Observation/{weight['id']}").json()
    assert "div" in whole["text"]


def test_encounters_of_a_patient(
    fhir: httpx.Client, patient: str, vitals: Body
) -> None:
    """By type the newest; the visit is an encounter too, and what it is part of."""
    query = {
        "patient": patient,
        "_sort": "-date",
        "_count": "1",
        "type": openmrs.VITALS,
        "_summary": "data",
    }
    found = fhir.get("Encounter", params=query).json()
    (entry,) = found["entry"]
    assert entry["resource"]["id"] == vitals["uuid"]
    visit = entry["resource"]["partOf"]["reference"]
    shown = fhir.get(visit).json()
    assert shown["meta"]["tag"][0]["code"] == "visit"
    assert shown["subject"]["reference"] == f"Patient/{patient}"


@pytest.mark.usefixtures("vitals")
def test_counts_and_pages(fhir: httpx.Client, patient: str) -> None:
    """`_count` bounds a page, its link leads to the next; a count alone has no entries."""
    query = {"patient": patient, "_count": "1"}
    first = fhir.get("Observation", params=query).json()
    assert first["total"] == 2
    assert len(first["entry"]) == 1
    links = {link["relation"]: link["url"] for link in first["link"]}
    page = links["next"].partition("?")[2]
    second = fhir.get(f"?{page}").json()
    seen = {each["entry"][0]["resource"]["id"] for each in (first, second)}
    assert len(seen) == 2
    alone = {"patient": patient, "_summary": "count"}
    counted = fhir.get("Observation", params=alone).json()
    assert counted["total"] == 2
    assert "entry" not in counted


def test_places(fhir: httpx.Client) -> None:
    """The clinic is a location, ten of which at most make a page."""
    shown = fhir.get(f"Location/{openmrs.OUTPATIENT_CLINIC}").json()
    assert shown["name"] == "Outpatient Clinic"
    assert len(fhir.get("Location").json()["entry"]) <= 10
