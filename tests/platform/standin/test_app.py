"""The application without its database: what must be answered all the same."""

from __future__ import annotations

import pathlib
import threading
from collections.abc import Callable

import pymysql
import pytest
from flask.testing import FlaskClient

from reprise_platform import openmrs
from reprise_platform.standin.app import create_app
from reprise_platform.standin.blobs.folder import Folder
from reprise_platform.standin.connection import Link
from reprise_platform.standin.context import Context, Idgen
from reprise_platform.standin.database import Database
from reprise_platform.standin.patientsearch import Tables
from reprise_platform.standin.pool import Pool
from reprise_platform.standin.sessions import Sessions

_BASIC = {"Authorization": "Basic YWRtaW46RXNzYWktMTIzNA=="}
_SESSION = f"{openmrs.REST_PATH}/session"


def _refuse() -> Link:
    raise pymysql.err.OperationalError(2003, "refused")


@pytest.fixture
def stopping() -> threading.Event:
    """Return the wish to stop."""
    return threading.Event()


@pytest.fixture
def client(stopping: threading.Event, tmp_path: pathlib.Path) -> FlaskClient:
    """Return a client of an application whose database is down."""
    context = Context(
        database=Database(Pool(_refuse)),
        blobs=Folder(tmp_path),
        search=Tables(),
        sessions=Sessions(),
        idgen=Idgen(locked=True),
        stopping=stopping,
    )
    return create_app(context).test_client()


@pytest.mark.parametrize("path", ["session", "patient/x", "location"])
def test_database_down(client: FlaskClient, path: str) -> None:
    """500, in HTML, as OpenMRS answers: clients must not take it for JSON."""
    answer = client.get(f"{openmrs.REST_PATH}/{path}", headers=_BASIC)
    assert answer.status_code == 500
    assert answer.content_type.startswith("text/html")
    assert "JDBC" in answer.text


@pytest.mark.parametrize("name", ["dbdown-session-basic", "dbdown-session-cookie"])
def test_database_down_as_recorded(
    client: FlaskClient, recorded_text: Callable[[str], str], name: str
) -> None:
    """The page is Tomcat's, word for word up to the trace."""
    answer = client.get(_SESSION, headers=_BASIC)
    assert answer.text.startswith(recorded_text(name))


def test_fhir_with_the_database_down(client: FlaskClient) -> None:
    """A 401 that says nothing of the database: no proof that a login is wrong."""
    answer = client.get(f"{openmrs.FHIR_PATH}/Patient", headers=_BASIC)
    assert answer.status_code == 401
    assert "Not authenticated" in answer.text


@pytest.mark.parametrize("name", ["alive", "started"])
def test_health_says_nothing_of_the_database(client: FlaskClient, name: str) -> None:
    """OpenMRS's health is 200 with a dead database: a probe on it sees nothing."""
    answer = client.get(f"{openmrs.BASE_PATH}/health/{name}")
    assert (answer.status_code, answer.data) == (200, b"")
    assert "Set-Cookie" not in answer.headers


def test_readiness_reads_the_database(client: FlaskClient) -> None:
    """Ours is 503 then, and is not where OpenMRS has nothing."""
    assert client.get("/-/ready").status_code == 503
    assert client.get(f"{openmrs.BASE_PATH}/health/ready").status_code == 404


def test_readiness_ends_with_the_wish_to_stop(
    client: FlaskClient, stopping: threading.Event
) -> None:
    """Routers must leave before the process does."""
    stopping.set()
    assert client.get("/-/ready").text == "stopping\n"


def test_stale_cookie_is_told_first(client: FlaskClient) -> None:
    """An unknown session answers 401 in HTML whatever becomes of the request."""
    client.set_cookie("JSESSIONID", "0" * 32, path=openmrs.BASE_PATH)
    answer = client.get(_SESSION, headers=_BASIC)
    assert answer.status_code == 401
    assert "Session timed out" in answer.text
    assert answer.headers["Set-Cookie"].startswith("JSESSIONID=")
    assert answer.headers["Set-Cookie"].endswith("; Path=/openmrs; HttpOnly")


def test_anonymous_needs_no_database(client: FlaskClient) -> None:
    """Who is not logged in is refused before anything is read, and may silence the ask."""
    path = f"{openmrs.REST_PATH}/patient/x"
    answer = client.get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Basic realm="OpenMRS at http')
    quiet = client.get(path, headers={"Disable-WWW-Authenticate": "true"})
    assert "WWW-Authenticate" not in quiet.headers


def test_unknown_resource(client: FlaskClient) -> None:
    """404, in JSON below the REST base, in HTML elsewhere."""
    below = client.get(f"{openmrs.REST_PATH}/nothing")
    assert below.status_code == 404
    assert "Unknown resource" in below.get_json()["error"]["message"]
    assert client.get("/openmrs/nothing").content_type.startswith("text/html")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_exception_served_as_success(client: FlaskClient, method: str) -> None:
    """A method that is not there: 200 with an exception, OpenMRS's trap for clients."""
    answer = client.open(f"{openmrs.REST_PATH}/patient/x", method=method)
    assert answer.status_code == 200
    assert "not supported" in answer.get_json()["message"]
