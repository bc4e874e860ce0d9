"""The schema and the metadata, put in place by whichever replica comes first.

Three replicas start at once, each perhaps on another Galera member. A lock that lives in
one member (GET_LOCK, a row locked FOR UPDATE) keeps no one out on the others, and a lease
row needs someone to judge when its holder is dead. So there is no lock: every statement
may be run again, by anyone, at any time, and be cut anywhere.

- A table is created where it is not: Galera orders such statements on all members.
- A row is inserted where its key is not, each in its own transaction. Two replicas that
  insert it at once write the same key: Galera lets one commit and undoes the other, which
  is repeated and then finds the row. The admin's salt alone differs; the first one stays.
- A fingerprint of all this is stored last. A replica that reads its own fingerprint has
  nothing to do: so it is on every restart, and on a database restored from a dump.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import logging

from reprise_platform import openmrs
from reprise_platform.standin import passwords, seed
from reprise_platform.standin.database import Database, Session

_log = logging.getLogger(__name__)
_PROPERTY = "reprise.standin.schema"


def migrate(database: Database, admin_password: str) -> bool:
    """Bring the database to this version's schema; tell whether there was work.

    Raises:
        DatabaseUnavailableError: no answer; to be called again.
    """
    wanted = fingerprint()
    if database.read(_stored_fingerprint) == wanted:
        return False
    for statement in statements():
        _run_definition(database, statement)
    count = 0
    for table, row in seed.rows(admin_password):
        _insert_if_absent(database, table, dict(row))
        count += 1
    _store_fingerprint(database, wanted)
    _log.info("schema and %d rows of metadata in place", count)
    return True


def admin_password_differs(database: Database, admin_password: str) -> bool:
    """Tell whether the stored password is another one; the stored one is what counts."""
    sql = "SELECT password, salt FROM users WHERE uuid = %s"
    row = database.read(lambda session: session.row(sql, openmrs.ADMIN_USER))
    return row is None or not passwords.matches(admin_password, row[1], row[0])


def statements() -> tuple[str, ...]:
    """Return the statements of `schema.sql`."""
    lines = [line for line in _schema().splitlines() if not line.startswith("--")]
    parts = "\n".join(lines).split(";")
    return tuple(part.strip() for part in parts if part.strip())


def fingerprint() -> str:
    """Return the digest of what this version would put in place, passwords aside."""
    digest = hashlib.sha256(_schema().encode())
    for table, row in seed.rows(""):
        kept = {name: row[name] for name in row if name not in {"password", "salt"}}
        digest.update(f"{table} {kept}".encode())
    return digest.hexdigest()


def _schema() -> str:
    package = importlib.resources.files("reprise_platform.standin")
    return package.joinpath("schema.sql").read_text(encoding="utf-8")


def _stored_fingerprint(session: Session) -> str | None:
    if session.row("SHOW TABLES LIKE 'global_property'") is None:
        return None
    sql = "SELECT property_value FROM global_property WHERE property = %s"
    row = session.row(sql, _PROPERTY)
    return None if row is None else str(row[0])


def _run_definition(database: Database, statement: str) -> None:
    def work(session: Session) -> None:
        session.execute("SET SESSION foreign_key_checks = 0")
        try:
            session.execute(statement)
        finally:
            session.execute("SET SESSION foreign_key_checks = 1")

    database.write(work)


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
