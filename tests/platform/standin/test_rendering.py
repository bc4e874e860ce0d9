"""What the stand-in shows is, to the key and its order, what OpenMRS showed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from reprise_platform.standin import dates
from reprise_platform.standin.jsonvalues import Json
from reprise_platform.standin.kinds_care import ENCOUNTER, OBS, VISIT
from reprise_platform.standin.kinds_people import PATIENT
from reprise_platform.standin.model import (
    Address,
    Audit,
    Concept,
    ConceptName,
    Encounter,
    Identifier,
    Metadata,
    Numeric,
    Obs,
    Patient,
    PersonName,
    Visit,
)
from reprise_platform.standin.rendering import render
from reprise_platform.standin.representations import DEFAULT, FULL, REF, parse

Recorded = Callable[[str], tuple[int, Json]]

_BASE = "http://127.0.0.1:8180/openmrs/ws/rest/v1"
_BETTY = "2e76d47d-88ba-45c0-88ec-2c16ea2ad64a"
_ADMIN = ("82f18b44-6814-11e8-923f-e9a88dcb533f", "admin")


@pytest.fixture(autouse=True)
def _the_day_of_the_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ages are those of that day."""
    day = _moment("2026-11-23T04:06:40Z")
    monkeypatch.setattr(dates, "now", lambda: day)


def test_patient(recorded: Recorded) -> None:
    """A patient, by default and by reference."""
    assert _same(
        render(PATIENT.of(_betty()), DEFAULT, _BASE), recorded("get-patient-default")
    )
    assert _same(render(PATIENT.of(_betty()), REF, _BASE), recorded("get-patient-ref"))


def test_patient_in_full(recorded: Recorded) -> None:
    """Numbers, names, addresses and the trail of changes, as a search shows them."""
    changed = _betty(gender="M", numbers=2)
    shown: Json = {"results": [render(PATIENT.of(changed), FULL, _BASE)]}
    assert _same(shown, recorded("search-patient-full"))


def test_patient_as_one_likes(recorded: Recorded) -> None:
    """A list of properties gets these and the version."""
    own = parse("custom:(uuid,display)", DEFAULT)
    shown: Json = {"results": [render(PATIENT.of(_betty()), own, _BASE)]}
    assert _same(shown, recorded("search-patient-custom"))


def test_visit(recorded: Recorded) -> None:
    """A visit that runs at a place."""
    visit = Visit(
        id=1,
        uuid="04307102-3187-4be9-ad1d-adb989f33c6e",
        type=_named("d49a8707-7fea-432b-97b4-a40bf20bbeb4", "Facility Visit 040633"),
        location=_unknown_location(),
        started=_moment("2026-01-13T09:30:00Z"),
        stopped=None,
        voided=False,
        patient=_later(_betty()),
        encounters=_later(()),
        audit=_later(None),
    )
    shown = render(VISIT.of(visit), DEFAULT, _BASE)
    assert _same(shown, recorded("post-visit-overlapping"))


def test_encounter(recorded: Recorded) -> None:
    """An encounter with two observations, as its creation answers."""
    shown = render(ENCOUNTER.of(_encounter()), DEFAULT, _BASE)
    assert _same(shown, recorded("post-encounter-nested-obs"))


def test_numeric_observation(recorded: Recorded) -> None:
    """An observation of an encounter; its range's uuid is OpenMRS's own invention."""
    shown = render(OBS.of(_weight()), DEFAULT, _BASE)
    _, expected = recorded("get-obs-nested-1")
    assert isinstance(expected, dict)
    ranges = shown.pop("referenceRange"), expected.pop("referenceRange")
    assert _same(shown, (200, expected))
    ours, theirs = ranges
    assert isinstance(ours, dict)
    assert isinstance(theirs, dict)
    assert list(ours) == list(theirs)
    assert (ours["hiAbsolute"], ours["lowAbsolute"]) == (250.0, 0.0)


def test_text_observation(recorded: Recorded) -> None:
    """A voided observation of text: no range, its value the text."""
    shown = render(OBS.of(_note(voided=True)), DEFAULT, _BASE)
    assert _same(shown, recorded("get-obs-after-purge"))


def test_voided_reference_says_so() -> None:
    """A reference to what is voided tells it."""
    shown = render(OBS.of(_note(voided=True)), REF, _BASE)
    assert shown["voided"] is True


def _same(shown: Json, answer: tuple[int, Json]) -> bool:
    """Compare, the order of keys included: it is what people read and diff."""
    _, expected = answer
    assert shown == expected
    assert str(shown) == str(expected)
    return True


def _later[T](value: T) -> Callable[[], T]:
    return lambda: value


def _moment(text: str) -> dt.datetime:
    return dates.parse_datetime(text)


def _named(uuid: str, name: str) -> Metadata:
    return Metadata(id=1, uuid=uuid, name=name, description=None, retired=False)


def _unknown_location() -> Metadata:
    return _named("8d6c993e-c2cc-11de-8d13-0010c6dffd0f", "Unknown Location")


def _betty(gender: str = "F", numbers: int = 1) -> Patient:
    name = PersonName(
        uuid="21ed066c-1319-4675-9e8b-9f539e4e3ca2",
        person_uuid=_BETTY,
        given="Betty",
        middle=None,
        family="Williams",
        family2=None,
        preferred=True,
    )
    address = Address(
        uuid="e81e2b42-5b60-45bb-be80-dfad7e879f36",
        person_uuid=_BETTY,
        preferred=True,
        address1="2 High St",
        address2=None,
        city_village="Leeds",
        state_province=None,
        country="UK",
        postal_code=None,
    )
    identifiers = [
        Identifier(
            uuid=uuid,
            patient_uuid=_BETTY,
            identifier=number,
            type=_named(
                "8d79403a-c2cc-11de-8d13-0010c6dffd0f", "Old Identification Number"
            ),
            location=_unknown_location(),
            preferred=number == "RX-0406332",
        )
        for uuid, number in (
            ("222de5b9-c93c-4cad-8733-00600b6be9b6", "RX-0406332"),
            ("c245745e-6560-433b-a6c6-03e34e7a975d", "RX-0406332B"),
        )
    ]
    audit = Audit(
        creator=_ADMIN,
        date_created=_moment("2026-11-23T04:06:35Z"),
        changer=_ADMIN,
        date_changed=_moment("2026-11-23T04:06:36Z"),
    )
    return Patient(
        id=1,
        uuid=_BETTY,
        gender=gender,
        birthdate=dt.date(1984, 2, 3),
        birthdate_estimated=False,
        dead=False,
        death_date=None,
        voided=False,
        names=_later([name]),
        addresses=_later([address]),
        attributes=_later(()),
        identifiers=_later(identifiers[:numbers]),
        audit=_later(audit),
    )


def _encounter() -> Encounter:
    visit = Visit(
        id=1,
        uuid="85f1e6ae-aaec-4f89-8969-88faa7f80004",
        type=_named("d49a8707-7fea-432b-97b4-a40bf20bbeb4", "Facility Visit 040633"),
        location=_unknown_location(),
        started=_moment("2026-01-12T09:30:00Z"),
        stopped=None,
        voided=False,
        patient=_later(_betty()),
        encounters=_later(()),
        audit=_later(None),
    )
    return Encounter(
        id=1,
        uuid="096373fb-3fa6-4e8a-b6a2-a1605c1871e7",
        type=_named("46ca5b0f-82ef-453f-9104-e665e2be6c94", "Vitals 040633"),
        location=_unknown_location(),
        moment=_moment("2026-01-12T09:45:00Z"),
        voided=False,
        patient=_later(_betty()),
        visit=_later(visit),
        providers=_later(()),
        obs=lambda: (_weight(), _note()),
        audit=_later(None),
    )


def _weight() -> Obs:
    weight = _concept("e7a648ba-9778-415f-9a38-e82948982635", "Weight (kg) 040633")
    uuid = "89abbc4f-8019-4c8f-9eef-13e563f1797b"
    return _obs(uuid, weight, number=61.5)


def _note(*, voided: bool = False) -> Obs:
    note = _concept("711392fb-4f46-4c17-8d4f-5a2183a7a56b", "Clinical note 040633")
    uuid = "b7a30af6-1f57-42cd-b7e9-5c4bedf700a3"
    return _obs(uuid, note, text="stable, review in 2 weeks", voided=voided)


def _obs(
    uuid: str,
    concept: Concept,
    *,
    number: float | None = None,
    text: str | None = None,
    voided: bool = False,
) -> Obs:
    return Obs(
        id=1,
        uuid=uuid,
        moment=_moment("2026-01-12T09:45:00Z"),
        comment=None,
        status="FINAL",
        voided=voided,
        number=number,
        text=text,
        datetime=None,
        concept=_later(concept),
        coded=_later(None),
        location=_later(_unknown_location()),
        person=_later(_betty()),
        encounter=_encounter,
        group=_later(None),
        members=_later(()),
        audit=_later(None),
    )


def _concept(uuid: str, name: str) -> Concept:
    numeric = Numeric(
        low_absolute=0.0, hi_absolute=250.0, units="kg", allow_decimal=True
    )
    shown = ConceptName(
        uuid="2c1ba969-eadd-4654-b634-ae85ccbda431",
        concept_uuid=uuid,
        name=name,
        locale="en",
        preferred=True,
        type="FULLY_SPECIFIED",
    )
    return Concept(
        id=1,
        uuid=uuid,
        name=shown,
        names=_later([shown]),
        datatype=_named("8d4a4488-c2cc-11de-8d13-0010c6dffd0f", "Numeric"),
        concept_class=_named("8d4907b2-c2cc-11de-8d13-0010c6dffd0f", "Test"),
        is_set=False,
        retired=False,
        numeric=numeric if name.startswith("Weight") else None,
        answers=_later(()),
        members=_later(()),
    )
