"""Journeys against a small OpenMRS: what is written down when it works and when it fails."""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest

from reprise_loadtests.care import (
    read_chart,
    read_known_patient,
    register_patient,
    start_visit,
)
from reprise_loadtests.content import CLINICAL_TYPES
from reprise_loadtests.desk import JourneyOverError
from reprise_loadtests.digest import digest_read
from reprise_loadtests.known import registered
from reprise_loadtests.operations import OPERATIONS
from reprise_loadtests.profile import JourneyName
from reprise_pra.history import Kind
from tests.loadtests.clinic import Clinic


@pytest.mark.parametrize(
    ("journey", "operations"),
    [
        (
            "register",
            (
                "login read_known_patient generate_identifier register_patient"
                " start_visit read_back"
            ),
        ),
        ("consult", "login search read_known_patient read_patient"),
        (
            "audiogram",
            (
                "login search read_known_patient read_patient start_visit"
                " record_vitals record_audiogram read_back end_visit"
            ),
        ),
    ],
)
def test_a_journey_that_works(
    clinic: Clinic, journey: JourneyName, operations: str
) -> None:
    """Every operation is in the published table and ends well, in the journey's order."""
    clinic.go(journey)
    assert clinic.completions(1) == [(name, Kind.OK) for name in operations.split()]
    assert set(operations.split()) <= set(OPERATIONS)
    assert all(done.problem is None for done in clinic.done)


def test_every_write_is_in_the_ledger_before_it_is_sent(clinic: Clinic) -> None:
    """Each object of the server has an invoke with its uuid, type, digest and path."""
    clinic.go("register")
    clinic.go("audiogram")
    ledger = {
        event.value["uuid"]: event
        for event in clinic.events()
        if event.kind is Kind.INVOKE and "digest" in event.value
    }
    stored = {
        uuid: (kind, body)
        for kind in CLINICAL_TYPES
        for uuid, body in clinic.fake.objects.get(kind, {}).items()
    }
    assert set(stored) == set(ledger)
    for uuid, (kind, body) in stored.items():
        value = ledger[uuid].value
        assert value["type"] == kind
        assert value["digest"] == digest_read(kind, body)
        assert uuid in str(value["read_back"])


def test_each_intent_follows_from_the_end_before(clinic: Clinic) -> None:
    """Without think time an operation is intended when the one before it ended."""
    clinic.go("consult")
    events = [event for event in clinic.events() if event.op_id.startswith("1.")]
    assert events[0].value["intended_ns"] == 0
    for before, after in itertools.pairwise(events):
        if after.kind is Kind.INVOKE:
            assert after.value["intended_ns"] == before.at_ns


def test_a_lost_session_is_unknown_and_logged_in_again(clinic: Clinic) -> None:
    """A 401 makes the operation `info`; the journey goes on with a new session."""
    desk = clinic.desk()
    desk.login()
    clinic.fake.sessions.clear()
    patient = next(iter(clinic.fake.objects["patient"]))
    assert read_chart(desk, patient) is None
    clinic.fake.sessions.clear()
    start_visit(desk, patient)
    assert clinic.completions(1) == [
        ("login", Kind.OK),
        ("read_patient", Kind.INFO),
        ("login", Kind.OK),
        ("read_patient", Kind.OK),
        ("start_visit", Kind.INFO),
        ("login", Kind.OK),
        ("read_back", Kind.OK),
        ("start_visit", Kind.OK),
    ]
    assert len(clinic.fake.objects["visit"]) == 1


def test_a_write_done_but_unanswered_is_found_and_not_repeated(
    clinic: Clinic, mode: Any
) -> None:
    """The connection dies after the commit: read back, found, never sent again."""
    desk = clinic.desk()
    desk.login()
    patient = next(iter(clinic.fake.objects["patient"]))
    posts = _after_first_post(clinic.fake, mode.DROP, mode.WORK)
    visit = start_visit(desk, patient)
    assert visit.uuid in clinic.fake.objects["visit"]
    assert posts() == 1
    assert clinic.completions(1)[1:] == [
        ("start_visit", Kind.INFO),
        ("read_back", Kind.OK),
    ]


def test_a_write_not_done_is_sent_again_with_its_uuid(
    clinic: Clinic, mode: Any
) -> None:
    """Reset before anything was done: read back, not found, sent once more."""
    desk = clinic.desk()
    desk.login()
    patient = next(iter(clinic.fake.objects["patient"]))
    posts = _after_first_post(clinic.fake, mode.RESET, mode.WORK)
    visit = start_visit(desk, patient)
    assert list(clinic.fake.objects["visit"]) == [visit.uuid]
    assert posts() == 2
    assert clinic.completions(1)[1:] == [
        ("start_visit", Kind.INFO),
        ("read_back", Kind.OK),
        ("start_visit", Kind.OK),
    ]


@pytest.mark.parametrize("way", ["ERROR", "RESET", "NOT_DEPLOYED", "FREEZE"])
def test_a_failing_server_leaves_writes_unknown(
    clinic: Clinic, mode: Any, way: str
) -> None:
    """5xx, reset, 404 page, time-out: `info`, the read-back too, and the journey ends."""
    desk = clinic.desk()
    desk.login()
    patient = next(iter(clinic.fake.objects["patient"]))
    with clinic.fake.failing(mode[way]), pytest.raises(JourneyOverError):
        start_visit(desk, patient)
    assert clinic.completions(1)[1:] == [
        ("start_visit", Kind.INFO),
        ("read_back", Kind.INFO),
    ]


def test_a_refused_connection_is_unknown(clinic: Clinic) -> None:
    """Nobody listens: the login is `info`, and says why."""
    clinic.fake.refuse()
    with pytest.raises(JourneyOverError):
        clinic.go("register")
    (event,) = [e for e in clinic.events() if e.op_id == "1.1" and e.kind is Kind.INFO]
    assert event.value["reason"] == "refused"
    assert "status" not in event.value


def test_a_server_without_openmrs_loses_no_patient(clinic: Clinic, mode: Any) -> None:
    """Tomcat's own 404 page is an outage: known patients stay known."""
    desk = clinic.desk("consult")
    desk.login()
    with clinic.fake.failing(mode.NOT_DEPLOYED), pytest.raises(JourneyOverError):
        read_known_patient(
            desk, clinic.known, lambda: clinic.known.draw_before(random.Random(1))
        )
    assert len(clinic.known) == 3
    assert clinic.completions(1)[-1] == ("read_known_patient", Kind.INFO)


def test_users_who_hold_lost_patients_search_again(clinic: Clinic) -> None:
    """A lost patient is named, leaves the pool, and does not fail the operation."""
    patients = clinic.fake.objects["patient"]
    lost = sorted(patients)[:2]
    for uuid in lost:
        del patients[uuid]
    while len(clinic.known) > 1:
        clinic.go("consult")
    named = [
        str(uuid)
        for event in clinic.events()
        if event.operation in {"search", "read_known_patient"}
        for uuid in event.value.get("lost", [])  # type: ignore[union-attr]
    ]
    assert sorted(named) == lost
    assert all(done.problem is None for done in clinic.done)


def test_an_empty_server_does_not_pass_for_one_that_works(clinic: Clinic) -> None:
    """When every known patient is gone, reading one is a failure."""
    clinic.fake.objects["patient"].clear()
    with pytest.raises(JourneyOverError):
        clinic.go("consult")
    with pytest.raises(JourneyOverError):
        clinic.go("register")
    assert clinic.completions(1)[-1] == ("search", Kind.FAIL)
    assert clinic.completions(2)[-1] == ("read_known_patient", Kind.FAIL)


def test_a_search_without_its_index_is_a_failure(clinic: Clinic) -> None:
    """The patient is there by uuid and not in the list: the search does not work."""
    clinic.fake.search_works = False
    with pytest.raises(JourneyOverError):
        clinic.go("consult")
    assert clinic.completions(1)[-1] == ("search", Kind.INFO)
    assert len(clinic.known) == 3


def test_a_voided_patient_is_lost(clinic: Clinic) -> None:
    """OpenMRS answers 200 for a deleted patient; for a user they are gone."""
    for patient in clinic.fake.objects["patient"].values():
        patient["voided"] = True
    with pytest.raises(JourneyOverError):
        clinic.go("register")
    assert clinic.completions(1)[-1] == ("read_known_patient", Kind.FAIL)


def test_an_altered_object_fails_its_read_back(clinic: Clinic) -> None:
    """A patient whose stored name is another is not what the user wrote."""
    desk = clinic.desk()
    desk.login()
    patient, write = register_patient(desk, random.Random(2))
    stored = clinic.fake.objects["patient"][patient.uuid]
    stored["person"]["preferredName"]["familyName"] = "Altered-Exercice"
    with pytest.raises(JourneyOverError):
        desk.read_back(write)
    assert clinic.completions(1)[-1] == ("read_back", Kind.INFO)


def test_a_write_lost_at_once_fails_its_read_back(clinic: Clinic) -> None:
    """An acknowledged patient that reads 404 is a failure, not an answer."""
    desk = clinic.desk()
    desk.login()
    patient, write = register_patient(desk, random.Random(2))
    del clinic.fake.objects["patient"][patient.uuid]
    with pytest.raises(JourneyOverError):
        desk.read_back(write)
    assert clinic.completions(1)[-1] == ("read_back", Kind.FAIL)


def test_an_open_visit_is_used_and_ended(clinic: Clinic) -> None:
    """Patients registered with an open visit are examined in it, then may come again."""
    for _ in range(4):
        clinic.go("register")
    for _ in range(12):
        clinic.go("audiogram")
    assert all(done.problem is None for done in clinic.done)
    ended = [v for v in clinic.fake.objects["visit"].values() if v["stopDatetime"]]
    assert len(ended) == 12
    for visit in ended:
        assert visit["stopDatetime"] >= visit["startDatetime"]


def test_patients_are_known_again_from_the_history(clinic: Clinic) -> None:
    """What was acknowledged in the files is the pool of the next process."""
    clinic.go("register")
    found = registered(clinic.events())
    assert {patient.uuid for patient in found} == set(clinic.fake.objects["patient"])
    assert all(patient.family and patient.identifier for patient in found)


def _after_first_post(fake: Any, first: Any, then: Any) -> Callable[[], int]:
    """Treat the next POST in the way `first`, everything after it in the way `then`.

    Returns:
        A function that counts the POSTs since.
    """
    before = len(fake.requests)

    class Sequence(list[tuple[float, str, str]]):
        def append(self, request: tuple[float, str, str]) -> None:
            super().append(request)
            posts = sum(method == "POST" for _, method, _ in self[before:])
            fake.mode = first if posts == 1 and request[1] == "POST" else then

    fake.requests = Sequence(fake.requests)
    return lambda: sum(method == "POST" for _, method, _ in fake.requests[before:])
