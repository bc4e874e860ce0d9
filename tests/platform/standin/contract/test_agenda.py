"""Appointments: made, found, moved and followed to their end."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import httpx
import pytest

from reprise_platform import openmrs

pytestmark = pytest.mark.cluster

type Body = dict[str, object]


@pytest.fixture(scope="module")
def start() -> str:
    """Return a day of this run's own, far enough that no demo data is there."""
    return f"2{uuid.uuid4().int % 900 + 100}-06-15"


@pytest.fixture
def wished(rest: httpx.Client, new_patient: Callable[[], str], start: str) -> Body:
    """Return the body of an appointment of a patient just registered."""
    services = rest.get("appointmentService/all/default").json()
    return {
        "patientUuid": new_patient(),
        "serviceUuid": services[0]["uuid"],
        "startDateTime": f"{start}T09:00:00.000+0000",
        "endDateTime": f"{start}T09:30:00.000+0000",
        "locationUuid": openmrs.OUTPATIENT_CLINIC,
        "appointmentKind": "Scheduled",
        "status": "",
        "providers": [],
        "comments": f"ledger:{uuid.uuid4()}",
    }


@pytest.fixture
def made(rest: httpx.Client, wished: Body) -> str:
    """Return the uuid of an appointment just made."""
    answer = rest.post("appointment", json=wished)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["uuid"])


def test_services_are_named(rest: httpx.Client) -> None:
    """Services come as a bare list; in full each also has its hours."""
    plain = rest.get("appointmentService/all/default").json()
    assert {"uuid", "name", "durationMins"} <= set(plain[0])
    full = rest.get("appointmentService/all/full").json()
    assert [each["uuid"] for each in full] == [each["uuid"] for each in plain]
    assert "weeklyAvailability" in full[0]


def test_appointment_is_made_and_read(rest: httpx.Client, wished: Body) -> None:
    """Made with 200, and read by two paths as it was made; the client's key is there."""
    answer = rest.post("appointment", json=wished)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert made["status"] == "Scheduled"
    assert made["comments"] == wished["comments"]
    assert made["patient"]["uuid"] == wished["patientUuid"]
    assert made["service"]["uuid"] == wished["serviceUuid"]
    assert made["location"]["uuid"] == openmrs.OUTPATIENT_CLINIC
    assert made["endDateTime"] - made["startDateTime"] == 30 * 60 * 1000
    for path in (f"appointments/{made['uuid']}", f"appointment?uuid={made['uuid']}"):
        assert rest.get(path).json()["comments"] == wished["comments"]


def test_appointment_that_is_not(rest: httpx.Client) -> None:
    """An unknown uuid: 404 by the path; by the parameter OpenMRS fails."""
    unknown = uuid.uuid4()
    assert rest.get(f"appointments/{unknown}").status_code == 404
    assert rest.get(f"appointment?uuid={unknown}").status_code == 500


def test_appointments_are_found(
    rest: httpx.Client, wished: Body, made: str, start: str
) -> None:
    """A patient's appointments and a day's are bare lists with this one in them."""
    query = {
        "patientUuid": wished["patientUuid"],
        "startDate": f"{start}T00:00:00.000+0000",
    }
    answer = rest.post("appointments/search", json=query)
    assert answer.status_code == 200, answer.text
    assert [found["uuid"] for found in answer.json()] == [made]
    day = rest.get("appointment/all", params={"forDate": f"{start}T00:00:00.000Z"})
    assert made in [found["uuid"] for found in day.json()]


def test_days_are_summed_up(
    rest: httpx.Client, made: str, wished: Body, start: str
) -> None:
    """Every service is there, with how many appointments of each day it has."""
    between = {
        "startDate": f"{start}T00:00:00.000+0000",
        "endDate": f"{start}T23:59:59.000+0000",
    }
    answer = rest.get("appointment/appointmentSummary", params=between)
    assert answer.status_code == 200, answer.text
    counts = {
        each["appointmentService"]["uuid"]: each["appointmentCountMap"]
        for each in answer.json()
    }
    day = counts[wished["serviceUuid"]][start]
    assert day["allAppointmentsCount"] >= 1
    assert day["missedAppointmentsCount"] == 0
    services = rest.get("appointmentService/all/default").json()
    assert set(counts) == {each["uuid"] for each in services}
    assert made


def test_conflict_is_told_before(rest: httpx.Client, wished: Body) -> None:
    """A free hour: 204; the same patient at the same hour: 200, and with whom."""
    assert rest.post("appointments/conflicts", json=wished).status_code == 204
    made = rest.post("appointment", json=wished).json()["uuid"]
    answer = rest.post("appointments/conflicts", json=wished)
    assert answer.status_code == 200
    found = answer.json()["PATIENT_DOUBLE_BOOKING"]
    assert [each["uuid"] for each in found] == [made]


def test_appointment_runs_its_course(rest: httpx.Client, made: str, start: str) -> None:
    """Its status goes forward; going back is refused and changes nothing."""
    path = f"appointments/{made}/status-change"
    for status in ("CheckedIn", "Completed"):
        body = {"toStatus": status, "onDate": f"{start}T09:00:00.000Z"}
        answer = rest.post(path, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == status
    assert rest.post(path, json={"toStatus": "Scheduled"}).status_code >= 400
    assert rest.get(f"appointments/{made}").json()["status"] == "Completed"


def test_appointment_is_moved(
    rest: httpx.Client, wished: Body, made: str, start: str
) -> None:
    """The same uuid again is a change of that appointment, not another one."""
    later = {
        "uuid": made,
        "startDateTime": f"{start}T10:00:00.000+0000",
        "endDateTime": f"{start}T10:30:00.000+0000",
    }
    before = rest.get(f"appointments/{made}").json()["startDateTime"]
    answer = rest.post("appointment", json=wished | later)
    assert answer.status_code == 200, answer.text
    assert answer.json()["uuid"] == made
    assert answer.json()["startDateTime"] - before == 60 * 60 * 1000


@pytest.mark.parametrize(
    "wrong",
    [
        {"patientUuid": "00000000-0000-4000-8000-000000000000"},
        {"serviceUuid": "00000000-0000-4000-8000-000000000000"},
        {"appointmentKind": "Sometimes"},
        {"uuid": "00000000-0000-4000-8000-000000000000"},
        {"providers": [{"uuid": "00000000-0000-4000-8000-000000000000"}]},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_appointment_refused(rest: httpx.Client, wished: Body, wrong: Body) -> None:
    """Whatever is wrong with it, 400 with an error, and no appointment."""
    answer = rest.post("appointment", json=wished | wrong)
    assert answer.status_code == 400
    assert "error" in answer.json()
    query = {
        "patientUuid": wished["patientUuid"],
        "startDate": wished["startDateTime"],
    }
    assert rest.post("appointments/search", json=query).json() == []
