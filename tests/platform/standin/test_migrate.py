"""Schema and metadata: what the files may say, and which of them a database is given."""

from __future__ import annotations

import re

import pytest

from reprise_platform import openmrs
from reprise_platform.standin import changes, migrate, seed
from reprise_platform.standin.changes import Change, SchemaRefusedError

_STATEMENTS = [each for change in changes.changes() for each in change.statements]
# What may be run again, by two at once, after being cut: it adds what is not there.
_REPEATABLE = re.compile(
    r"CREATE TABLE IF NOT EXISTS "
    r"|CREATE (UNIQUE )?INDEX IF NOT EXISTS "
    r"|ALTER TABLE \w+\s+((ADD|MODIFY|DROP|CHANGE)\b[^,]*\bIF (NOT )?EXISTS\b[^,]*,?\s*)+$"
    r"|UPDATE ",
    re.DOTALL,
)
_TABLES = {
    each.split()[5] for each in _STATEMENTS if each.startswith("CREATE TABLE IF")
}


def _change(number: int, *statements: str) -> Change:
    return Change(number=number, name=f"change-{number}", statements=statements)


def test_every_statement_may_be_run_again() -> None:
    """Replicas may run them at the same time: each adds only what is not there."""
    assert len(_STATEMENTS) > 25
    assert [each for each in _STATEMENTS if not _REPEATABLE.match(each)] == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE x (id INT)",
        "ALTER TABLE obs ADD COLUMN x INT",
        "ALTER TABLE obs ADD COLUMN IF NOT EXISTS x INT, ADD COLUMN y INT",
        "INSERT INTO obs VALUES (1)",
        "DROP TABLE obs",
    ],
)
def test_what_may_not_be_run_again_is_noticed(statement: str) -> None:
    """The rule above turns red for statements that fail, or repeat, the second time."""
    assert not _REPEATABLE.match(statement)


def test_added_columns_pass_the_rule() -> None:
    """It is not a rule that nothing passes but new tables."""
    assert _REPEATABLE.match("ALTER TABLE obs ADD COLUMN IF NOT EXISTS x INT")


def test_every_table_suits_galera() -> None:
    """Galera needs InnoDB and a primary key."""
    for statement in _STATEMENTS:
        if statement.startswith("CREATE TABLE"):
            assert "PRIMARY KEY" in statement
            assert "ENGINE=InnoDB" in statement


def test_files_are_numbered_without_gap() -> None:
    """The first is 0001 and each number is there once: order is what the name says."""
    numbers = [change.number for change in changes.changes()]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", ["2-x.sql", "0002_x.sql", "0002-X.sql", "0002-x.txt"])
def test_misnamed_file_is_refused(name: str) -> None:
    """A file whose place in the order cannot be read is no migration left out."""
    with pytest.raises(SchemaRefusedError, match=re.escape(name)):
        changes.parse(name, "")


def test_digest_is_of_what_is_said() -> None:
    """Comments and blanks may be improved; a word of a statement may not."""
    first, same, other = (
        changes.parse("0001-x.sql", text)
        for text in ("-- a\nSELECT 1;\n", "SELECT\n  1;\n-- b\n", "SELECT 2;")
    )
    assert first.digest == same.digest != other.digest
    assert first.statements == ("SELECT 1",)


def test_what_a_database_lacks_is_made_in_order() -> None:
    """A new database gets all, an older dump the rest, an equal one nothing."""
    one, two = _change(1, "a"), _change(2, "b")
    assert changes.pending((one, two), {}) == (one, two)
    assert changes.pending((one, two), {1: one.digest}) == (two,)
    assert changes.pending((one, two), {1: one.digest, 2: two.digest}) == ()


def test_database_of_a_newer_program_is_refused() -> None:
    """An old program must not write into a schema it does not know."""
    one = _change(1, "a")
    with pytest.raises(SchemaRefusedError, match=r"0002.*at least as new"):
        changes.pending((one,), {1: one.digest, 2: "x"})


def test_changed_file_is_refused_with_every_other_problem() -> None:
    """An edited migration and one put in between are named at once, with what to do."""
    ours = _change(1, "a"), _change(2, "b"), _change(3, "c")
    theirs = {1: "another", 3: ours[2].digest}
    with pytest.raises(SchemaRefusedError) as caught:
        changes.pending(ours, theirs)
    assert "0001-change-1: the database had another text" in str(caught.value)
    assert "0002-change-2 comes before 0003" in str(caught.value)


def test_rows_have_tables_and_distinct_keys() -> None:
    """Each row of the metadata goes into a table there is, under a key of its own."""
    keys = []
    for table, row in seed.rows("x"):
        assert table in _TABLES
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
