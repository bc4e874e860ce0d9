"""Lists of visits, encounters and observations: keys, newest first."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from reprise_platform.standin.database import Session


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a list: `first` to leave out, `most` to return."""

    first: int
    most: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VisitFilter:
    """Which visits; None does not filter. References are uuids."""

    patient: str | None = None
    location: str | None = None
    visit_type: str | None = None
    started_from: dt.datetime | None = None
    started_to: dt.datetime | None = None
    active_only: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EncounterFilter:
    """Which encounters; None does not filter. References are uuids."""

    patient: str | None = None
    visit: str | None = None
    encounter_type: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    oldest_first: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ObsFilter:
    """Which observations; None does not filter. References are uuids."""

    patient: str | None = None
    encounter: str | None = None
    concepts: Sequence[str] | None = None


Condition = tuple[str, object]


def visits(session: Session, wanted: VisitFilter, part: Slice) -> Sequence[int]:
    """Return keys of visits."""
    conditions: list[Condition] = [
        ("pe.uuid = %s", wanted.patient),
        ("l.uuid = %s", wanted.location),
        ("t.uuid = %s", wanted.visit_type),
        ("v.date_started >= %s", wanted.started_from),
        ("v.date_started <= %s", wanted.started_to),
    ]
    fixed = "v.voided = 0"
    if wanted.active_only:
        fixed += " AND (v.date_stopped IS NULL OR v.date_stopped > UTC_TIMESTAMP())"
    return _keys(
        session,
        "SELECT v.visit_id FROM visit v JOIN person pe ON pe.person_id = v.patient_id "  # noqa: S608
        "JOIN visit_type t ON t.visit_type_id = v.visit_type_id "
        f"LEFT JOIN location l ON l.location_id = v.location_id WHERE {fixed}",
        conditions,
        "ORDER BY v.date_started DESC, v.visit_id DESC",
        part,
    )


def encounters(session: Session, wanted: EncounterFilter, part: Slice) -> Sequence[int]:
    """Return keys of encounters."""
    way = "" if wanted.oldest_first else " DESC"
    return _keys(
        session,
        "SELECT e.encounter_id FROM encounter e "
        "JOIN person pe ON pe.person_id = e.patient_id "
        "JOIN encounter_type t ON t.encounter_type_id = e.encounter_type "
        "LEFT JOIN visit v ON v.visit_id = e.visit_id WHERE e.voided = 0",
        [
            ("pe.uuid = %s", wanted.patient),
            ("v.uuid = %s", wanted.visit),
            ("t.uuid = %s", wanted.encounter_type),
            ("e.encounter_datetime >= %s", wanted.since),
            ("e.encounter_datetime <= %s", wanted.until),
        ],
        f"ORDER BY e.encounter_datetime{way}, e.encounter_id{way}",
        part,
    )


def observations(session: Session, wanted: ObsFilter, part: Slice) -> Sequence[int]:
    """Return keys of observations, members of groups included."""
    return _keys(
        session,
        "SELECT o.obs_id FROM obs o JOIN person pe ON pe.person_id = o.person_id "
        "JOIN concept c ON c.concept_id = o.concept_id "
        "LEFT JOIN encounter e ON e.encounter_id = o.encounter_id WHERE o.voided = 0",
        [
            ("pe.uuid = %s", wanted.patient),
            ("e.uuid = %s", wanted.encounter),
            ("c.uuid IN %s", wanted.concepts),
        ],
        "ORDER BY o.obs_datetime DESC, o.obs_id DESC",
        part,
    )


def _keys(
    session: Session, head: str, conditions: Sequence[Condition], tail: str, part: Slice
) -> Sequence[int]:
    used = [condition for condition in conditions if condition[1] is not None]
    clauses = "".join(f" AND {clause}" for clause, _ in used)
    values = [value for _, value in used]
    rows = session.rows(
        f"{head}{clauses} {tail} LIMIT %s, %s", *values, part.first, part.most
    )
    return [row[0] for row in rows]
