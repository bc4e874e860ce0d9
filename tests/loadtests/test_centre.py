"""An audioprosthesis centre's other journeys: appointments, fittings, documents, agenda."""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import random
import re
from collections import Counter
from typing import Any

import pytest

from reprise_loadtests import dictionary
from reprise_loadtests.content import ObservationGroup
from reprise_loadtests.desk import JourneyOverError
from reprise_loadtests.digest import digest_read
from reprise_loadtests.documents import audiogram_pdf
from reprise_loadtests.hearing import draw_audiogram, draw_examination, draw_fitting
from reprise_loadtests.journeys import JOURNEYS, ROLES
from reprise_loadtests.operations import OPERATIONS
from reprise_loadtests.profile import JourneyName, Network, load_profile
from reprise_loadtests.schedule import centre_rng
from reprise_loadtests.site import Site, centres, draw_centre
from reprise_platform import openmrs
from reprise_pra.history import Event, Kind
from tests.loadtests.clinic import Clinic

_WORKS = {
    "appointment": "login search check_conflicts book_appointment read_back",
    "check_in": (
        "login search read_appointments book_appointment check_in read_patient"
        " start_visit"
    ),
    "fitting": (
        "login search read_known_patient read_patient start_visit record_fitting"
        " read_back book_appointment end_visit"
    ),
    "follow_up": (
        "login search read_known_patient read_patient start_visit record_follow_up"
        " read_back end_visit"
    ),
    "attachment": "login search read_patient attach_audiogram read_back",
    "agenda": "login read_agenda read_summary",
}


@pytest.mark.parametrize(("journey", "operations"), _WORKS.items())
def test_a_journey_that_works(
    clinic: Clinic, journey: JourneyName, operations: str
) -> None:
    """Every operation is in the published table and ends well, in the journey's order."""
    clinic.go(journey)
    assert clinic.completions(1) == [(name, Kind.OK) for name in operations.split()]
    assert set(operations.split()) <= set(OPERATIONS)


def test_who_is_booked_is_checked_in_and_not_booked_again(clinic: Clinic) -> None:
    """A patient with an appointment today is received on it; their visit stays open."""
    clinic.go("check_in")
    (booked,) = clinic.fake.books.appointments.values()
    assert (booked["appointmentKind"], booked["status"]) == ("WalkIn", "CheckedIn")
    booked["status"] = "Scheduled"
    patient = booked["patient"]["uuid"]
    for known in [*clinic.fake.objects["patient"]]:
        if known != patient:
            clinic.known.forget(known)
    clinic.go("check_in")
    assert list(clinic.fake.books.appointments) == [booked["uuid"]]
    assert booked["status"] == "CheckedIn"
    assert len(clinic.fake.objects["visit"]) == 1


def _ledger(clinic: Clinic, clinical_type: str) -> tuple[Event, ...]:
    return tuple(
        event
        for event in clinic.events()
        if event.kind is Kind.INVOKE and event.value.get("type") == clinical_type
        if "digest" in event.value
    )


def test_an_appointment_is_in_the_ledger_by_its_comments(clinic: Clinic) -> None:
    """The key is what the comments hold; the digest is of what OpenMRS shows."""
    clinic.go("appointment")
    (event,) = _ledger(clinic, "appointment")
    (stored,) = clinic.fake.books.appointments.values()
    assert stored["comments"] == f"ledger:{event.value['uuid']}"
    assert event.value["digest"] == digest_read("appointment", stored)
    moved = {**stored, "startDateTime": stored["startDateTime"] + 900_000}
    assert event.value["digest"] != digest_read("appointment", moved)
    as_text = {**stored, "startDateTime": _iso(stored["startDateTime"])}
    assert event.value["digest"] == digest_read("appointment", as_text)


def test_a_400_to_a_booking_is_no_refusal(clinic: Clinic) -> None:
    """OpenMRS answers 400 to whatever goes wrong: looked for, sent again, unknown."""
    clinic.fake.books.broken_booking = True
    with pytest.raises(JourneyOverError):
        clinic.go("appointment")
    assert clinic.completions(1)[3:] == [
        ("book_appointment", Kind.INFO),
        ("read_back", Kind.OK),
        ("book_appointment", Kind.INFO),
    ]


@pytest.mark.parametrize("journey", ["appointment", "attachment"])
def test_what_was_done_and_not_answered_is_found_by_its_key(
    clinic: Clinic, mode: Any, journey: JourneyName
) -> None:
    """The answer is lost after the commit: it is found by its text, not sent again."""
    books = clinic.fake.books
    paths = ("/appointment", "/attachment")

    class Sequence(list[tuple[float, str, str]]):
        def append(self, request: tuple[float, str, str]) -> None:
            super().append(request)
            is_write = request[1] == "POST" and request[2].endswith(paths)
            clinic.fake.mode = mode.DROP if is_write else mode.WORK

    clinic.fake.requests = Sequence()
    clinic.go(journey)
    assert len(books.appointments) + len(books.attachments) == 1
    assert Kind.INFO in {kind for _, kind in clinic.completions(1)}
    assert clinic.completions(1)[-1] == ("read_back", Kind.OK)


def test_a_document_is_read_back_by_its_bytes(clinic: Clinic) -> None:
    """Its digest is the SHA-256 of its bytes; a byte altered, or none left, is seen."""
    clinic.go("attachment")
    (event,) = _ledger(clinic, "attachment")
    ((_, document),) = clinic.fake.books.documents.items()
    assert event.value["digest"] == hashlib.sha256(document).hexdigest()
    assert event.value["store"] == "attachments"
    assert event.value["bytes"] == len(document)


@pytest.mark.parametrize("flaw", ["altered", "dangling", "no record"])
def test_a_document_that_is_not_what_was_sent_fails_its_read_back(
    clinic: Clinic, flaw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte altered is unknown; bytes or record that are gone are a failure."""
    books = clinic.fake.books
    upload = books._upload

    def spoil(form: bytes) -> tuple[int, Any]:
        status, answer = upload(form)
        uuid = answer["uuid"]
        if flaw == "altered":
            books.documents[uuid] = b"%PDF-1.4 other"
        elif flaw == "dangling":
            del books.documents[uuid]
        else:
            del books.attachments[uuid]
        return status, answer

    monkeypatch.setattr(books, "_upload", spoil)
    with pytest.raises(JourneyOverError):
        clinic.go("attachment")
    wanted = Kind.INFO if flaw == "altered" else Kind.FAIL
    assert clinic.completions(1)[-1] == ("read_back", wanted)


def test_what_a_centre_does_is_written_at_that_centre(clinic: Clinic) -> None:
    """Visit, encounter, appointment and identifier carry the user's own location."""
    (centre,) = centres(1)
    clinic.site = dataclasses.replace(clinic.site, centre=centre.uuid)
    clinic.go("register")
    clinic.go("fitting")
    visits = clinic.fake.objects["visit"].values()
    assert {visit["location"]["uuid"] for visit in visits} == {centre.uuid}
    booked = clinic.fake.books.appointments.values()
    assert {one["location"]["uuid"] for one in booked} == {centre.uuid}


def test_a_full_examination_holds_both_conductions(clinic: Clinic) -> None:
    """Air and bone of both ears, bone never worse than air, and the type of loss."""
    clinic.site = Site(is_full=True)
    clinic.go("audiogram")
    assert clinic.completions(1)[-1] == ("end_visit", Kind.OK)
    for seed in range(50):
        found = draw_examination(random.Random(seed), age_years=35 + seed)
        groups = {g.concept: g for g in found if isinstance(g, ObservationGroup)}
        for ear, panel in openmrs.AUDIOGRAM_PANELS.items():
            air = {o.concept: o.value for o in groups[panel].members}
            bone = {
                o.concept: o.value for o in groups[dictionary.BONE_PANELS[ear]].members
            }
            assert air.pop(dictionary.CONDUCTION) == dictionary.AIR
            assert bone.pop(dictionary.CONDUCTION) == dictionary.BONE
            assert len(bone) == 5
            assert all(float(bone[c]) <= float(air[c]) for c in bone)


def test_what_is_drawn_is_what_the_dictionary_admits() -> None:
    """Numbers lie in their concept's range, texts and answers are of its datatype."""
    known = {
        one.uuid: one for one in (*dictionary.THRESHOLDS, *dictionary.AUDIOPROSTHESIS)
    }
    for seed in range(30):
        rng = random.Random(seed)
        for group in (*draw_fitting(rng), *draw_examination(rng, age_years=80)):
            members = group.members if isinstance(group, ObservationGroup) else (group,)
            for one in members:
                concept = known[one.concept]
                if isinstance(one.value, str):
                    assert concept.datatype in {dictionary.TEXT, dictionary.CODED}
                    assert not concept.answers or one.value in concept.answers
                else:
                    assert concept.low is not None
                    assert concept.high is not None
                    assert concept.low <= one.value <= concept.high


def test_a_document_is_a_pdf_of_a_scans_size() -> None:
    """100 to 300 kB, its table of objects tells where each begins, same for a seed."""
    groups = draw_audiogram(random.Random(1), age_years=70)
    for seed in range(20):
        made = audiogram_pdf(groups, title="Zoé (x)", rng=random.Random(seed))
        assert made == audiogram_pdf(groups, title="Zoé (x)", rng=random.Random(seed))
        assert 100_000 <= len(made) <= 310_000
        start = int(made.rsplit(b"startxref\n", 1)[1].split()[0])
        assert made[start:].startswith(b"xref")
        for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", made), start=1):
            assert made[int(place) :].startswith(b"%d 0 obj" % number)


def test_every_journey_is_somebodys() -> None:
    """Each journey belongs to one role."""
    count = Counter(name for names in ROLES.values() for name in names)
    assert count == dict.fromkeys(JOURNEYS, 1)


def test_a_day_is_the_mix_that_was_found_out() -> None:
    """Assistants do 40 of a hundred journeys, audioprothésistes 50, managers 10."""
    profile = load_profile("day")
    shares = {
        role: round(sum(profile.mix.get(name, 0) for name in names), 6)
        for role, names in ROLES.items()
    }
    assert shares == {"assistant": 0.4, "audioprothesiste": 0.5, "manager": 0.1}
    assert set(profile.mix) == set(JOURNEYS)
    assert profile.network is not None
    assert profile.network.centres >= 300


def test_busier_centres_are_drawn_more_often() -> None:
    """Weights follow the rank; without concentration all centres are alike."""
    opened = centres(20)
    for concentration, least in ((1.0, 3.0), (0.0, 0.0)):
        network = Network(centres=20, concentration=concentration)
        count = Counter(
            draw_centre(network, opened, centre_rng(4, instance)).uuid
            for instance in range(4000)
        )
        first, last = count[opened[0].uuid], count[opened[-1].uuid]
        assert first > least * last
        assert last > 0


def _iso(millis: int) -> str:

    at = datetime.datetime.fromtimestamp(millis / 1000, datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"
