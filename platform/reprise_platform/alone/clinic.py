"""Stand-in replicas on one database, each a process with an address of its own."""

from __future__ import annotations

import contextlib
import json
import secrets
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.error import URLError

from reprise_platform import openmrs
from reprise_platform.alone.mariadb import USER, MariaDB
from reprise_platform.alone.processes import LOOPBACK, Process, free_port

_MODULE = ("-m", "reprise_platform.standin", "serve")


class Replica:
    """One process of the stand-in.

    Attributes:
        url: where it listens, without a path; the same after each start.
        process: freeze, thaw, kill it.
    """

    def __init__(self, folder: Path, name: str, environment: Mapping[str, str]) -> None:
        port = free_port()
        self.url = f"http://{LOOPBACK}:{port}"
        env = {**environment, "STANDIN_LISTEN": f"{LOOPBACK}:{port}"}
        command = [sys.executable, *_MODULE]
        self.process = Process(name, command, folder / f"{name}.log", env)

    def start(self, *, within_s: float = 60) -> None:
        """Start it and wait until it is ready.

        Raises:
            PlatformError: it is not; the end of its log.
        """
        self.process.start(self.is_ready, within_s=within_s)

    def is_ready(self) -> bool:
        """Tell whether a router would send it requests."""
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:  # noqa: S310 - ours
                return bool(answer.status == HTTPStatus.OK)
        except (URLError, OSError):
            return False


class Clinic:
    """Replicas that share a database.

    Attributes:
        server: the database's server.
        database: its name there.
        replicas: all, started.
        username: whom the clinics log in as.
        password: likewise.
        credentials: a JSON file of both, as the load and the contract read it.
    """

    def __init__(
        self,
        server: MariaDB,
        folder: Path,
        *,
        database: str,
        replicas: int,
        environment: Mapping[str, str],
    ) -> None:
        self.server = server
        self.database = database
        self.username = openmrs.ADMIN_USERNAME
        self.password = secrets.token_hex(8)
        self.environment = {
            "OMRS_DB_HOSTNAME": server.host,
            "OMRS_DB_PORT": str(server.port),
            "OMRS_DB_NAME": database,
            "OMRS_DB_USERNAME": USER,
            "OMRS_DB_PASSWORD": server.password,
            "OMRS_ADMIN_USER_PASSWORD": self.password,
            "STANDIN_DRAIN_S": "0",
            **environment,
        }
        self.replicas = tuple(
            Replica(folder, f"standin-{number}", self.environment)
            for number in range(replicas)
        )
        self.credentials = folder / "credentials.json"
        login = {"username": self.username, "password": self.password}
        self.credentials.write_text(json.dumps(login), encoding="utf-8")

    @property
    def url(self) -> str:
        """The first replica's address."""
        return self.replicas[0].url


@contextlib.contextmanager
def clinic(
    server: MariaDB,
    folder: Path,
    *,
    database: str = "openmrs",
    replicas: int = 1,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Clinic]:
    """Run replicas on a new, empty database of a server; they are killed in the end.

    Args:
        folder: for their logs and the credentials file.
        environment: settings that win over ours (`STANDIN_*`).

    Raises:
        PlatformError: one does not start; the end of its log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server.create(database)
    made = Clinic(
        server,
        folder,
        database=database,
        replicas=replicas,
        environment=environment or {},
    )
    try:
        # All at once, as a site does it: they share the work of migrating.
        for replica in made.replicas:
            replica.process.launch()
        for replica in made.replicas:
            replica.process.wait_until(replica.is_ready)
        yield made
    finally:
        for replica in made.replicas:
            replica.process.kill()
