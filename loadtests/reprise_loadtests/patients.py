"""People who do not exist: synthetic French patients, the same for the same seed.

Nothing here can be a real person's. The family name carries a mark no family bears,
telephone numbers come from the ranges ARCEP keeps for fiction (decision 2018-0881:
01 99 00 xx xx, 06 39 98 xx xx), the town and its postal code do not exist, and there is
no NIR (social security number) at all, so none with a valid key.
"""

from __future__ import annotations

import dataclasses
import datetime
import random

from reprise_platform.standin.demo.names import (
    FAMILIES,
    FICTION_PREFIXES,
    GIVEN,
    MARK,
    POSTAL_CODE,
    STREETS,
    TOWN,
)

__all__ = ["MARK", "Patient", "draw_patient"]

_NOT_BEFORE_YEAR, _MODE_YEAR, _NOT_AFTER_YEAR = 1926, 1948, 2018


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A synthetic patient. `birthdate` is a real calendar date, the rest is made up."""

    family: str
    given: str
    gender: str
    birthdate: datetime.date
    phone: str
    street: str
    town: str = TOWN
    postal_code: str = POSTAL_CODE


def draw_patient(rng: random.Random) -> Patient:
    """Draw one patient; most were born around 1948, as a hearing centre's are."""
    gender = rng.choice("FM")
    year = round(rng.triangular(_NOT_BEFORE_YEAR, _NOT_AFTER_YEAR, _MODE_YEAR))
    birthdate = datetime.date(year, 1, 1) + datetime.timedelta(days=rng.randrange(365))
    return Patient(
        family=f"{rng.choice(FAMILIES)}-{MARK}",
        given=rng.choice(GIVEN[gender]),
        gender=gender,
        birthdate=birthdate,
        phone=f"{rng.choice(FICTION_PREFIXES)}{rng.randrange(10_000):04d}",
        street=f"{rng.randint(1, 99)} {rng.choice(STREETS)}",
    )
