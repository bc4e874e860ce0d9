"""Migrations on a real MariaDB: many at once, cut anywhere, older and newer databases."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pymysql
import pytest

from reprise_platform.alone.mariadb import USER, MariaDB
from reprise_platform.standin import changes, migrate, server
from reprise_platform.standin.changes import Change, SchemaRefusedError
from reprise_platform.standin.database import Database, Session
from reprise_platform.standin.lease import Lease, TakenError
from reprise_platform.standin.settings import Settings, read_settings

_NAME = "migrating"
_PASSWORD = "a-password"
_OURS = changes.changes()
_NEXT = Change(
    number=len(_OURS) + 1,
    name="next",
    statements=(
        "CREATE TABLE IF NOT EXISTS next (id INT PRIMARY KEY) ENGINE=InnoDB",
        "ALTER TABLE next ADD COLUMN IF NOT EXISTS word VARCHAR(9)",
    ),
)


@pytest.fixture
def settings(mariadb: MariaDB) -> Settings:
    """Return a replica's settings, its database new and empty."""
    mariadb.create(_NAME)
    return read_settings(
        {
            "OMRS_DB_HOSTNAME": mariadb.host,
            "OMRS_DB_PORT": str(mariadb.port),
            "OMRS_DB_NAME": _NAME,
            "OMRS_DB_USERNAME": USER,
            "OMRS_DB_PASSWORD": mariadb.password,
            "OMRS_ADMIN_USER_PASSWORD": _PASSWORD,
            "STANDIN_DB_WAIT_S": "60",
        }
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """Return that database, empty."""
    made, pool = server.open_database(settings)
    yield made
    pool.close()


@pytest.fixture
def tables(mariadb: MariaDB, database: Database) -> Callable[[], set[str]]:
    """Return what lists the tables there are."""
    sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
    return lambda: {row[0] for row in mariadb.sql(sql, _NAME)}


def _numbers(mariadb: MariaDB) -> list[int]:
    sql = "SELECT number FROM standin_migration ORDER BY number"
    return [row[0] for row in mariadb.sql(sql, database=_NAME)]


def test_second_run_has_nothing_to_do(mariadb: MariaDB, database: Database) -> None:
    """Each file is recorded with its digest; a restart changes nothing."""
    assert migrate.migrate(database, _PASSWORD) is True
    before = mariadb.dump(_NAME)
    assert _numbers(mariadb) == [change.number for change in _OURS]
    assert migrate.migrate(database, _PASSWORD) is False
    # The time of the dump, its last line, aside.
    assert mariadb.dump(_NAME).splitlines()[:-1] == before.splitlines()[:-1]


def test_many_replicas_start_at_once(mariadb: MariaDB, settings: Settings) -> None:
    """Six start on an empty database: all come up, each file was recorded once."""

    def start() -> None:
        database, pool = server.open_database(settings)
        server.migrate_when_there(database, settings, threading.Event())
        pool.close()

    with ThreadPoolExecutor(6) as replicas:
        for each in [replicas.submit(start) for _ in range(6)]:
            each.result()
    assert _numbers(mariadb) == [change.number for change in _OURS]
    count = "SELECT COUNT(*) FROM users"
    assert mariadb.sql(count, database=_NAME) == [(1,)]


def test_lease_keeps_others_out_until_it_ends(
    mariadb: MariaDB, database: Database
) -> None:
    """One holds it and renews it; the next comes in when it ends, or is given back."""
    first, second = Lease(database, me="first"), Lease(database, me="second")
    first.take()
    first.take()
    with pytest.raises(TakenError):
        second.take()
    # Its holder died, and nobody renewed it.
    past = (
        "UPDATE standin_migration_lease SET ends = UTC_TIMESTAMP() - INTERVAL 1 SECOND"
    )
    mariadb.sql(past, database=_NAME)
    second.take()
    with pytest.raises(TakenError):
        first.take()
    second.give_back()
    first.take()


class _Cut(Exception):  # noqa: N818 - what a killed process would be
    """The replica was killed."""


class _Killed(Database):
    """A database whose client dies before its nth write."""

    def __init__(self, inner: Database, writes: int) -> None:
        super().__init__(inner._pool)
        self._left = writes

    def write[T](self, work: Callable[[Session], T]) -> T:
        """Count, and die."""
        self._left -= 1
        if self._left < 0:
            raise _Cut
        return super().write(work)


@pytest.mark.parametrize("writes", [1, 4, 9, 60, 150])
def test_cut_anywhere_it_is_finished_by_the_next(
    database: Database, mariadb: MariaDB, writes: int
) -> None:
    """Killed after any number of writes, the next one ends where a whole one does."""
    with pytest.raises(_Cut):
        migrate.migrate(_Killed(database, writes), _PASSWORD)
    assert migrate.migrate(database, _PASSWORD) is True
    assert migrate.migrate(database, _PASSWORD) is False
    assert _numbers(mariadb) == [change.number for change in _OURS]


def test_older_dump_is_brought_forward(
    mariadb: MariaDB, database: Database, tables: Callable[[], set[str]]
) -> None:
    """A dump from before a migration, loaded, gets it; what it held stays."""
    migrate.migrate(database, _PASSWORD)
    older = mariadb.dump(_NAME)
    newer = (*_OURS, _NEXT)
    migrate.migrate(database, _PASSWORD, known=newer)
    mariadb.create(_NAME)
    mariadb.load(_NAME, older)
    assert "next" not in tables()
    assert migrate.migrate(database, "another", known=newer) is True
    assert "next" in tables()
    assert not migrate.admin_password_differs(database, _PASSWORD)
    mariadb.sql("INSERT INTO next VALUES (1, 'word')", database=_NAME)


def test_dump_from_before_migrations_were_numbered(
    mariadb: MariaDB, database: Database
) -> None:
    """Its tables are there and no number is: they stay as they are, and are recorded."""
    migrate.migrate(database, _PASSWORD)
    mariadb.sql("DROP TABLE standin_migration, standin_migration_lease", database=_NAME)
    mariadb.sql("DELETE FROM global_property", database=_NAME)
    assert migrate.migrate(database, _PASSWORD) is True
    assert _numbers(mariadb) == [change.number for change in _OURS]


def test_newer_database_stops_the_start(
    database: Database, settings: Settings, mariadb: MariaDB
) -> None:
    """A program older than the database says so and ends, and writes nothing."""
    migrate.migrate(database, _PASSWORD, known=(*_OURS, _NEXT))
    before = mariadb.dump(_NAME).splitlines()[:-1]
    with pytest.raises(server.StartError, match="at least as new"):
        server.migrate_when_there(database, settings, threading.Event())
    assert mariadb.dump(_NAME).splitlines()[:-1] == before


def test_edited_migration_is_refused(database: Database) -> None:
    """A file changed after it was run is named."""
    migrate.migrate(database, _PASSWORD)
    edited = dataclasses.replace(_OURS[0], statements=("SELECT 1",))
    with pytest.raises(SchemaRefusedError, match=r"0001.*another text"):
        migrate.migrate(database, _PASSWORD, known=(edited, *_OURS[1:]))


def test_statement_that_fails_is_not_recorded(
    database: Database, mariadb: MariaDB
) -> None:
    """What did not run is not said to have run: the next start tries it again."""
    bad = Change(number=len(_OURS) + 1, name="bad", statements=("SELECT nothing",))
    with pytest.raises(pymysql.err.MySQLError):
        migrate.migrate(database, _PASSWORD, known=(*_OURS, bad))
    assert bad.number not in _numbers(mariadb)
