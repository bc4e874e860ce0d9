"""One request is sent once, and what comes back is told as it is."""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from reprise_loadtests import outcome
from reprise_loadtests.credentials import Credentials, find_credentials
from reprise_loadtests.errors import LoadError
from reprise_loadtests.outcome import judge, same_uuid
from reprise_loadtests.wire import Answer, Wire, _dead
from reprise_platform import openmrs
from reprise_platform.waiting import until
from reprise_pra.history import Kind

_SESSION = f"{openmrs.REST_PATH}/session"
_LOCATION = f"{openmrs.REST_PATH}/location/{openmrs.OUTPATIENT_CLINIC}"


@pytest.fixture
def wire(fake: Any) -> Iterator[Wire]:
    """A connection with a short time-out."""
    made = Wire(fake.url, timeout_s=0.3)
    yield made
    made.close()


def test_a_session_is_kept_in_its_cookie(wire: Wire, credentials: Credentials) -> None:
    """After a login the password is not sent again."""
    assert wire.request("GET", _LOCATION).status == 401
    wire.request("GET", _SESSION, credentials=credentials)
    assert wire.request("GET", _LOCATION).status == 200
    wire.forget_session()
    assert wire.request("GET", _LOCATION).status == 401


def test_a_get_is_never_sent_twice(fake: Any, mode: Any, wire: Wire) -> None:
    """A reset on a kept connection is told, where other clients try again by themselves."""
    wire.request("GET", _SESSION)
    with fake.failing(mode.RESET):
        answer = wire.request("GET", _SESSION)
    assert answer.status is None
    assert answer.broken == "reset"
    assert len(fake.requests) == 2


def test_a_connection_closed_between_requests_is_opened_again(
    fake: Any, wire: Wire
) -> None:
    """Nothing was sent on it, so this is no retry."""
    wire.request("GET", _SESSION)
    fake.refuse()
    fake.listen()
    connection = wire._connection
    assert connection is not None
    # The server's thread closes it in its own time.
    until(
        lambda: _dead(connection.sock), within_s=10, every_s=0.01, what="the reset here"
    )
    assert wire.request("GET", _SESSION).status == 200


def test_the_ways_of_failing_have_names(fake: Any, mode: Any, wire: Wire) -> None:
    """Time-out, reset, refusal: three words."""
    with fake.failing(mode.FREEZE):
        began_ns = time.monotonic_ns()
        answer = wire.request("GET", _SESSION)
        assert answer.broken == "timeout"
        assert 0.25e9 < answer.end_ns - began_ns < 2e9
    with fake.failing(mode.RESET):
        assert wire.request("GET", _SESSION).broken == "reset"
    fake.refuse()
    assert wire.request("GET", _SESSION).broken == "refused"


def test_an_answer_after_its_time_out_is_not_taken_for_the_next(
    fake: Any, mode: Any, wire: Wire, credentials: Credentials
) -> None:
    """The connection of a time-out is not used again: its late answer belongs to nobody."""
    wire.request("GET", _SESSION, credentials=credentials)
    with fake.failing(mode.FREEZE):
        assert (
            wire.request("GET", _SESSION, credentials=credentials).broken == "timeout"
        )
    answer = wire.request("GET", _LOCATION)
    assert isinstance(answer.body, dict)
    assert answer.body["uuid"] == openmrs.OUTPATIENT_CLINIC


def test_an_alarm_limits_the_whole_exchange(fake: Any) -> None:
    """What the caller's alarm raises ends the request as a time-out."""

    class Alarm:
        def __init__(self, _: float) -> None:
            pass

        def __enter__(self) -> None:
            raise TimeoutError

        def __exit__(self, *_: object) -> None:
            pass

    assert Wire(fake.url, timeout_s=5, alarm=Alarm).request("GET", "/").broken == (
        "timeout"
    )


def test_a_name_that_is_no_url_is_refused() -> None:
    """A wire needs http:// or https:// and a host."""
    with pytest.raises(ValueError, match=r"http\(s\)://HOST:PORT"):
        Wire("198.18.0.4:8080", timeout_s=1)


def _answer(status: int | None, body: Any = None) -> Answer:
    broken = "timeout" if status is None else None
    return Answer(status=status, broken=broken, body=body, end_ns=1)


_ERROR = {"error": {"message": "[no]"}}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (_answer(201, {"uuid": "u"}), Kind.OK),
        (_answer(201, {"uuid": "another"}), Kind.INFO),
        (_answer(201, "<html>"), Kind.INFO),
        (_answer(200, {"uuid": "u"}), Kind.INFO),
        (_answer(200, _ERROR), Kind.INFO),
        (_answer(400, _ERROR), Kind.FAIL),
        (_answer(403, _ERROR), Kind.FAIL),
        (_answer(404, _ERROR), Kind.FAIL),
        (_answer(404, None), Kind.INFO),
        (_answer(429, None), Kind.INFO),
        (_answer(401, _ERROR), Kind.INFO),
        (_answer(302, None), Kind.INFO),
        (_answer(500, _ERROR), Kind.INFO),
        (_answer(503, None), Kind.INFO),
        (_answer(None), Kind.INFO),
    ],
)
def test_a_write_is_done_refused_or_unknown(answer: Answer, kind: Kind) -> None:
    """Only the expected status and uuid acknowledge; only OpenMRS' own 4xx refuses."""
    judged = judge(answer, status=outcome.CREATED, read=same_uuid("u"))
    assert judged.kind is kind
    assert (judged.reason is None) == (kind is Kind.OK)


def test_a_refusal_tells_which_field(fake: Any) -> None:
    """OpenMRS' message and the names of the fields are kept, and no more than that."""
    body = {
        "error": {"message": "Invalid " * 100, "fieldErrors": {"startDatetime": [{}]}}
    }
    reason = judge(_answer(400, body), status=201, read=same_uuid("u")).reason
    assert reason is not None
    assert reason.endswith("(startDatetime)")
    assert len(reason) < 250


def test_credentials_come_from_a_file_or_from_two_variables(
    credentials_file: Any, credentials: Credentials
) -> None:
    """The file is preferred; a missing half is refused with what to set."""
    by_file = find_credentials({"REPRISE_CLINIC_CREDENTIALS": str(credentials_file)})
    assert by_file == credentials
    by_variables = find_credentials(
        {"OPENMRS_USER": "clerk", "OPENMRS_PASSWORD": credentials.password}
    )
    assert by_variables == credentials
    assert credentials.password not in repr(credentials)
    with pytest.raises(LoadError, match="REPRISE_CLINIC_CREDENTIALS"):
        find_credentials({"OPENMRS_USER": "clerk"})
    credentials_file.write_text("[]")
    with pytest.raises(LoadError, match="username"):
        find_credentials({"REPRISE_CLINIC_CREDENTIALS": str(credentials_file)})


def test_requests_of_two_wires_do_not_wait_for_each_other(
    fake: Any, mode: Any, credentials: Credentials
) -> None:
    """Each user has a connection and a session of their own."""
    one, other = Wire(fake.url, timeout_s=5), Wire(fake.url, timeout_s=5)
    one.request("GET", _SESSION, credentials=credentials)
    with fake.failing(mode.FREEZE):
        waiting = threading.Thread(target=one.request, args=("GET", _LOCATION))
        waiting.start()
        fake.mode = mode.WORK
        assert other.request("GET", _SESSION, credentials=credentials).status == 200
    waiting.join()
    assert one.cookies != other.cookies
    one.close()
    other.close()
