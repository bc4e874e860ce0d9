"""Logging in, and what a session does that a client must be ready for."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import httpx
import pytest

from reprise_platform import openmrs

pytestmark = pytest.mark.cluster


def test_login_tells_who(anonymous: httpx.Client, credentials: tuple[str, str]) -> None:
    """Good credentials: 200, a cookie, the user, the provider's place."""
    answer = anonymous.get("session", auth=credentials)
    assert answer.status_code == 200
    assert answer.cookies.get("JSESSIONID")
    body = answer.json()
    assert body["authenticated"] is True
    assert body["user"]["uuid"] == openmrs.ADMIN_USER
    assert "sessionLocation" in body
    assert "currentProvider" in body


@pytest.mark.parametrize("header", ["Basic not-base64!!", "Basic", "Basic OnB3"])
def test_unusable_credentials_are_no_error(
    anonymous: httpx.Client, header: str
) -> None:
    """Whatever the header holds, `/session` answers 200: the body says it failed."""
    answer = anonymous.get("session", headers={"Authorization": header})
    assert answer.status_code == 200
    assert answer.json()["authenticated"] is False
    assert "user" not in answer.json()


def test_anonymous_is_refused(anonymous: httpx.Client) -> None:
    """Without a login: 401 in JSON, with the header that makes browsers ask."""
    answer = anonymous.get("patient", params={"q": "zz"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert "not logged in" in answer.json()["error"]["message"]


def test_cookie_is_enough(rest: httpx.Client) -> None:
    """Once logged in, the cookie alone opens everything."""
    assert rest.get("location", params={"limit": 1}).status_code == 200


def test_cookie_beats_bad_basic(rest: httpx.Client) -> None:
    """A live session wins over wrong credentials sent beside it."""
    answer = rest.get("patient", params={"q": "zz"}, auth=("admin", "wrong"))
    assert answer.status_code == 200


def test_location_is_kept(rest: httpx.Client) -> None:
    """The place chosen after the login is told by the next read."""
    answer = rest.post("session", json={"sessionLocation": openmrs.OUTPATIENT_CLINIC})
    assert answer.status_code == 200
    place = rest.get("session").json()["sessionLocation"]
    assert place["uuid"] == openmrs.OUTPATIENT_CLINIC


def test_logout_ends_the_session(rest: httpx.Client) -> None:
    """After DELETE the cookie is stale: 401, in HTML, and a new cookie."""
    old = rest.cookies["JSESSIONID"]
    assert rest.delete("session").status_code == 204
    rest.cookies.clear()
    answer = rest.get(
        "patient", params={"q": "zz"}, headers={"Cookie": f"JSESSIONID={old}"}
    )
    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Session timed out" in answer.text
    assert answer.cookies["JSESSIONID"] != old


def test_401_does_not_mean_refused(
    anonymous: httpx.Client,
    credentials: tuple[str, str],
    rest: httpx.Client,
    new_patient: Callable[[], str],
) -> None:
    """A stale cookie with good credentials: 401, and the write is done all the same."""
    written = str(uuid.uuid4())
    body = {
        "uuid": written,
        "person": new_patient(),
        "concept": openmrs.PULSE,
        "obsDatetime": "2026-01-12T09:30:00.000+0000",
        "value": 70,
    }
    answer = anonymous.post(
        "obs",
        json=body,
        auth=credentials,
        headers={"Cookie": "JSESSIONID=00000000000000000000000000000000"},
    )
    assert answer.status_code == 401
    assert rest.get(f"obs/{written}").status_code == 200


def test_new_cookie_of_a_401_works(
    anonymous: httpx.Client, credentials: tuple[str, str]
) -> None:
    """The cookie that comes with that 401 is a session, logged in."""
    stale = {"Cookie": "JSESSIONID=00000000000000000000000000000000"}
    answer = anonymous.get("session", auth=credentials, headers=stale)
    assert answer.status_code == 401
    assert anonymous.get("session").json()["authenticated"] is True
