"""One MariaDB server of one's own: started empty in seconds, gone with who started it."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from reprise_platform.alone.processes import LOOPBACK, Process, free_port
from reprise_platform.alone.programs import programs
from reprise_platform.command import run
from reprise_platform.errors import CommandError

USER = "openmrs"
_SYSTEM_TABLES = (
    "mysql_system_tables.sql",
    "mysql_performance_tables.sql",
    "mysql_system_tables_data.sql",
)
# As the site's members have it, but for Galera.
_AS_ON_A_SITE = (
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
    "--default-storage-engine=InnoDB",
    "--innodb-autoinc-lock-mode=2",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-buffer-pool-size=96M",
    "--innodb-log-file-size=32M",
    "--max-connections=200",
    "--max-allowed-packet=64M",
    "--skip-name-resolve",
    "--default-time-zone=+00:00",
    "--performance-schema=OFF",
)


class MariaDB:
    """A server on loopback. Its user `openmrs` owns every database in it.

    Attributes:
        host: where it listens.
        port: the same after each start.
        password: of the user `openmrs`.
        process: freeze, thaw, kill it; `start` brings it back with its data.
    """

    def __init__(self, folder: Path, *, options: Sequence[str] = ()) -> None:
        """Lay an empty server in a folder; `options` win over the site's.

        Raises:
            PlatformError: there is no MariaDB to be had; says what to do.
        """
        self.host = LOOPBACK
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self.folder = folder
        self._programs = programs()
        folder.mkdir(parents=True, exist_ok=True)
        command = self._programs.command(
            "mariadbd",
            *self._common(),
            *_AS_ON_A_SITE,
            f"--port={self.port}",
            f"--bind-address={self.host}",
            # Not in the folder, whose path may be longer than a socket's name can be.
            f"--socket=@reprise-{self.port}",
            f"--pid-file={folder / 'mariadbd.pid'}",
            f"--tmpdir={folder}",
            *options,
        )
        self._initialise()
        self.process = Process("mariadbd", command, folder / "mariadbd.log", {})

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            PlatformError: it does not; the end of its log.
        """
        self.process.start(self._answers)

    def connect(self, database: str | None = None) -> Connection[Cursor]:
        """Open a connection; the caller closes it.

        Raises:
            pymysql.err.MySQLError: refused.
        """
        return Connection(
            host=self.host,
            port=self.port,
            user=USER,
            password=self.password,
            database=database,
            charset="utf8mb4",
            connect_timeout=5,
            autocommit=True,
            local_infile=True,
        )

    def sql(
        self, statement: str, *parameters: object, database: str | None = None
    ) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own and return its rows.

        Raises:
            pymysql.err.MySQLError: refused.
        """
        with self.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall())

    def create(self, database: str) -> None:
        """Make an empty database, in place of any of that name."""
        self.sql(f"DROP DATABASE IF EXISTS `{database}`")
        self.sql(f"CREATE DATABASE `{database}`")

    def dump(self, database: str) -> str:
        """Return a database as the site's backups write it: SQL, of one moment."""
        options = ("--single-transaction", "--no-tablespaces", database)
        return run(self._client("mariadb-dump", *options), env=self._secret())

    def load(self, database: str, sql: str) -> None:
        """Run a dump on a database."""
        run(self._client("mariadb", database), env=self._secret(), stdin=sql)

    def _client(self, name: str, *arguments: str) -> list[str]:
        where = (f"--host={self.host}", f"--port={self.port}", f"--user={USER}")
        return self._programs.command(name, "--no-defaults", *where, *arguments)

    def _secret(self) -> dict[str, str]:
        return {"MYSQL_PWD": self.password}

    def _common(self) -> list[str]:
        return [
            "--no-defaults",
            # It refuses to run as root unless told to.
            "--user=root",
            f"--datadir={self.folder / 'data'}",
            f"--lc-messages-dir={self._programs.share / 'english'}",
            f"--character-sets-dir={self._programs.share / 'charsets'}",
        ]

    def _initialise(self) -> None:
        """Make the system tables and the user, as `mariadb-install-db` does."""
        (self.folder / "data").mkdir()
        script = ["CREATE DATABASE mysql;", "USE mysql;"]
        script += [(self._programs.share / name).read_text() for name in _SYSTEM_TABLES]
        script += [
            "FLUSH PRIVILEGES;",
            f"CREATE USER {USER}@'%' IDENTIFIED BY '{self.password}';",
            f"GRANT ALL ON *.* TO {USER}@'%';",
        ]
        options = ("--bootstrap", "--innodb-log-file-size=32M", "--skip-networking")
        command = self._programs.command("mariadbd", *self._common(), *options)
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
            # The system tables' script, and never on a command line: the password.
            input="\n".join(script),
        )
        if done.returncode != 0:
            msg = f"mariadbd --bootstrap failed:\n{done.stderr}"
            raise CommandError(msg)

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except pymysql.err.OperationalError:
            return False
        return True
