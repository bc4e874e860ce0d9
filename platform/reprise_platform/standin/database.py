"""Units of work: one transaction each, repeated only where that cannot do harm."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pymysql
from pymysql.constants import CR, ER
from pymysql.cursors import Cursor

from reprise_platform.standin.connection import Link
from reprise_platform.standin.pool import Pool

T = TypeVar("T")
Row = tuple[Any, ...]
Parameters = Sequence[object]

_log = logging.getLogger(__name__)
_TRIES = 10
_FIRST_PAUSE_S = 0.005
_LONGEST_PAUSE_S = 0.15
_WSREP_NOT_READY = ER.UNKNOWN_COM_ERROR
# The server says the whole transaction is undone: by a lock's deadlock, by another
# member's write that Galera ordered first, or by a snapshot that was overtaken.
_UNDONE_BY_SERVER = frozenset({ER.LOCK_DEADLOCK, ER.CHECKREAD})
_LOST = frozenset(
    {
        CR.CR_CONNECTION_ERROR,
        CR.CR_CONN_HOST_ERROR,
        CR.CR_SERVER_GONE_ERROR,
        CR.CR_SERVER_LOST,
        ER.CON_COUNT_ERROR,
        ER.SERVER_SHUTDOWN,
        ER.ACCESS_DENIED_ERROR,
        ER.DBACCESS_DENIED_ERROR,
        ER.BAD_DB_ERROR,
        _WSREP_NOT_READY,
        1927,  # connection killed
    }
)


class DatabaseUnavailableError(Exception):
    """The database does not answer; a write under way has an unknown outcome."""


class Session:
    """The statements of one transaction."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def rows(self, sql: str, *parameters: object) -> Sequence[Row]:
        """Return all rows of a query."""
        self._cursor.execute(sql, parameters or None)
        return self._cursor.fetchall()

    def row(self, sql: str, *parameters: object) -> Row | None:
        """Return the first row of a query, if any."""
        rows = self.rows(sql, *parameters)
        return rows[0] if rows else None

    def insert(self, table: str, values: dict[str, object]) -> int:
        """Insert one row and return its generated key (0 where there is none)."""
        self.insert_all(table, [values])
        return self._cursor.lastrowid

    def insert_all(self, table: str, rows: Sequence[dict[str, object]]) -> None:
        """Insert rows that name the same columns, in one statement."""
        columns = ", ".join(rows[0])
        marks = ", ".join(["%s"] * len(rows[0]))
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names are ours
        self._cursor.executemany(sql, [tuple(row.values()) for row in rows])

    def execute(self, sql: str, *parameters: object) -> int:
        """Run a statement and return the number of rows it changed."""
        return self._cursor.execute(sql, parameters or None)


class Database:
    """Runs units of work on pooled connections."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._never = threading.Event()

    def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction that changes nothing.

        One transaction a request: with Galera only its first query waits for the other
        members' acknowledged writes, and all of them see one moment.

        Raises:
            DatabaseUnavailableError: no answer.
        """
        return self._run(work, commit=False)

    def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` and commit, all or nothing.

        Raises:
            DatabaseUnavailableError: no answer; whether it was committed is unknown.
            pymysql.err.MySQLError: refused by the database (duplicate key, bad data).
        """
        return self._run(work, commit=True)

    def _run(self, work: Callable[[Session], T], *, commit: bool) -> T:
        for attempt in range(1, _TRIES + 1):
            try:
                return self._try(work, commit=commit)
            except pymysql.err.MySQLError as error:
                code = error.args[0] if error.args else 0
                if code in _UNDONE_BY_SERVER and attempt < _TRIES:
                    self._pause(attempt)
                    continue
                if _is_lost(error):
                    _log.warning("database unavailable: error %s", code)
                    msg = f"error {code}"
                    raise DatabaseUnavailableError(msg) from error
                raise
        raise AssertionError  # the last try returns or raises

    def _pause(self, attempt: int) -> None:
        """Let the others finish: at random, or rivals on three members meet again."""
        longest_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**attempt)
        self._never.wait(random.uniform(0, longest_s))  # noqa: S311 - no secret

    def _try(self, work: Callable[[Session], T], *, commit: bool) -> T:
        link = self._pool.take()
        try:
            with link.connection.cursor() as cursor:
                result = work(Session(cursor))
            if commit:
                link.connection.commit()
            else:
                link.connection.rollback()
        except pymysql.err.MySQLError as error:
            if _is_lost(error):
                self._pool.discard(link)
            else:
                self._undo(link)
            raise
        except BaseException:
            self._undo(link)
            raise
        self._pool.give_back(link)
        return result

    def _undo(self, link: Link) -> None:
        """End a failed transaction; its failure is what the caller must hear of."""
        try:
            link.connection.rollback()
        except (pymysql.err.MySQLError, OSError):
            self._pool.discard(link)
        else:
            self._pool.give_back(link)


def _is_lost(error: pymysql.err.MySQLError) -> bool:
    """Tell an absent database from one that refuses a statement."""
    if isinstance(error, pymysql.err.InterfaceError):
        return True
    return bool(error.args) and error.args[0] in _LOST
