"""Digests of the clinical content, equal on two databases that hold the same.

Keys that a server hands out, who created a row and when do not count: rows are named by
their uuids. A digest is of a set: order does not matter, a row twice does.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Final

from reprise_platform.integrity.questions import Db, rows

_NULL = "'\\\\N'"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """How many rows of a kind there are, and a digest of what they say."""

    kind: str
    rows: int
    digest: str


_KINDS: Final = {
    "patient": (
        (
            "q.uuid",
            "q.gender",
            "q.birthdate",
            "q.dead",
            "p.voided",
        ),
        "patient p JOIN person q ON q.person_id=p.patient_id",
    ),
    "name": (
        ("n.uuid", "q.uuid", "n.given_name", "n.family_name", "n.voided"),
        "person_name n JOIN person q ON q.person_id=n.person_id",
    ),
    "identifier": (
        ("i.uuid", "q.uuid", "i.identifier", "t.uuid", "i.preferred", "i.voided"),
        (
            "patient_identifier i JOIN person q ON q.person_id=i.patient_id "
            "JOIN patient_identifier_type t "
            "ON t.patient_identifier_type_id=i.identifier_type"
        ),
    ),
    "visit": (
        ("v.uuid", "q.uuid", "t.uuid", "v.date_started", "v.date_stopped", "v.voided"),
        (
            "visit v JOIN person q ON q.person_id=v.patient_id "
            "JOIN visit_type t ON t.visit_type_id=v.visit_type_id"
        ),
    ),
    "encounter": (
        ("e.uuid", "q.uuid", "t.uuid", "v.uuid", "e.encounter_datetime", "e.voided"),
        (
            "encounter e JOIN person q ON q.person_id=e.patient_id "
            "JOIN encounter_type t ON t.encounter_type_id=e.encounter_type "
            "LEFT JOIN visit v ON v.visit_id=e.visit_id"
        ),
    ),
    "observation": (
        (
            "o.uuid",
            "q.uuid",
            "c.uuid",
            "e.uuid",
            "g.uuid",
            "b.uuid",
            "a.uuid",
            "o.obs_datetime",
            "o.value_numeric",
            "o.value_text",
            "o.value_datetime",
            "o.value_complex",
            "o.voided",
        ),
        (
            "obs o JOIN person q ON q.person_id=o.person_id "
            "JOIN concept c ON c.concept_id=o.concept_id "
            "LEFT JOIN encounter e ON e.encounter_id=o.encounter_id "
            "LEFT JOIN obs g ON g.obs_id=o.obs_group_id "
            "LEFT JOIN obs b ON b.obs_id=o.previous_version "
            "LEFT JOIN concept a ON a.concept_id=o.value_coded"
        ),
    ),
}


def contents(connection: Db) -> tuple[Contents, ...]:
    """Return each kind's count and digest; compare them with another database's.

    Raises:
        pymysql.err.MySQLError: refused, or the connection is lost.
    """
    return tuple(
        _of(connection, kind, columns, source)
        for kind, (columns, source) in _KINDS.items()
    )


def _of(connection: Db, kind: str, columns: tuple[str, ...], source: str) -> Contents:
    said = ", ".join(f"COALESCE({column}, {_NULL})" for column in columns)
    # Exclusive-or alone would not see a row that is there twice: hence the sums beside it.
    sql = (
        "SELECT COUNT(*), "
        "COALESCE(BIT_XOR(CONV(LEFT(said, 16), 16, 10)), 0), "
        "COALESCE(SUM(CONV(SUBSTR(said, 17, 12), 16, 10)), 0), "
        "COALESCE(SUM(CONV(SUBSTR(said, 29, 12), 16, 10)), 0) "
        f"FROM (SELECT SHA2(CONCAT_WS('|', {said}), 256) AS said FROM {source}) every"
    )
    count, mixed, first, second = rows(connection, sql)[0]
    text = f"{count} {mixed} {int(first)} {int(second)}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Contents(kind=kind, rows=int(count), digest=digest)
