"""Synthetic people are plausible, repeatable, and cannot be anybody."""

from __future__ import annotations

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from reprise_loadtests.content import EncounterContent, Observation
from reprise_loadtests.hearing import draw_audiogram, draw_vitals
from reprise_loadtests.patients import MARK, draw_patient
from reprise_platform import openmrs

_seeds = st.integers(0)


@given(_seeds)
def test_nobody_is_real(seed: int) -> None:
    """Marked family name, telephone kept for fiction, a town that does not exist."""
    patient = draw_patient(random.Random(seed))
    assert patient.family.endswith(f"-{MARK}")
    assert re.fullmatch(r"(019900|063998)\d{4}", patient.phone)
    assert patient.postal_code == "00000"
    assert MARK in patient.town


@given(_seeds)
def test_people_repeat_with_their_seed(seed: int) -> None:
    """The same seed draws the same person and the same measures."""
    assert draw_patient(random.Random(seed)) == draw_patient(random.Random(seed))
    assert draw_audiogram(random.Random(seed), age_years=70) == draw_audiogram(
        random.Random(seed), age_years=70
    )


@given(_seeds, st.integers(0, 110))
def test_thresholds_are_what_an_audiometer_gives(seed: int, age: int) -> None:
    """Both ears, every frequency, multiples of 5 dB within OpenMRS' limits."""
    groups = draw_audiogram(random.Random(seed), age_years=age)
    assert {group.concept for group in groups} == set(openmrs.AUDIOGRAM_PANELS.values())
    members = [member for group in groups for member in group.members]
    assert {member.concept for member in members} == {
        concept for ear in openmrs.THRESHOLDS.values() for concept in ear.values()
    }
    low, high = openmrs.THRESHOLD_RANGE_DB
    for member in members:
        assert isinstance(member.value, int)
        assert member.value % 5 == 0
        assert low <= member.value <= high


@given(_seeds)
def test_vitals_are_accepted(seed: int) -> None:
    """Vital signs lie within the limits beyond which OpenMRS answers 400."""
    for observation in draw_vitals(random.Random(seed)):
        low, high = openmrs.VITALS_RANGES[observation.concept]
        assert isinstance(observation.value, int)
        assert low <= observation.value <= high


def test_hearing_gets_worse_with_age_and_pitch() -> None:
    """On average the old hear less than the young, and high tones less than low ones."""

    def mean(age: int, frequency_hz: int) -> float:
        concepts = {ear[frequency_hz] for ear in openmrs.THRESHOLDS.values()}
        values = [
            float(leaf.value)
            for seed in range(60)
            for leaf in _leaves(draw_audiogram(random.Random(seed), age_years=age))
            if leaf.concept in concepts
        ]
        return sum(values) / len(values)

    assert mean(85, 1000) > mean(35, 1000) + 10
    assert mean(85, 8000) > mean(85, 250) + 20


def _leaves(entries: tuple[object, ...]) -> tuple[Observation, ...]:
    return EncounterContent(
        patient="",
        encounter_type="",
        visit=None,
        entries=entries,  # type: ignore[arg-type]
    ).leaves()
