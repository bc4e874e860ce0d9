"""The journeys against the stand-in itself, on a database: what it answers is understood."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_loadtests import metadata
from reprise_loadtests.bootstrap import check_login
from reprise_loadtests.credentials import read_credentials
from reprise_loadtests.profile import JourneyName, Network, load_profile
from reprise_loadtests.site import Site, centres
from reprise_loadtests.wire import Wire
from reprise_platform.alone.clinic import Clinic as Standin
from reprise_pra.drill.reconcile import Reconciled, reconcile, writes_to_read
from reprise_pra.history import Event, Kind, Recorder
from tests.loadtests.clinic import Clinic

_TIMES = 3
_CENTRES = 120


@pytest.fixture
def clinic(alone: Standin, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic of the stand-in's that knows three patients."""
    credentials = read_credentials(alone.credentials)
    opened = Clinic(alone, credentials, tmp_path / "history")
    wire = Wire(alone.url, timeout_s=10)
    check_login(wire, credentials)
    present = metadata.check(wire, load_profile("quarterly"))
    wire.close()
    opened.timeout_s = 20.0
    opened.site = Site(service=present.service)
    yield opened
    for wire in opened.wires:
        wire.close()
    opened.recorder.close()


def test_a_bare_server_is_made_ready_for_a_whole_day(
    clinic: Clinic, alone: Standin
) -> None:
    """Centres, types and concepts are made once; then every journey of `day` works."""
    network = Network(centres=_CENTRES)
    day = load_profile("day").model_copy(update={"network": network})
    wire = Wire(alone.url, timeout_s=20)
    check_login(wire, read_credentials(alone.credentials))
    made = metadata.create(wire, day)
    assert len([what for what in made if what.startswith("location ")]) == _CENTRES
    assert metadata.create(wire, day) == ()
    present = metadata.check(wire, day)
    wire.close()
    assert present.centres == centres(_CENTRES)
    centre = present.centres[-1].uuid
    clinic.site = Site(service=present.service, centre=centre, is_full=True)
    for name in day.mix:
        clinic.go(name)
    ended = [e for e in clinic.events() if e.kind in {Kind.FAIL, Kind.INFO}]
    assert [(e.operation, e.value) for e in ended] == []
    done, _ = _reconcile(clinic, alone)
    assert done.found == done.looked_for


def _reconcile(clinic: Clinic, standin: Standin) -> tuple[Reconciled, list[Event]]:
    with Recorder(clinic.folder, "reconciler") as recorder:
        done = reconcile(
            writes_to_read(clinic.events()),
            front_door=standin.url,
            credentials=(standin.username, standin.password),
            recorder=recorder,
            within_s=60,
            told=lambda _: None,
        )
    read = [
        event
        for event in clinic.events()
        if event.process == "reconciler" and event.kind is Kind.OK
    ]
    return done, read


def test_a_quarterly_day_is_played_and_found_again(
    clinic: Clinic, alone: Standin
) -> None:
    """Every operation of its journeys ends well; each write is found as it was sent."""
    for name in load_profile("quarterly").mix:
        for _ in range(_TIMES):
            clinic.go(name)
    ended = [e for e in clinic.events() if e.kind in {Kind.FAIL, Kind.INFO}]
    assert [(e.operation, e.value) for e in ended] == []
    done, read = _reconcile(clinic, alone)
    assert done.found == done.looked_for
    sent = {e.value["uuid"]: e.value for e in clinic.events() if "store" in e.value}
    assert len(sent) == _TIMES
    digests = {
        event.value["uuid"]: event.value["digest"]
        for event in clinic.events()
        if event.kind is Kind.INVOKE and "read_back" in event.value
    }
    for event in read:
        assert event.value["digest"] == digests[event.value["uuid"]]
        assert event.value["count"] == 1
    assert {event.value["type"] for event in read} == {
        *("patient", "visit", "encounter", "appointment", "attachment")
    }


@pytest.mark.parametrize(
    ("journey", "spoil"),
    [
        ("appointment", "UPDATE patient_appointment SET voided = 1"),
        ("attachment", "UPDATE obs SET voided = 1 WHERE value_complex IS NOT NULL"),
    ],
)
def test_what_is_deleted_is_told_to_be_gone(
    clinic: Clinic, alone: Standin, journey: JourneyName, spoil: str
) -> None:
    """An appointment or a document voided in the database is absent, and not unread."""
    clinic.go(journey)
    done, _ = _reconcile(clinic, alone)
    assert done.found == done.looked_for
    with contextlib.closing(alone.server.connect(alone.database)) as connection:
        connection.cursor().execute(spoil)
        connection.commit()
    done, _ = _reconcile(clinic, alone)
    assert (done.absent, done.unread) == (1, 0)
