"""Units of work: what is repeated, what is not, and which connections are kept."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Iterator
from typing import Self, cast

import pymysql
import pytest
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from reprise_platform.standin.connection import Link
from reprise_platform.standin.database import (
    Database,
    DatabaseUnavailableError,
    Session,
)
from reprise_platform.standin.pool import Pool

_DEADLOCK = pymysql.err.OperationalError(1213, "Deadlock")
_LOST = pymysql.err.OperationalError(2013, "Lost connection")


class FakeCursor:
    """A cursor of nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@dataclasses.dataclass(eq=False)
class FakeConnection:
    """Counts how its transactions ended."""

    commits: int = 0
    rollbacks: int = 0

    def cursor(self) -> FakeCursor:
        """Return a cursor."""
        return FakeCursor()

    def commit(self) -> None:
        """Count."""
        self.commits += 1

    def rollback(self) -> None:
        """Count."""
        self.rollbacks += 1

    def close(self) -> None:
        """Do nothing."""


class Server:
    """The other ends of the connections opened."""

    def __init__(self) -> None:
        self.connections: list[FakeConnection] = []
        self.peers: list[socket.socket] = []
        self.links: list[Link] = []
        self.refuses: Exception | None = None

    def connect(self) -> Link:
        """Open a connection."""
        if self.refuses:
            raise self.refuses
        ours, theirs = socket.socketpair()
        fake = FakeConnection()
        self.connections.append(fake)
        self.peers.append(theirs)
        self.links.append(
            Link(connection=cast("Connection[Cursor]", fake), socket=ours)
        )
        return self.links[-1]


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server; its sockets are closed at the end."""
    server = Server()
    yield server
    for peer in server.peers:
        peer.close()
    for link in server.links:
        link.close()


@pytest.fixture
def database(server: Server) -> Database:
    """Return a database over that server."""
    return Database(Pool(server.connect))


def _failing(*errors: Exception) -> Callable[[Session], str]:
    """Return work that fails with each of these and then succeeds."""
    left = list(errors)

    def work(_: Session) -> str:
        if left:
            raise left.pop(0)
        return "done"

    return work


def test_connection_is_reused(server: Server, database: Database) -> None:
    """Work after work uses one connection, whose transactions are ended."""
    assert database.read(_failing()) == "done"
    assert database.write(_failing()) == "done"
    (connection,) = server.connections
    assert (connection.commits, connection.rollbacks) == (1, 1)


def test_undone_transaction_is_repeated(server: Server, database: Database) -> None:
    """What Galera ordered second is run again, from its beginning, and committed once."""
    assert database.write(_failing(_DEADLOCK, _DEADLOCK)) == "done"
    (connection,) = server.connections
    assert (connection.commits, connection.rollbacks) == (1, 2)


def test_repeating_ends(database: Database) -> None:
    """A transaction that is always undone is given up, with the database's error."""
    with pytest.raises(pymysql.err.OperationalError):
        database.write(_failing(*[_DEADLOCK] * 50))


def test_lost_connection_is_not_repeated(server: Server, database: Database) -> None:
    """Nobody knows whether the work was done: one try, and the connection is dropped."""
    calls = 0

    def work(_: Session) -> None:
        nonlocal calls
        calls += 1
        raise _LOST

    with pytest.raises(DatabaseUnavailableError):
        database.write(work)
    assert calls == 1
    assert database.read(_failing()) == "done"
    assert len(server.connections) == 2


def test_refused_work_leaves_the_connection(server: Server, database: Database) -> None:
    """A refusal of ours or of the database undoes the transaction and keeps the rest."""
    for error in (ValueError("ours"), pymysql.err.IntegrityError(1062, "theirs")):
        with pytest.raises(type(error)):
            database.write(_failing(error))
    (connection,) = server.connections
    assert (connection.commits, connection.rollbacks) == (0, 2)


def test_connection_closed_while_idle_is_replaced(
    server: Server, database: Database
) -> None:
    """A database that restarted costs no request: nothing is sent on a closed one."""
    database.read(_failing())
    server.peers[0].close()
    assert database.write(_failing()) == "done"
    assert len(server.connections) == 2


def test_no_connection_at_all(server: Server, database: Database) -> None:
    """A database that refuses connections is one that is not available."""
    server.refuses = pymysql.err.OperationalError(2003, "refused")
    with pytest.raises(DatabaseUnavailableError):
        database.read(_failing())


def test_broken_connection_makes_the_idle_ones_suspect(server: Server) -> None:
    """After one is lost, those opened before it are closed, idle or in use."""
    pool = Pool(server.connect)
    lost, idle, used = pool.take(), pool.take(), pool.take()
    pool.give_back(idle)
    pool.discard(lost)
    pool.give_back(used)
    fresh = pool.take()
    assert fresh not in {lost, idle, used}
    assert [link.socket.fileno() for link in (lost, idle, used)] == [-1, -1, -1]
