"""Put demo data into a database, block by block, each one transaction.

What was begun is in a table of its own: the seed, how many, the keys that were reserved,
how many blocks are done. A block and its count are committed together, so a seeding that
was killed goes on after the last one. The keys are reserved first, by moving each table's
AUTO_INCREMENT past them: clinics may go on registering meanwhile.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable
from typing import Final

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER
from pymysql.cursors import Cursor

from reprise_platform import openmrs
from reprise_platform.standin import luhn
from reprise_platform.standin.demo import metadata
from reprise_platform.standin.demo.block import COLUMNS, NUMBER_LENGTH, PATIENTS, Block
from reprise_platform.standin.demo.layout import STRIDES, Layout
from reprise_platform.standin.demo.metadata import SeedingRefusedError

MOST: Final = 1_000_000
_TRIES = 8
# Rows that others write between the look at a table's next key and its reservation.
_MARGIN = 1_000
_TABLE = """CREATE TABLE IF NOT EXISTS standin_demo (
  id INT NOT NULL,
  seed BIGINT NOT NULL,
  patients INT NOT NULL,
  first_keys TEXT NOT NULL,
  first_number BIGINT NOT NULL,
  blocks INT NOT NULL,
  date_begun DATETIME NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"""
_STATE = "SELECT seed, patients, first_keys, first_number, blocks FROM standin_demo"
_NEXT_KEYS = """SELECT table_name, auto_increment FROM information_schema.tables
WHERE table_schema = DATABASE() AND auto_increment IS NOT NULL"""
_SEQUENCE = """SELECT s.id, s.next_sequence_value, s.first_identifier_base
FROM idgen_seq_id_gen s JOIN idgen_identifier_source g ON g.id = s.id
WHERE g.uuid = %s FOR UPDATE"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How many patients, drawn from which seed."""

    patients: int
    seed: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What one call did; `resumed` were there before it."""

    patients: int
    resumed: int
    rows: int
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    layout: Layout
    patients: int
    blocks: int


def seed(
    connection: Connection[Cursor],
    wanted: Wanted,
    tell: Callable[[int], None] | None = None,
) -> Seeded:
    """Seed the database a connection is in, from where an earlier call came to.

    Args:
        connection: made with `local_infile=True` and without `autocommit`.
        tell: called after each block with how many patients are there.

    Raises:
        SeedingRefusedError: it holds demo data already, other or the same and whole; or
            it is no database that can be seeded.
        pymysql.err.MySQLError: refused, or the connection is lost: call it again.
    """
    if not 1 <= wanted.patients <= MOST:
        msg = f"patients: must be from 1 to {MOST}"
        raise SeedingRefusedError(msg)
    begun_s = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION foreign_key_checks = 0")
        cursor.execute(_TABLE)
        known = metadata.find(cursor)
        state = _find(cursor, wanted) or _begin(connection, cursor, wanted)
    rows = 0
    resumed = min(state.blocks * PATIENTS, wanted.patients)
    blocks = -(-wanted.patients // PATIENTS)
    for number in range(state.blocks, blocks):
        first = number * PATIENTS
        count = min(PATIENTS, wanted.patients - first)
        block = Block(state.layout, known, first=first, count=count)
        rows += _write(connection, number, block)
        if tell is not None:
            tell(first + count)
    return Seeded(
        patients=wanted.patients - resumed,
        resumed=resumed,
        rows=rows,
        seconds=time.monotonic() - begun_s,
    )


def _find(cursor: Cursor, wanted: Wanted) -> _State | None:
    """Return what was begun here.

    Raises:
        SeedingRefusedError: it is something else, or whole.
    """
    cursor.execute(_STATE)
    row = cursor.fetchone()
    if row is None:
        return None
    was = Wanted(patients=int(row[1]), seed=int(row[0]))
    if was != wanted:
        msg = (
            f"this database holds demo data of {was.patients} patients, seed {was.seed}: "
            "another needs a database of its own"
        )
        raise SeedingRefusedError(msg)
    if int(row[4]) * PATIENTS >= wanted.patients:
        msg = f"this database holds those {was.patients} patients already"
        raise SeedingRefusedError(msg)
    layout = Layout(seed=was.seed, firsts=json.loads(row[2]), first_number=int(row[3]))
    return _State(layout=layout, patients=was.patients, blocks=int(row[4]))


def _begin(connection: Connection[Cursor], cursor: Cursor, wanted: Wanted) -> _State:
    """Reserve keys and patient numbers, and write down which."""
    cursor.execute(_NEXT_KEYS)
    next_keys = {str(row[0]): int(row[1]) for row in cursor.fetchall()}
    firsts = {table: next_keys[table] + _MARGIN for table in STRIDES}
    for table, stride in STRIDES.items():
        after = firsts[table] + wanted.patients * stride
        cursor.execute(f"ALTER TABLE {table} AUTO_INCREMENT = {after}")
    cursor.execute(_SEQUENCE, (openmrs.IDENTIFIER_SOURCE,))
    row = cursor.fetchone()
    if row is None:
        connection.rollback()
        msg = "the database has no source of patient numbers (idgen)"
        raise SeedingRefusedError(msg)
    source, following, base = row
    first_number = max(int(following), luhn.decode(base[:NUMBER_LENGTH]))
    cursor.execute(
        "UPDATE idgen_seq_id_gen SET next_sequence_value = %s WHERE id = %s",
        (first_number + wanted.patients, source),
    )
    cursor.execute(
        "INSERT INTO standin_demo VALUES (1, %s, %s, %s, %s, 0, UTC_TIMESTAMP())",
        (wanted.seed, wanted.patients, json.dumps(firsts), first_number),
    )
    connection.commit()
    layout = Layout(seed=wanted.seed, firsts=firsts, first_number=first_number)
    return _State(layout=layout, patients=wanted.patients, blocks=0)


def _write(connection: Connection[Cursor], number: int, block: Block) -> int:
    """Commit a block, all of it or nothing; return how many rows it has.

    A block that another member's write made Galera undo is written again.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            with connection.cursor() as cursor:
                sql = "UPDATE standin_demo SET blocks = %s WHERE id = 1 AND blocks = %s"
                if cursor.execute(sql, (number + 1, number)) != 1:
                    connection.rollback()
                    msg = "another seeding works on this database: let it end"
                    raise SeedingRefusedError(msg)
                rows = sum(
                    _load(cursor, table, block.lines[table]) for table in COLUMNS
                )
            connection.commit()
        except pymysql.err.OperationalError as error:
            if error.args[0] != ER.LOCK_DEADLOCK or attempt == _TRIES:
                raise
            connection.rollback()
        else:
            return rows
    raise AssertionError  # the last try returns or raises


def _load(cursor: Cursor, table: str, lines: list[str]) -> int:
    """Hand the server a table's rows as a file that is in memory alone."""
    if not lines:
        return 0
    handle = os.memfd_create(table)
    try:
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.writelines(line.encode() for line in lines)
        loaded = cursor.execute(
            f"LOAD DATA LOCAL INFILE '/proc/self/fd/{handle}' INTO TABLE {table} "
            f"CHARACTER SET utf8mb4 ({COLUMNS[table]})"
        )
    finally:
        os.close(handle)
    # With LOCAL, what cannot be stored as it is becomes a warning.
    if loaded != len(lines) or cursor.warning_count:
        cursor.execute("SHOW WARNINGS")
        msg = f"{table}: {loaded} of {len(lines)} rows taken; {cursor.fetchmany(3)}"
        raise SeedingRefusedError(msg)
    return loaded
