"""Integrity: a sound database offends nowhere, and each planted defect is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from reprise_platform.alone.mariadb import USER, MariaDB
from reprise_platform.integrity import __main__ as command
from reprise_platform.integrity import checks, foreign
from reprise_platform.integrity.contents import contents
from reprise_platform.integrity.presence import KINDS, missing, torn_encounters
from reprise_platform.integrity.questions import Check, Finding, ask, rows
from reprise_platform.standin.demo.seeding import Wanted, seed
from tests.platform import databases

_NAME = "integrity"
_BY_NAME = {check.name: check for check in checks.CHECKS}
_ONE = "(SELECT MIN(patient_id) FROM patient)"
_OTHER = "(SELECT MAX(patient_id) FROM patient)"
_THRESHOLD = "(SELECT * FROM (SELECT MIN(obs_id) FROM obs WHERE obs_group_id > 0) x)"
_VOIDED = "voided_by=1, date_voided=NOW()"
_COPIED = (
    "person_id, concept_id, obs_datetime, value_numeric, creator, date_created, voided, "
    "previous_version, uuid"
)


def _copy(previous: str, uuid: str, *, concept: str = "concept_id") -> str:
    """Return a statement that writes an observation as the successor of another."""
    return (
        f"INSERT INTO obs ({_COPIED}) SELECT person_id, {concept}, obs_datetime, 5, 1, "
        f"date_created, 0, {previous}, '{uuid}' FROM obs WHERE obs_id={_THRESHOLD}"
    )


_VOID_THRESHOLD = (
    f"UPDATE obs SET voided=1, voided_by=1, date_voided=NOW() WHERE obs_id={_THRESHOLD}"
)
_DEFECTS: dict[str, tuple[str, ...]] = {
    "patient-without-person": (f"DELETE FROM person WHERE person_id={_ONE}",),
    "patient-without-identifier": (
        f"DELETE FROM patient_identifier WHERE patient_id={_ONE}",
    ),
    "patient-without-name": (
        f"UPDATE person_name SET voided=1, {_VOIDED} WHERE person_id={_ONE}",
    ),
    "duplicate-identifier": (
        f"SET @n = (SELECT identifier FROM patient_identifier WHERE patient_id={_ONE})",
        f"UPDATE patient_identifier SET identifier=@n WHERE patient_id={_OTHER}",
    ),
    "identifier-to-be-given-again": (
        "UPDATE idgen_seq_id_gen SET next_sequence_value=next_sequence_value-1",
    ),
    "live-part-of-voided-patient": (
        f"UPDATE patient SET voided=1, {_VOIDED} WHERE patient_id={_ONE}",
    ),
    "two-open-visits": (
        f"SET @p = {_ONE}",
        "UPDATE visit SET date_stopped=NULL, patient_id=@p",
    ),
    "visit-ends-before-it-starts": (
        "UPDATE visit SET date_stopped=date_started - INTERVAL 1 SECOND LIMIT 1",
    ),
    "encounter-in-another-patients-visit": (
        f"UPDATE encounter SET patient_id={_ONE} WHERE patient_id={_OTHER}",
    ),
    "obs-of-another-patient": (
        f"SET @p = {_OTHER}",
        f"UPDATE obs SET person_id=@p WHERE obs_id={_THRESHOLD}",
    ),
    "live-obs-in-voided-encounter": (
        "UPDATE encounter SET voided=1, voided_by=1, date_voided=NOW() LIMIT 1",
    ),
    "torn-group": (
        "SET @g = (SELECT MIN(obs_group_id) FROM obs)",
        "DELETE FROM obs WHERE obs_group_id=@g",
    ),
    "obs-without-value": (
        f"UPDATE obs SET value_numeric=NULL WHERE obs_id={_THRESHOLD}",
    ),
    "obs-out-of-range": (
        f"UPDATE obs SET value_numeric=500 WHERE obs_id={_THRESHOLD}",
    ),
    "obs-version-chain": (_copy("obs_id", "replaces-a-live-one"),),
    "obs-replaced-twice": (
        _VOID_THRESHOLD,
        _copy("obs_id", "one"),
        _copy("obs_id", "two"),
    ),
    "void-without-date": ("UPDATE visit SET voided=1 LIMIT 1",),
}


@pytest.fixture(scope="module")
def sound(mariadb: MariaDB) -> str:
    """Return the dump of a database with some patients and their audiograms."""
    databases.migrated(mariadb, _NAME)
    with mariadb.connect(_NAME) as connection:
        connection.autocommit(False)  # noqa: FBT003 - PyMySQL's own signature
        seed(connection, Wanted(patients=12, seed=1))
    return mariadb.dump(_NAME)


@pytest.fixture
def connection(mariadb: MariaDB, sound: str) -> Iterator[Connection[Cursor]]:
    """Return a connection to a sound database; what is changed on it is undone."""
    with mariadb.connect(_NAME) as made:
        made.autocommit(False)  # noqa: FBT003 - PyMySQL's own signature
        with made.cursor() as cursor:
            cursor.execute("SET foreign_key_checks = 0")
        yield made
        made.rollback()


def _every(connection: Connection[Cursor]) -> dict[str, Finding]:
    every = (*checks.CHECKS, *foreign.checks(connection))
    return {finding.check: finding for finding in ask(connection, every)}


def test_names_are_distinct_and_every_check_has_its_defect() -> None:
    """No check is there that was not seen red."""
    assert len(_BY_NAME) == len(checks.CHECKS)
    assert _DEFECTS.keys() | {"duplicate-uuid"} == _BY_NAME.keys()


def test_sound_database_offends_nowhere(connection: Connection[Cursor]) -> None:
    """Each question arises and finds nothing, the foreign keys of every table included."""
    found = _every(connection)
    assert [each for each in found.values() if not each.is_sound] == []
    assert all(each.offences == 0 for each in found.values())
    assert "orphan:obs.person_obs" in found
    assert sum(name.startswith("orphan:") for name in found) > 50


@pytest.mark.parametrize("name", _DEFECTS)
def test_planted_defect_is_found(connection: Connection[Cursor], name: str) -> None:
    """The check of that name turns red, and names what offends."""
    with connection.cursor() as cursor:
        changed = [cursor.execute(statement) for statement in _DEFECTS[name]]
    assert changed[-1] > 0
    (finding,) = ask(connection, [_BY_NAME[name]])
    assert finding.offences
    assert not finding.is_sound
    assert 1 <= len(finding.examples) <= 5


def test_row_that_is_there_twice_is_found(mariadb: MariaDB, sound: str) -> None:
    """Where an index was lost, two rows of one uuid are found all the same."""
    mariadb.create(f"{_NAME}_twice")
    mariadb.load(f"{_NAME}_twice", sound)
    with mariadb.connect(f"{_NAME}_twice") as connection:
        rows(connection, "ALTER TABLE visit DROP INDEX uuid")
        rows(connection, "UPDATE visit SET uuid='the-same' LIMIT 2")
        (finding,) = ask(connection, [_BY_NAME["duplicate-uuid"]])
    assert finding.examples == ("visit the-same",)


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("DELETE FROM location", "orphan:visit.visit_location"),
        ("DELETE FROM encounter", "orphan:obs.encounter_observations"),
        ("DELETE FROM visit", "orphan:encounter.encounter_visit"),
        ("DELETE FROM concept", "orphan:obs.obs_concept"),
        (
            "UPDATE obs SET obs_group_id=1 WHERE obs_group_id>0",
            "orphan:obs.obs_grouping_id",
        ),
    ],
)
def test_key_that_points_nowhere_is_found(
    connection: Connection[Cursor], statement: str, check: str
) -> None:
    """What a load without checks may leave is found by the database's own keys."""
    rows(connection, statement)
    found = _every(connection)
    assert found[check].offences, sorted(n for n in found if not found[n].is_sound)


def test_question_of_a_module_that_is_not_there(connection: Connection[Cursor]) -> None:
    """Without its tables a question does not arise: not sound, not unsound, not asked."""
    check = Check(name="x", says="x", sql="SELECT 1 FROM nowhere", needs=("nowhere",))
    (finding,) = ask(connection, [check])
    assert finding.offences is None
    assert finding.is_sound


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (
            "UPDATE person SET birthdate='1950-01-01' ORDER BY person_id DESC LIMIT 1",
            "patient",
        ),
        ("UPDATE person_name SET given_name='Autre' LIMIT 1", "name"),
        ("UPDATE patient_identifier SET identifier='X' LIMIT 1", "identifier"),
        ("UPDATE visit SET date_stopped=NULL LIMIT 1", "visit"),
        ("DELETE FROM encounter LIMIT 1", "encounter"),
        (f"UPDATE obs SET value_numeric=-5 WHERE obs_id={_THRESHOLD}", "observation"),
    ],
)
def test_content_that_changed_has_another_digest(
    connection: Connection[Cursor], statement: str, kind: str
) -> None:
    """One field of one row changes its kind's digest."""
    before = {each.kind: each for each in contents(connection)}
    rows(connection, statement)
    after = {each.kind: each for each in contents(connection)}
    assert after[kind].digest != before[kind].digest


def test_keys_and_dates_of_creation_are_no_content(
    connection: Connection[Cursor],
) -> None:
    """A restore may give other keys: what was said by whom of whom is what counts."""
    before = contents(connection)
    rows(connection, "UPDATE visit SET visit_id=visit_id+100000, date_created=NOW()")
    rows(connection, "UPDATE encounter SET visit_id=visit_id+100000, creator=2")
    assert contents(connection) == before


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_ledger_names_is_looked_for(
    connection: Connection[Cursor], kind: str
) -> None:
    """Those that are there are not lost, the one that never was is."""
    table, key = {
        "patient": (
            "person WHERE person_id IN (SELECT patient_id FROM patient)",
            "uuid",
        ),
        "visit": ("visit", "uuid"),
        "encounter": ("encounter", "uuid"),
        "observation": ("obs", "uuid"),
    }[kind]
    there = [str(row[0]) for row in rows(connection, f"SELECT {key} FROM {table}")]
    assert there
    assert missing(connection, kind, there) == ()
    assert missing(connection, kind, [there[0], "lost", *there]) == ("lost",)


def test_encounter_that_came_apart_is_found(connection: Connection[Cursor]) -> None:
    """One observation fewer than was sent: the transaction was cut. Edits do not count."""
    sql = "SELECT e.uuid, COUNT(*) FROM encounter e JOIN obs USING (encounter_id) "
    sent = {str(u): int(n) for u, n in rows(connection, f"{sql} GROUP BY e.uuid")}
    assert torn_encounters(connection, sent) == {}
    rows(connection, _VOID_THRESHOLD)
    rows(connection, _copy("obs_id", "edited"))
    assert torn_encounters(connection, sent) == {}
    where = (
        f"WHERE e.encounter_id=(SELECT encounter_id FROM obs WHERE obs_id={_THRESHOLD})"
    )
    cut = str(rows(connection, f"SELECT e.uuid FROM encounter e {where}")[0][0])
    rows(connection, f"DELETE FROM obs WHERE obs_id={_THRESHOLD}")
    assert torn_encounters(connection, sent | {"lost": 3}) == {cut: sent[cut] - 1}


def test_command_tells_and_ends_accordingly(
    mariadb: MariaDB,
    sound: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """0 and digests of a sound one, 1 and the offence of another, 2 of one not reached."""
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({"username": USER, "password": mariadb.password}))
    where = ["--host", mariadb.host, "--credentials", str(file), "--database", _NAME]
    port = ["--port", str(mariadb.port)]
    assert command.main([*where, *port]) == 0
    assert "observation: " in capsys.readouterr().out
    broken = f"{_NAME}_broken"
    mariadb.create(broken)
    mariadb.load(broken, sound)
    mariadb.sql("UPDATE visit SET voided=1 LIMIT 1", database=broken)
    assert command.main([*where[:-1], broken, *port]) == 1
    assert "void-without-date: not so that what is voided" in capsys.readouterr().out
    assert command.main([*where, "--port", "1"]) == 2
    assert "OperationalError" in capsys.readouterr().err
