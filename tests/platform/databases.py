"""A new database of the stand-in, with its schema and metadata and nobody in it."""

from __future__ import annotations

from reprise_platform.alone.mariadb import USER, MariaDB
from reprise_platform.standin import migrate, server
from reprise_platform.standin.settings import read_settings

_PASSWORD = "a-password"


def environment(mariadb: MariaDB, name: str) -> dict[str, str]:
    """Return what leads a stand-in's process to a database."""
    return {
        "OMRS_DB_HOSTNAME": mariadb.host,
        "OMRS_DB_PORT": str(mariadb.port),
        "OMRS_DB_NAME": name,
        "OMRS_DB_USERNAME": USER,
        "OMRS_DB_PASSWORD": mariadb.password,
        "OMRS_ADMIN_USER_PASSWORD": _PASSWORD,
    }


def migrated(mariadb: MariaDB, name: str) -> None:
    """Make a database of that name anew and migrate it."""
    mariadb.create(name)
    settings = read_settings(environment(mariadb, name))
    database, pool = server.open_database(settings)
    migrate.migrate(database, _PASSWORD)
    pool.close()
