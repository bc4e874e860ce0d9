"""The schema and the metadata, put in place by whichever replica comes first.

Any number of replicas start at once, each perhaps on another Galera member. One of them
holds the lease and works, the others look again until there is nothing left to do. That is
order, not safety: every statement may be run again, by anyone, and be cut anywhere.

- A file's statements create or add what is not there: Galera orders them on all members.
  Its digest is stored once all of them ran; a cut one is run again from its beginning.
- A row of the metadata is inserted where its key is not, each in its own transaction.
- A fingerprint of the metadata is stored last. Who reads all digests and that fingerprint
  has nothing to do: so it is on every restart, and on a database restored from a dump. An
  older dump is brought forward; what a newer program wrote is refused.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence

from reprise_platform import openmrs
from reprise_platform.standin import passwords, seed
from reprise_platform.standin.changes import Change, changes, pending
from reprise_platform.standin.database import Database, Session
from reprise_platform.standin.lease import Lease

_log = logging.getLogger(__name__)
_PROPERTY = "reprise.standin.metadata"
_TABLE = """CREATE TABLE IF NOT EXISTS standin_migration (
  number INT NOT NULL,
  name VARCHAR(100) NOT NULL,
  digest CHAR(64) NOT NULL,
  date_executed DATETIME NOT NULL,
  PRIMARY KEY (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"""
_RECORD = """INSERT INTO standin_migration (number, name, digest, date_executed)
VALUES (%s, %s, %s, UTC_TIMESTAMP()) ON DUPLICATE KEY UPDATE number = number"""


def migrate(
    database: Database, admin_password: str, *, known: Sequence[Change] | None = None
) -> bool:
    """Bring the database to this version's schema; tell whether there was work.

    Args:
        known: the changes to make, in place of the program's own.

    Raises:
        SchemaRefusedError: the database has other changes than ours, or newer ones.
        TakenError: another replica is at it; to be called again.
        DatabaseUnavailableError: no answer; to be called again.
    """
    known = changes() if known is None else known
    wanted = fingerprint()
    if not _lacks(database, known, wanted):
        return False
    lease = Lease(database)
    lease.take()
    # Someone may have finished between the look and the lease.
    for change in pending(known, database.read(_recorded)):
        _make(database, change, lease)
    lease.take()
    if database.read(_stored_fingerprint) != wanted:
        _put_metadata(database, admin_password, wanted, lease)
    lease.give_back()
    return True


def admin_password_differs(database: Database, admin_password: str) -> bool:
    """Tell whether the stored password is another one; the stored one is what counts."""
    sql = "SELECT password, salt FROM users WHERE uuid = %s"
    row = database.read(lambda session: session.row(sql, openmrs.ADMIN_USER))
    return row is None or not passwords.matches(admin_password, row[1], row[0])


def fingerprint() -> str:
    """Return the digest of the metadata this version would put in place.

    Without the password and its salt, which differ between replicas.
    """
    digest = hashlib.sha256()
    for table, row in seed.rows(""):
        kept = {name: row[name] for name in row if name not in {"password", "salt"}}
        digest.update(f"{table} {kept}".encode())
    return digest.hexdigest()


def _lacks(database: Database, known: Sequence[Change], wanted: str) -> bool:
    def look(session: Session) -> bool:
        missing = pending(known, _recorded(session))
        return bool(missing) or _stored_fingerprint(session) != wanted

    return database.read(look)


def _recorded(session: Session) -> Mapping[int, str]:
    """Return the digests of the changes a database has; none from before they were."""
    if session.row("SHOW TABLES LIKE 'standin_migration'") is None:
        return {}
    rows = session.rows("SELECT number, digest FROM standin_migration")
    return {int(number): str(digest) for number, digest in rows}


def _make(database: Database, change: Change, lease: Lease) -> None:
    """Make one change and record it."""
    database.write(lambda session: session.execute(_TABLE))
    for statement in change.statements:
        lease.take()
        _run_definition(database, statement)
    fields = change.number, change.name, change.digest
    database.write(lambda session: session.execute(_RECORD, *fields))
    _log.info("migration %04d-%s made", change.number, change.name)


def _run_definition(database: Database, statement: str) -> None:
    def work(session: Session) -> None:
        session.execute("SET SESSION foreign_key_checks = 0")
        try:
            session.execute(statement)
        finally:
            session.execute("SET SESSION foreign_key_checks = 1")

    database.write(work)


def _put_metadata(
    database: Database, admin_password: str, wanted: str, lease: Lease
) -> None:
    count = 0
    for table, row in seed.rows(admin_password):
        if count % 50 == 0:
            lease.take()
        _insert_if_absent(database, table, dict(row))
        count += 1
    _store_fingerprint(database, wanted)
    _log.info("%d rows of metadata in place", count)


def _stored_fingerprint(session: Session) -> str | None:
    if session.row("SHOW TABLES LIKE 'global_property'") is None:
        return None
    sql = "SELECT property_value FROM global_property WHERE property = %s"
    row = session.row(sql, _PROPERTY)
    return None if row is None else str(row[0])


def _insert_if_absent(database: Database, table: str, row: dict[str, object]) -> None:
    columns = ", ".join(row)
    marks = ", ".join(["%s"] * len(row))
    key = next(iter(row))
    # Names come from `seed`. The update changes nothing: it keeps what is there.
    sql = (
        f"INSERT INTO {table} ({columns}) VALUES ({marks}) "  # noqa: S608
        f"ON DUPLICATE KEY UPDATE {key} = {key}"
    )
    database.write(lambda session: session.execute(sql, *row.values()))


def _store_fingerprint(database: Database, value: str) -> None:
    sql = (
        "INSERT INTO global_property (property, property_value, uuid) VALUES (%s, %s, %s) "
        "ON DUPLICATE KEY UPDATE property_value = VALUES(property_value)"
    )
    property_uuid = seed.stable_uuid(f"property:{_PROPERTY}")
    database.write(
        lambda session: session.execute(sql, _PROPERTY, value, property_uuid)
    )
