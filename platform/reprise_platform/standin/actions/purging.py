"""Rows deleted for good, with what belongs to them alone.

What others still refer to is not deleted, nor is anything else: the database's foreign
keys refuse it, and OpenMRS answers 500.
"""

from __future__ import annotations

from reprise_platform.standin import errors
from reprise_platform.standin.database import Session

_OF_PERSON = ("person_name", "person_address", "person_attribute")


def purge_obs(session: Session, key: int) -> None:
    """Delete an observation with the members of its group."""
    members = "DELETE FROM obs WHERE obs_group_id = %s"
    session.execute(members, key)
    session.execute("DELETE FROM obs WHERE obs_id = %s", key)


def purge_encounter(session: Session, key: int) -> None:
    """Delete an encounter that has no observations, with its providers."""
    session.execute("DELETE FROM encounter_provider WHERE encounter_id = %s", key)
    session.execute("DELETE FROM encounter WHERE encounter_id = %s", key)


def purge_visit(session: Session, key: int) -> None:
    """Delete a visit that has no encounters.

    Raises:
        ApiError: it has some (500).
    """
    sql = "SELECT 1 FROM encounter WHERE visit_id = %s LIMIT 1"
    if session.row(sql, key) is not None:
        reason = (
            "Cannot permanently delete a visit that has encounters associated to it"
        )
        raise errors.failure(reason, code="org.openmrs.api.impl.VisitServiceImpl:222")
    session.execute("DELETE FROM visit WHERE visit_id = %s", key)


def purge_patient(session: Session, key: int) -> None:
    """Delete a patient of whom nothing else is recorded, and the person."""
    session.execute("DELETE FROM patient_identifier WHERE patient_id = %s", key)
    session.execute("DELETE FROM patient WHERE patient_id = %s", key)
    purge_person(session, key)


def purge_person(session: Session, key: int) -> None:
    """Delete a person with names, addresses and attributes."""
    for table in _OF_PERSON:
        session.execute(f"DELETE FROM {table} WHERE person_id = %s", key)  # noqa: S608 - names are ours
    session.execute("DELETE FROM person WHERE person_id = %s", key)


def purge_part(session: Session, table: str, key: int) -> None:
    """Delete a name, an address, an attribute or a number."""
    session.execute(f"DELETE FROM {table} WHERE {table}_id = %s", key)  # noqa: S608 - names are ours
