"""Schema and metadata."""

from __future__ import annotations

from reprise_platform import openmrs
from reprise_platform.standin import migrate, seed


def test_every_statement_may_be_run_again() -> None:
    """Replicas run them at the same time: each creates only what is not there."""
    statements = migrate.statements()
    assert len(statements) > 25
    assert all(it.startswith("CREATE TABLE IF NOT EXISTS ") for it in statements)


def test_every_table_suits_galera() -> None:
    """Galera needs InnoDB and a primary key."""
    for statement in migrate.statements():
        assert "PRIMARY KEY" in statement
        assert "ENGINE=InnoDB" in statement


def test_rows_have_tables_and_distinct_keys() -> None:
    """Each row of the metadata goes into a table there is, under a key of its own."""
    tables = {it.split()[5] for it in migrate.statements()}
    keys = []
    for table, row in seed.rows("x"):
        assert table in tables
        width = 2 if table == "user_role" else 1
        keys.append((table, *list(row.values())[:width]))
    assert len(keys) == len(set(keys))


def test_uuids_are_distinct() -> None:
    """No two rows share a uuid, within a table or between tables but for person and user."""
    uuids = [row["uuid"] for _, row in seed.rows("x") if "uuid" in row]
    assert len(uuids) == len(set(uuids))


def test_what_the_journeys_name_is_seeded() -> None:
    """Every uuid that the load and the stand-in share is there."""
    seeded = {row.get("uuid") for _, row in seed.rows("x")}
    assert seeded >= {
        openmrs.ADMIN_USER,
        openmrs.ADMIN_PROVIDER,
        openmrs.IDENTIFIER_TYPE,
        openmrs.IDENTIFIER_SOURCE,
        openmrs.PHONE_ATTRIBUTE_TYPE,
        openmrs.OUTPATIENT_CLINIC,
        openmrs.FACILITY_VISIT,
        openmrs.VITALS,
        openmrs.AUDIOGRAM,
        openmrs.CLINICIAN_ROLE,
        *openmrs.CENTRES,
        *openmrs.VITALS_RANGES,
        *openmrs.AUDIOGRAM_PANELS.values(),
        *(uuid for ear in openmrs.THRESHOLDS.values() for uuid in ear.values()),
    }


def test_fingerprint_does_not_depend_on_the_salt() -> None:
    """Every replica of one version has the same; a restart has nothing to do."""
    assert migrate.fingerprint() == migrate.fingerprint()
