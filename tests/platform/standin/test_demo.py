"""Demo data: people who cannot exist, the same for a seed, put in whole or gone on with."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pymysql
import pytest
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from reprise_platform import openmrs
from reprise_platform.alone.mariadb import MariaDB
from reprise_platform.integrity import checks, foreign
from reprise_platform.integrity.contents import contents
from reprise_platform.integrity.questions import ask
from reprise_platform.standin import luhn
from reprise_platform.standin.demo import block, names
from reprise_platform.standin.demo.layout import STRIDES, Layout
from reprise_platform.standin.demo.metadata import Metadata, SeedingRefusedError
from reprise_platform.standin.demo.seeding import Wanted, seed
from reprise_platform.waiting import until
from tests.platform import databases

_NAME = "demo"
_KNOWN = Metadata(
    user=1,
    provider=1,
    role=2,
    identifier_type=3,
    phone=8,
    visit_type=1,
    vitals=1,
    audiogram=3,
    places=(11, 12),
    pulse=1,
    systolic=2,
    diastolic=3,
    ears=tuple(
        (place, tuple((hertz, 10 * place + number) for number, hertz in enumerate(ear)))
        for place, ear in enumerate(openmrs.THRESHOLDS.values(), start=100)
    ),
)
_LAYOUT = Layout(seed=7, firsts=dict.fromkeys(STRIDES, 1000), first_number=24_300_000)


def _block(first: int, count: int, layout: Layout = _LAYOUT) -> block.Block:
    return block.Block(layout, _KNOWN, first=first, count=count)


@pytest.fixture(scope="module")
def migrated(mariadb: MariaDB) -> str:
    """Return the dump of a new database."""
    databases.migrated(mariadb, _NAME)
    return mariadb.dump(_NAME)


@pytest.fixture
def connection(mariadb: MariaDB, migrated: str) -> Iterator[Connection[Cursor]]:
    """Return a connection to a new database."""
    mariadb.create(_NAME)
    mariadb.load(_NAME, migrated)
    with mariadb.connect(_NAME) as made:
        made.autocommit(False)  # noqa: FBT003 - PyMySQL's own signature
        yield made


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few patients make several blocks."""
    monkeypatch.setattr("reprise_platform.standin.demo.seeding.PATIENTS", 20)


def test_people_cannot_be_real() -> None:
    """Names bear the mark, telephones are fiction's, the town is nowhere; no NIR at all."""
    lines = _block(0, 300).lines
    assert all(f"-{names.MARK}\t" in line for line in lines["person_name"])
    assert all(
        line.split("\t")[2].startswith(names.FICTION_PREFIXES)
        for line in lines["person_attribute"]
    )
    assert all("\tVille-Exercice\t00000\t" in each for each in lines["person_address"])
    assert all(
        luhn.is_valid(line.split("\t")[2]) for line in lines["patient_identifier"]
    )
    everything = "".join("".join(rows) for rows in lines.values())
    assert not re.search(r"(?<!\d)[12]\d{12}(?:\d{2})?(?!\d)", everything)


def test_same_seed_same_block() -> None:
    """A block made again is equal, another seed's is not; neither depends on the others."""
    assert _block(500, 50).lines == _block(500, 50).lines
    other = Layout(seed=8, firsts=_LAYOUT.firsts, first_number=_LAYOUT.first_number)
    assert _block(500, 50).lines != _block(500, 50, other).lines


def test_keys_and_uuids_ascend_and_differ() -> None:
    """Each table's rows come in the order of its keys and of its uuids, none twice."""
    lines = _block(0, 200).lines
    uuids: set[str] = set()
    for table, rows in lines.items():
        if table == "patient":
            continue
        keys = [int(row.split("\t")[0]) for row in rows]
        own = [row.rstrip("\n").split("\t")[-1] for row in rows]
        assert keys == sorted(set(keys))
        assert own == sorted(set(own))
        assert not uuids & set(own)
        uuids |= set(own)
        assert len(keys) >= 200


def test_neighbours_keep_to_their_own_keys() -> None:
    """The last patient of a block and the first of the next do not share a key."""
    for table, rows in _block(0, 500).lines.items():
        following = _block(500, 1).lines[table]
        assert int(rows[-1].split("\t")[0]) < int(following[0].split("\t")[0])


def test_seeded_database_is_sound(
    connection: Connection[Cursor], small_blocks: None
) -> None:
    """Every question of integrity is answered well, every foreign key points somewhere."""
    told: list[int] = []
    done = seed(connection, Wanted(patients=70, seed=7), told.append)
    assert (done.patients, done.resumed) == (70, 0)
    assert told == [20, 40, 60, 70]
    every = (*checks.CHECKS, *foreign.checks(connection))
    assert [each for each in ask(connection, every) if not each.is_sound] == []
    counts = {kind.kind: kind.rows for kind in contents(connection)}
    assert counts["patient"] == counts["identifier"] == 70
    assert counts["observation"] > 70 * 24


def test_same_seed_gives_the_same_database(
    mariadb: MariaDB, migrated: str, connection: Connection[Cursor]
) -> None:
    """Two databases of one seed hold the same, though the second gave keys out before."""
    seed(connection, Wanted(patients=40, seed=3))
    first = contents(connection)
    connection.rollback()
    mariadb.create(_NAME)
    mariadb.load(_NAME, migrated)
    with mariadb.connect(_NAME) as other:
        other.autocommit(False)  # noqa: FBT003 - PyMySQL's own signature
        with other.cursor() as cursor:
            cursor.execute("ALTER TABLE obs AUTO_INCREMENT = 5000000")
        seed(other, Wanted(patients=40, seed=3))
        second = contents(other)
    assert second == first


class _Killed(Exception):  # noqa: N818 - what a killed process would be
    """The seeding was killed."""


def test_killed_seeding_goes_on(
    connection: Connection[Cursor], small_blocks: None
) -> None:
    """Cut after a block, it goes on with the next and ends as an uncut one does."""
    wanted = Wanted(patients=50, seed=5)

    def die(done: int) -> None:
        raise _Killed

    with pytest.raises(_Killed):
        seed(connection, wanted, die)
    connection.rollback()
    done = seed(connection, wanted)
    assert (done.resumed, done.patients) == (20, 30)
    assert contents(connection)[0].rows == 50


def test_half_a_block_is_nothing(
    connection: Connection[Cursor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut within a block, none of it stays and it is written again."""
    wanted = Wanted(patients=30, seed=5)
    broken = block.Block(_LAYOUT, _KNOWN, first=0, count=1)
    broken.lines["obs"] = ["not a row\n"]
    with monkeypatch.context() as patched:
        target = "reprise_platform.standin.demo.seeding.Block"
        patched.setattr(target, lambda *_, **__: broken)
        with pytest.raises((SeedingRefusedError, pymysql.err.MySQLError)):
            seed(connection, wanted)
    connection.rollback()
    assert contents(connection)[0].rows == 0
    assert seed(connection, wanted).patients == 30


@pytest.mark.parametrize(
    ("again", "match"),
    [
        (Wanted(patients=30, seed=5), "holds those 30 patients already"),
        (Wanted(patients=40, seed=5), "holds demo data of 30 patients, seed 5"),
        (Wanted(patients=30, seed=6), "holds demo data of 30 patients, seed 5"),
        (Wanted(patients=0, seed=6), "from 1 to 1000000"),
    ],
)
def test_database_that_holds_demo_data_is_refused(
    connection: Connection[Cursor], again: Wanted, match: str
) -> None:
    """The same again, more of it, or another seed: nothing is added, and it says why."""
    seed(connection, Wanted(patients=30, seed=5))
    before = contents(connection)
    with pytest.raises(SeedingRefusedError, match=match):
        seed(connection, again)
    assert contents(connection) == before


def test_database_without_audiology_is_named(connection: Connection[Cursor]) -> None:
    """On an OpenMRS without our concepts, all that is missing is said at once."""
    with connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        cursor.execute("DELETE FROM concept WHERE concept_id > 200000")
        cursor.execute("DELETE FROM encounter_type")
    with pytest.raises(SeedingRefusedError) as caught:
        seed(connection, Wanted(patients=1, seed=1))
    assert openmrs.AUDIOGRAM in str(caught.value)
    assert openmrs.THRESHOLDS["left"][1000] in str(caught.value)


def test_clinics_go_on_registering(
    connection: Connection[Cursor], small_blocks: None
) -> None:
    """A row that a clinic adds during the seeding takes no key that was reserved."""
    keys: list[int] = []

    def register(done: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO person (date_created, uuid) VALUES (UTC_TIMESTAMP(), UUID())"
            )
            keys.append(cursor.lastrowid)
        connection.commit()

    seed(connection, Wanted(patients=41, seed=2), register)
    assert len(keys) == 3
    assert contents(connection)[0].rows == 41


def test_command_survives_a_kill(mariadb: MariaDB, migrated: str) -> None:
    """Killed by SIGKILL and started again, the command ends; a third time it refuses."""
    mariadb.create(_NAME)
    mariadb.load(_NAME, migrated)
    environment = {**os.environ, **databases.environment(mariadb, _NAME)}
    module = (
        "-m",
        "reprise_platform.standin",
        "seed",
        "--patients",
        "700",
        "--seed",
        "9",
    )

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *module],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def is_begun() -> bool:
        sql = "SHOW TABLES FROM demo LIKE 'standin_demo'"
        return first.poll() is not None or bool(mariadb.sql(sql))

    first = start()
    until(is_begun, within_s=60, every_s=0.01, what="the seeding to begin")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    output, _ = start().communicate()
    assert "patients put in" in output
    last = start()
    output, _ = last.communicate()
    assert last.returncode == 1
    assert "already" in output
    (count,) = mariadb.sql("SELECT COUNT(*) FROM patient", database=_NAME)
    assert count == (700,)
