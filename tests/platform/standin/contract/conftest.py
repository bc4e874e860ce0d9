"""The contract's client: any OpenMRS by URL, or the embedded site's front door.

    pytest -m cluster tests/platform/standin/contract --base-url URL --credentials FILE

FILE is JSON with `username` and `password`; `--authority PEM` is who signed the server's
certificate, where this machine's own authorities do not know it. A real OpenMRS must have
the reference application's demo content; what only the stand-in is known to do is not
asked here.
"""

from __future__ import annotations

import json
import pathlib
import ssl
import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest

from reprise_platform import openmrs, tls

_TIMEOUT_S = 30.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the server to test; without it the embedded site is brought up."""
    parser.addoption("--base-url", help="an OpenMRS, as in http://127.0.0.1:8080")
    parser.addoption("--credentials", help="JSON file: username, password")
    parser.addoption("--authority", help="PEM of who signed its certificate")


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of the server under test, without a path."""
    given = request.config.getoption("--base-url", default=None)
    if given is None:
        access = request.getfixturevalue("site_access")
        given = access.front_door
    return str(given).rstrip("/")


@pytest.fixture(scope="session")
def credentials(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Return the user name and password of the clinic."""
    given = request.config.getoption("--credentials", default=None)
    if given is None:
        access = request.getfixturevalue("site_access")
        given = access.clinic_credentials
    read = json.loads(pathlib.Path(given).read_text(encoding="utf-8"))
    return read["username"], read["password"]


@pytest.fixture(scope="session")
def trusted(request: pytest.FixtureRequest) -> ssl.SSLContext:
    """Return what checks the server's certificate."""
    given = request.config.getoption("--authority", default=None)
    if given is None and request.config.getoption("--base-url", default=None) is None:
        given = request.getfixturevalue("site_access").authority
    return tls.context(pathlib.Path(given) if given else None)


@pytest.fixture
def anonymous(server_url: str, trusted: ssl.SSLContext) -> Iterator[httpx.Client]:
    """Return a client of the REST base that says nothing of itself."""
    base = f"{server_url}{openmrs.REST_PATH}/"
    with httpx.Client(base_url=base, timeout=_TIMEOUT_S, verify=trusted) as client:
        yield client


@pytest.fixture
def rest(
    server_url: str, credentials: tuple[str, str], trusted: ssl.SSLContext
) -> Iterator[httpx.Client]:
    """Return a client that is logged in and keeps its cookies."""
    base = f"{server_url}{openmrs.REST_PATH}/"
    with httpx.Client(base_url=base, timeout=_TIMEOUT_S, verify=trusted) as client:
        answer = client.get("session", auth=credentials)
        assert answer.json()["authenticated"] is True
        yield client


@pytest.fixture
def new_number(rest: httpx.Client) -> Callable[[], str]:
    """Return what gets a patient number of its own."""

    def make() -> str:
        path = f"idgen/identifiersource/{openmrs.IDENTIFIER_SOURCE}/identifier"
        answer = rest.post(path, json={})
        assert answer.status_code == 201
        return str(answer.json()["identifier"])

    return make


@pytest.fixture
def patient_body(new_number: Callable[[], str]) -> Callable[..., dict[str, object]]:
    """Return what makes the body of a registration; keywords change the person."""

    def make(**person: object) -> dict[str, object]:
        patient = str(uuid.uuid4())
        known: dict[str, object] = {
            "uuid": patient,
            "gender": "F",
            "birthdate": "1950-03-02",
            "names": [
                {"givenName": "Jeanne", "familyName": "Essai", "preferred": True}
            ],
        }
        return {
            "uuid": patient,
            "person": known | person,
            "identifiers": [
                {
                    "identifier": new_number(),
                    "identifierType": openmrs.IDENTIFIER_TYPE,
                    "location": openmrs.OUTPATIENT_CLINIC,
                    "preferred": True,
                }
            ],
        }

    return make


@pytest.fixture
def new_patient(
    rest: httpx.Client, patient_body: Callable[..., dict[str, object]]
) -> Callable[[], str]:
    """Return what registers a patient and returns the uuid."""

    def make() -> str:
        answer = rest.post("patient", json=patient_body())
        assert answer.status_code == 201, answer.text
        return str(answer.json()["uuid"])

    return make
