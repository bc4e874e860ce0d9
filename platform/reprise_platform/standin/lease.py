"""Who migrates: a lease that spans the members of a Galera cluster.

GET_LOCK and a row locked FOR UPDATE live in one member and keep no one out on the others.
A row that is written and committed does: when two write it at once, Galera lets one commit
and undoes the other, which is repeated and finds it taken. A lease ends by the database's
clock, renewed at each statement, so a holder that died holds no one up for long. A holder
that was only slow meets another's statements: each may be run again, so nothing is lost.
"""

from __future__ import annotations

import uuid

from reprise_platform.standin.database import Database, Session

SECONDS = 20
_ME = str(uuid.uuid4())
_TABLE = """CREATE TABLE IF NOT EXISTS standin_migration_lease (
  id INT NOT NULL,
  holder CHAR(36) NOT NULL,
  ends DATETIME NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"""
# Assignments are made from left to right: the second one sees the new holder.
_TAKE = """INSERT INTO standin_migration_lease (id, holder, ends)
VALUES (1, %s, UTC_TIMESTAMP() + INTERVAL %s SECOND)
ON DUPLICATE KEY UPDATE
  holder = IF(ends <= UTC_TIMESTAMP(), VALUES(holder), holder),
  ends = IF(holder = VALUES(holder), VALUES(ends), ends)"""
_HOLDER = "SELECT holder FROM standin_migration_lease WHERE id = 1"
_GIVE_BACK = "DELETE FROM standin_migration_lease WHERE id = 1 AND holder = %s"


class TakenError(Exception):
    """Another replica migrates; to be tried again."""


class Lease:
    """One replica's wish to migrate.

    Args:
        me: who wishes, the same at each try of one process.
    """

    def __init__(self, database: Database, *, me: str = _ME) -> None:
        self._database = database
        self._me = me
        database.write(lambda session: session.execute(_TABLE))

    def take(self) -> None:
        """Take the lease, or renew it.

        Raises:
            TakenError: another has it.
            DatabaseUnavailableError: no answer.
        """

        def work(session: Session) -> bool:
            session.execute(_TAKE, self._me, SECONDS)
            row = session.row(_HOLDER)
            return row is not None and row[0] == self._me

        if not self._database.write(work):
            msg = "another replica migrates"
            raise TakenError(msg)

    def give_back(self) -> None:
        """Let the next one in at once."""
        self._database.write(lambda session: session.execute(_GIVE_BACK, self._me))
