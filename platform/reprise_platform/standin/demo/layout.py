"""Where each patient's rows lie: keys and uuids by arithmetic, all ascending.

Random uuids would be put all over an index larger than the server's memory; ascending ones
are appended to it, which is why no index is dropped for the seeding.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Final

VISITS_MOST: Final = 3
ENCOUNTERS_MOST: Final = 2 * VISITS_MOST
OBSERVATIONS_MOST: Final = 32 * VISITS_MOST

STRIDES: Final = {
    "person": 1,
    "person_name": 1,
    "person_address": 1,
    "person_attribute": 1,
    "patient_identifier": 1,
    "visit": VISITS_MOST,
    "encounter": ENCOUNTERS_MOST,
    "encounter_provider": ENCOUNTERS_MOST,
    "obs": OBSERVATIONS_MOST,
}
"""Table to how many keys are kept for each patient."""

_NUMBERS: Final = {table: number for number, table in enumerate(STRIDES, start=1)}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The keys of one seeding.

    Attributes:
        firsts: each table's first key. first_number: the first patient number's place.
    """

    seed: int
    firsts: Mapping[str, int]
    first_number: int

    def key(self, table: str, patient: int, place: int = 0) -> int:
        """Return the key of a patient's nth row in a table."""
        return self.firsts[table] + patient * STRIDES[table] + place

    def prefix(self, table: str) -> str:
        """Return what the uuids of a table begin with: 24 characters of 36.

        RFC 9562's version 8, whose digits are for us to choose.
        """
        run = hashlib.sha256(f"reprise:demo:{self.seed}".encode()).hexdigest()[:8]
        return f"{run}-{_NUMBERS[table]:04x}-8000-8000-"

    def uuid(self, table: str, patient: int, place: int = 0) -> str:
        """Return the uuid of a patient's nth row: the same in every database."""
        number = patient * STRIDES[table] + place
        return f"{self.prefix(table)}{number:012x}"
