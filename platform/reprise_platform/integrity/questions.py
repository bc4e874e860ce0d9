"""One question to a database, and its answer."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Sequence
from typing import Any

from pymysql.connections import Connection
from pymysql.cursors import Cursor

SHOWN = 5
"""How many offending rows an answer names."""

type Db = Connection[Cursor]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What must never be.

    Attributes:
        name: short and stable, as reports and tests call it.
        says: a sentence that is true of a sound database.
        sql: a query whose every row is an offence; the first column names it (a uuid
            where there is one), and says nothing of a person.
        needs: tables without which the question does not arise (a module's own).
    """

    name: str
    says: str
    sql: str
    needs: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A check's answer.

    Attributes:
        offences: how many rows offend; None where the question does not arise.
        examples: a few of them, in their order.
        seconds: what the question took.
    """

    check: str
    says: str
    offences: int | None
    examples: tuple[str, ...]
    seconds: float

    @property
    def is_sound(self) -> bool:
        """Whether nothing offends."""
        return not self.offences


def rows(connection: Db, sql: str, *parameters: object) -> Sequence[tuple[Any, ...]]:
    """Return a query's rows.

    Raises:
        pymysql.err.MySQLError: refused, or the connection is lost.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return list(cursor.fetchall())


def ask(connection: Db, checks: Iterable[Check]) -> tuple[Finding, ...]:
    """Ask all questions of the database a connection is in, at one moment of it.

    In the caller's transaction where one is open, which stays open; else in its own.

    Raises:
        pymysql.err.MySQLError: refused, or the connection is lost.
    """
    (is_open,) = rows(connection, "SELECT @@in_transaction")[0]
    if is_open:
        there = tables(connection)
        return tuple(_ask(connection, check, there) for check in checks)
    rows(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    rows(connection, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    try:
        there = tables(connection)
        return tuple(_ask(connection, check, there) for check in checks)
    finally:
        connection.rollback()


def tables(connection: Db) -> frozenset[str]:
    """Return the names of the tables there are."""
    sql = (
        "SELECT table_name FROM information_schema.tables WHERE table_schema=DATABASE()"
    )
    return frozenset(str(row[0]) for row in rows(connection, sql))


def _ask(connection: Db, check: Check, there: frozenset[str]) -> Finding:
    begun_s = time.monotonic()
    offences, examples = None, []
    if there.issuperset(check.needs):
        # The queries are ours, or made of the database's own names.
        counted = rows(connection, f"SELECT COUNT(*) FROM ({check.sql}) found")
        offences = int(counted[0][0])
        if offences:
            few = f"SELECT * FROM ({check.sql}) found ORDER BY 1 LIMIT {SHOWN}"
            examples = [str(row[0]) for row in rows(connection, few)]
    return Finding(
        check=check.name,
        says=check.says,
        offences=offences,
        examples=tuple(examples),
        seconds=time.monotonic() - begun_s,
    )
