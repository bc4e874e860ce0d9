"""What is measured in a hearing centre: an audiogram and a few vital signs, plausible.

Thresholds follow the slope of age-related loss: each octave above 1 kHz costs some dB,
both ears go together, and every value is a multiple of 5 dB HL, as an audiometer gives.
"""

from __future__ import annotations

import math
import random

from reprise_loadtests.content import Observation, ObservationGroup
from reprise_platform import openmrs

STEP_DB = 5
_REFERENCE_HZ = 1000


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


def _audible(level_db: float) -> int:
    low_db, high_db = openmrs.THRESHOLD_RANGE_DB
    return int(min(high_db, max(low_db, STEP_DB * round(level_db / STEP_DB))))
