"""What is voided stays in its table and out of every list; what it holds goes with it.

The reasons and the order are those of OpenMRS' void handlers. Un-voiding brings back the
thing alone: an encounter comes back without its observations.
"""

from __future__ import annotations

from collections.abc import Sequence

from reprise_platform.standin import dates
from reprise_platform.standin.database import Session

_VISITS_REASON = "Patient deleted"
_OF_PERSON = ("person_name", "person_address", "person_attribute")


def void_obs(session: Session, key: int, reason: str, user_id: int) -> None:
    """Void an observation with the members of its group."""
    keys = [key]
    while keys:
        _void(session, ("obs", "obs_id"), keys, reason, user_id)
        rows = session.rows("SELECT obs_id FROM obs WHERE obs_group_id IN %s", keys)
        keys = [row[0] for row in rows]


def void_encounter(session: Session, key: int, reason: str, user_id: int) -> None:
    """Void an encounter with its observations."""
    _void(session, ("obs", "encounter_id"), [key], reason, user_id)
    _void(session, ("encounter", "encounter_id"), [key], reason, user_id)


def void_visit(session: Session, key: int, reason: str, user_id: int) -> None:
    """Void a visit with its encounters and their observations."""
    rows = session.rows("SELECT encounter_id FROM encounter WHERE visit_id = %s", key)
    for row in rows:
        void_encounter(session, row[0], reason, user_id)
    _void(session, ("visit", "visit_id"), [key], reason, user_id)


def void_person(session: Session, key: int, reason: str, user_id: int) -> None:
    """Void a person with names, addresses and attributes."""
    for table in _OF_PERSON:
        _void(session, (table, "person_id"), [key], reason, user_id)
    _void(session, ("person", "person_id"), [key], reason, user_id)


def void_patient(session: Session, key: int, reason: str, user_id: int) -> None:
    """Void a patient with all there is of them; appointments stay, as in OpenMRS."""
    _void(session, ("visit", "patient_id"), [key], _VISITS_REASON, user_id)
    _void(session, ("obs", "person_id"), [key], reason, user_id)
    _void(session, ("encounter", "patient_id"), [key], reason, user_id)
    _void(session, ("patient_identifier", "patient_id"), [key], reason, user_id)
    _void(session, ("patient", "patient_id"), [key], reason, user_id)
    void_person(session, key, reason, user_id)


def void_part(
    session: Session, table: str, key: int, reason: str, user_id: int
) -> None:
    """Void a name, an address, an attribute or a number."""
    _void(session, (table, f"{table}_id"), [key], reason, user_id)


def unvoid(session: Session, table: str, key: int) -> None:
    """Bring back what was voided."""
    session.execute(
        f"UPDATE {table} SET voided = 0, voided_by = NULL, date_voided = NULL, "  # noqa: S608 - names are ours
        f"void_reason = NULL WHERE {table}_id = %s",
        key,
    )


def _void(
    session: Session,
    where: tuple[str, str],
    keys: Sequence[int],
    reason: str,
    user_id: int,
) -> None:
    """Void rows of a table by a column; those voided before keep their own reason."""
    table, column = where
    session.execute(
        f"UPDATE {table} SET voided = 1, voided_by = %s, date_voided = %s, "  # noqa: S608 - names are ours
        f"void_reason = %s WHERE {column} IN %s AND voided = 0",
        user_id,
        dates.now(),
        reason,
        tuple(keys),
    )
