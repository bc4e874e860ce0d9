"""The keys, in one database, of what demo data refers to: found by their uuids."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from pymysql.cursors import Cursor

from reprise_platform import openmrs


class SeedingRefusedError(Exception):
    """The database cannot be seeded as it is; the message says why and what to do."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Keys; `ears` is a panel's concept and its thresholds', by frequency."""

    user: int
    provider: int
    role: int
    identifier_type: int
    phone: int
    visit_type: int
    vitals: int
    audiogram: int
    places: Sequence[int]
    pulse: int
    systolic: int
    diastolic: int
    ears: Sequence[tuple[int, Sequence[tuple[int, int]]]]


def find(cursor: Cursor) -> Metadata:
    """Look everything up.

    Raises:
        SeedingRefusedError: some of it is not there; all that is missing is named.
    """
    missing: list[str] = []

    def keys(table: str, wanted: Iterable[str], column: str | None = None) -> list[int]:
        uuids = list(wanted)
        marks = ", ".join(["%s"] * len(uuids))
        column = column or f"{table}_id"
        sql = f"SELECT uuid, {column} FROM {table} WHERE uuid IN ({marks})"
        cursor.execute(sql, uuids)
        found: Mapping[str, int] = {row[0]: int(row[1]) for row in cursor.fetchall()}
        missing.extend(f"{table} {uuid}" for uuid in uuids if uuid not in found)
        return [found.get(uuid, 0) for uuid in uuids]

    def key(table: str, wanted: str, column: str | None = None) -> int:
        return keys(table, [wanted], column)[0]

    pulse, systolic, diastolic = keys(
        "concept", (openmrs.PULSE, openmrs.SYSTOLIC, openmrs.DIASTOLIC)
    )
    found = Metadata(
        user=key("users", openmrs.ADMIN_USER, "user_id"),
        provider=key("provider", openmrs.ADMIN_PROVIDER),
        role=key("encounter_role", openmrs.CLINICIAN_ROLE),
        identifier_type=key("patient_identifier_type", openmrs.IDENTIFIER_TYPE),
        phone=key("person_attribute_type", openmrs.PHONE_ATTRIBUTE_TYPE),
        visit_type=key("visit_type", openmrs.FACILITY_VISIT),
        vitals=key("encounter_type", openmrs.VITALS),
        audiogram=key("encounter_type", openmrs.AUDIOGRAM),
        places=keys("location", openmrs.CENTRES),
        pulse=pulse,
        systolic=systolic,
        diastolic=diastolic,
        ears=tuple(
            (
                key("concept", openmrs.AUDIOGRAM_PANELS[ear]),
                tuple(zip(hertz, keys("concept", hertz.values()), strict=True)),
            )
            for ear, hertz in openmrs.THRESHOLDS.items()
        ),
    )
    if missing:
        msg = (
            "the database lacks what demo data refers to: "
            f"{', '.join(missing)}; on an OpenMRS of your own, run the load's bootstrap"
        )
        raise SeedingRefusedError(msg)
    return found
