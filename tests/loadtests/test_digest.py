"""A clinical object has one digest, as it is sent and as OpenMRS shows it."""

from __future__ import annotations

import datetime
import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_loadtests.content import (
    EncounterContent,
    Observation,
    ObservationGroup,
    PatientContent,
    VisitContent,
)
from reprise_loadtests.digest import UnreadableObjectError, digest_read, digest_sent
from reprise_platform import openmrs
from reprise_pra.history import JsonValue

_texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1
)
_uuids = st.uuids().map(str)
_values = st.one_of(
    st.integers(-10, 120),
    st.floats(allow_nan=False, allow_infinity=False),
    _texts,
    _uuids,
)
_patients = st.builds(
    PatientContent,
    family=_texts,
    given=_texts,
    gender=st.sampled_from("FM"),
    birthdate=st.dates(datetime.date(1900, 1, 1)).map(datetime.date.isoformat),
    identifier=_texts,
)
_observations = st.builds(Observation, concept=_uuids, value=_values)
_encounters = st.builds(
    EncounterContent,
    patient=_uuids,
    encounter_type=_uuids,
    visit=st.none() | _uuids,
    entries=st.lists(
        _observations
        | st.builds(
            ObservationGroup,
            concept=_uuids,
            members=st.lists(_observations, min_size=1, max_size=4).map(tuple),
        ),
        max_size=6,
    ).map(tuple),
)


def _shown_patient(content: PatientContent) -> dict[str, JsonValue]:
    return {
        "uuid": "any",
        "voided": False,
        "identifiers": [
            {
                "identifier": "an old number",
                "identifierType": {"uuid": "another type"},
                "voided": False,
            },
            {
                "identifier": content.identifier,
                "identifierType": {"uuid": openmrs.IDENTIFIER_TYPE},
                "voided": False,
            },
        ],
        "person": {
            "gender": content.gender,
            "birthdate": f"{content.birthdate}T00:00:00.000+0000",
            "preferredName": {
                "familyName": unicodedata.normalize("NFD", content.family),
                "givenName": content.given,
            },
        },
    }


def _shown_leaf(leaf: Observation) -> dict[str, JsonValue]:
    value: JsonValue = float(leaf.value) if isinstance(leaf.value, int) else leaf.value
    return {"concept": {"uuid": leaf.concept}, "value": value, "voided": False}


def _shown_encounter(content: EncounterContent, order: int) -> dict[str, JsonValue]:
    obs: list[JsonValue] = []
    for entry in content.entries:
        if isinstance(entry, ObservationGroup):
            members: list[JsonValue] = [_shown_leaf(member) for member in entry.members]
            random.Random(order).shuffle(members)
            obs.append(
                {
                    "concept": {"uuid": entry.concept},
                    "value": None,
                    "groupMembers": members,
                }
            )
        else:
            obs.append(_shown_leaf(entry))
    random.Random(order).shuffle(obs)
    return {
        "patient": {"uuid": content.patient},
        "encounterType": {"uuid": content.encounter_type},
        "obs": obs,
        "voided": False,
    }


@given(_patients)
def test_patient_reads_as_sent(content: PatientContent) -> None:
    """A patient's digest survives OpenMRS' dates, other numbers and Unicode forms."""
    assert digest_read("patient", _shown_patient(content)) == digest_sent(content)


@given(_encounters, st.integers())
def test_encounter_reads_as_sent_in_any_order(
    content: EncounterContent, order: int
) -> None:
    """Nor the order of observations nor 35 becoming 35.0 changes the digest."""
    assert digest_read("encounter", _shown_encounter(content, order)) == digest_sent(
        content
    )


@given(_encounters, st.data())
def test_one_altered_value_changes_the_digest(
    content: EncounterContent, data: st.DataObject
) -> None:
    """An encounter with one value other than what was sent has another digest."""
    leaves = content.leaves()
    if not leaves:
        return
    number = data.draw(st.integers(0, len(leaves) - 1))
    altered = list(leaves)
    altered[number] = Observation(concept=leaves[number].concept, value="not this one")
    other = EncounterContent(
        patient=content.patient,
        encounter_type=content.encounter_type,
        visit=None,
        entries=tuple(altered),
    )
    assert digest_sent(other) != digest_sent(content)


@given(_encounters)
def test_a_missing_observation_changes_the_digest(content: EncounterContent) -> None:
    """A torn encounter (one observation short) does not pass for the whole one."""
    leaves = content.leaves()
    if not leaves:
        return
    torn = EncounterContent(
        patient=content.patient,
        encounter_type=content.encounter_type,
        visit=None,
        entries=leaves[1:],
    )
    assert digest_sent(torn) != digest_sent(content)


@given(_uuids, _uuids, _uuids)
def test_visit_reads_as_sent(patient: str, visit_type: str, location: str) -> None:
    """A visit's digest ignores when it started and whether it ended."""
    content = VisitContent(patient=patient, visit_type=visit_type, location=location)
    shown: dict[str, JsonValue] = {
        "patient": {"uuid": patient, "display": "x"},
        "visitType": {"uuid": visit_type},
        "location": {"uuid": location},
        "stopDatetime": "2026-01-12T10:00:00.000+0000",
        "voided": False,
    }
    assert digest_read("visit", shown) == digest_sent(content)


def test_a_coded_answer_is_its_concept() -> None:
    """A coded answer comes back as a concept and counts as its uuid."""
    content = EncounterContent(
        patient="p",
        encounter_type="t",
        visit=None,
        entries=(Observation(concept="c", value="answer"),),
    )
    shown: dict[str, JsonValue] = {
        "patient": {"uuid": "p"},
        "encounterType": {"uuid": "t"},
        "obs": [
            {"concept": {"uuid": "c"}, "value": {"uuid": "answer", "display": "A"}}
        ],
    }
    assert digest_read("encounter", shown) == digest_sent(content)


def test_a_void_is_an_absence() -> None:
    """OpenMRS answers 200 for a voided object; it has no digest."""
    assert digest_read("visit", {"uuid": "v", "voided": True}) is None


@pytest.mark.parametrize(
    "body",
    [None, [], "text", {}, {"person": {}}, {"person": None, "identifiers": []}],
)
def test_something_else_is_said_to_be_unreadable(body: JsonValue) -> None:
    """A body that is no patient raises, and never gets a digest."""
    with pytest.raises(UnreadableObjectError):
        digest_read("patient", body)


def test_a_voided_observation_does_not_count() -> None:
    """An edited observation leaves its voided predecessor behind."""
    live: JsonValue = {"concept": {"uuid": "c"}, "value": 1.0, "voided": False}
    voided: JsonValue = {"concept": {"uuid": "c"}, "value": 9.0, "voided": True}
    shown: dict[str, JsonValue] = {
        "patient": {"uuid": "p"},
        "encounterType": {"uuid": "t"},
    }
    assert digest_read("encounter", {**shown, "obs": [live, voided]}) == digest_read(
        "encounter", {**shown, "obs": [live]}
    )
