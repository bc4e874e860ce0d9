"""What is measured in a hearing centre: an audiogram and a few vital signs, plausible.

Thresholds follow the slope of age-related loss: each octave above 1 kHz costs some dB,
both ears go together, and every value is a multiple of 5 dB HL, as an audiometer gives.
"""

from __future__ import annotations

import math
import random

from reprise_loadtests import dictionary
from reprise_loadtests.content import Observation, ObservationGroup
from reprise_platform import openmrs

STEP_DB = 5
_REFERENCE_HZ = 1000
_BONE_HZ = (250, 500, 1000, 2000, 4000)
_DEVICES = ("Exercia Clair 3", "Exercia Clair 5", "Fictaud Onde", "Fictaud Onde R")
_NOTES = (
    "Port régulier, bonne compréhension dans le calme.",
    "Gêne dans le bruit, réglage repris.",
    "Entretien rappelé, dôme remplacé.",
)


def draw_audiogram(
    rng: random.Random, *, age_years: int
) -> tuple[ObservationGroup, ...]:
    """Draw both ears' thresholds, grouped by ear; in dB HL within OpenMRS' range."""
    base_db = max(0.0, (age_years - 30) * 0.55) + rng.gauss(5, 6)
    slope_db = max(0.0, (age_years - 20) * 0.14) + rng.gauss(2, 2)
    return tuple(
        ObservationGroup(
            concept=openmrs.AUDIOGRAM_PANELS[ear],
            members=tuple(
                Observation(
                    concept=concept,
                    value=_audible(
                        base_db
                        + slope_db * math.log2(frequency_hz / _REFERENCE_HZ)
                        + rng.gauss(0, 3)
                    ),
                )
                for frequency_hz, concept in thresholds.items()
            ),
        )
        for ear, thresholds in openmrs.THRESHOLDS.items()
    )


def draw_examination(
    rng: random.Random, *, age_years: int
) -> tuple[Observation | ObservationGroup, ...]:
    """Draw a whole audiometry: air, bone (never worse than air), the type of loss."""
    found: list[Observation | ObservationGroup] = []
    for group in draw_audiogram(rng, age_years=age_years):
        ear = next(e for e, p in openmrs.AUDIOGRAM_PANELS.items() if p == group.concept)
        air = {one.concept: one.value for one in group.members}
        gap_db = rng.choice((0, 0, 0, 10, 20))
        bone = tuple(
            Observation(
                concept=concept,
                value=_audible(float(air[concept]) - gap_db - rng.choice((0, 0, 5))),
            )
            for concept in (openmrs.THRESHOLDS[ear][hz] for hz in _BONE_HZ)
        )
        found += [
            ObservationGroup(
                concept=group.concept,
                members=(_conduction(dictionary.AIR), *group.members),
            ),
            ObservationGroup(
                concept=dictionary.BONE_PANELS[ear],
                members=(_conduction(dictionary.BONE), *bone),
            ),
            Observation(
                concept=dictionary.LOSS_TYPE[ear],
                value=dictionary.MIXED if gap_db else dictionary.SENSORINEURAL,
            ),
        ]
    return tuple(found)


def draw_fitting(rng: random.Random) -> tuple[ObservationGroup, ...]:
    """Draw a fitting of both ears: a device that no one makes, gains (dB), hours worn."""
    device = rng.choice(_DEVICES)
    return tuple(
        ObservationGroup(
            concept=panel,
            members=(
                Observation(concept=dictionary.DEVICE, value=device),
                Observation(
                    concept=dictionary.SERIAL, value=f"EX-{rng.randrange(10**8):08d}"
                ),
                *_gains(rng),
                Observation(
                    concept=dictionary.HOURS_WORN, value=round(rng.uniform(4, 15), 1)
                ),
            ),
        )
        for panel in dictionary.FITTING_PANELS.values()
    )


def draw_follow_up(rng: random.Random) -> tuple[Observation, ...]:
    """Draw a follow-up: hours worn, satisfaction out of ten, a note."""
    return (
        Observation(concept=dictionary.HOURS_WORN, value=round(rng.uniform(1, 16), 1)),
        Observation(concept=dictionary.SATISFACTION, value=rng.randint(3, 10)),
        Observation(concept=openmrs.NOTE, value=rng.choice(_NOTES)),
    )


def draw_vitals(rng: random.Random) -> tuple[Observation, ...]:
    """Draw pulse (per minute) and blood pressures (mmHg), whole numbers."""
    systolic = round(min(190, max(95, rng.gauss(132, 16))))
    return (
        Observation(
            concept=openmrs.PULSE, value=round(min(115, max(48, rng.gauss(74, 10))))
        ),
        Observation(concept=openmrs.SYSTOLIC, value=systolic),
        Observation(
            concept=openmrs.DIASTOLIC, value=round(systolic * rng.uniform(0.55, 0.68))
        ),
    )


def _conduction(answer: str) -> Observation:
    return Observation(concept=dictionary.CONDUCTION, value=answer)


def _gains(rng: random.Random) -> tuple[Observation, ...]:
    found: list[Observation] = []
    for hz in dictionary.TARGETS_HZ:
        target_db = rng.randint(8, 40)
        measured_db = max(0.0, round(target_db + rng.gauss(0, 2), 1))
        found += [
            Observation(concept=dictionary.GAIN_TARGET[hz], value=target_db),
            Observation(concept=dictionary.GAIN_MEASURED[hz], value=measured_db),
        ]
    return tuple(found)


def _audible(level_db: float) -> int:
    low_db, high_db = openmrs.THRESHOLD_RANGE_DB
    return int(min(high_db, max(low_db, STEP_DB * round(level_db / STEP_DB))))
