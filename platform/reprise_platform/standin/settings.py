"""The environment, read once: OpenMRS's own names, and STANDIN_* for what is ours."""

from __future__ import annotations

import dataclasses
import enum
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reprise_platform.standin.blobs import S3Settings


class Way(enum.StrEnum):
    """How patients are searched."""

    DATABASE = "database"
    INDEX = "index"


class SettingsError(Exception):
    """The environment is not usable; the message lists every variable at fault."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the stand-in reaches its database and serves.

    Attributes:
        connect_timeout_s: to open a connection; also how long a database that
            acknowledges nothing at TCP level may hold a request.
        read_timeout_s: how long a frozen database may hold a request; None, for ever.
        wait_s: how long a start waits for the database.
        start_s: how long a start lasts beyond that; its first part the port refuses, its
            second it accepts and is silent.
        drain_s: how long a stop goes on serving, so that routers see it leave first.
        s3: where attachments are kept; in `folder` where there is none.
    """

    db_host: str
    db_port: int
    db_name: str
    db_username: str
    db_password: str = dataclasses.field(repr=False)
    admin_password: str = dataclasses.field(repr=False)
    listen: str
    threads: int
    connect_timeout_s: float
    read_timeout_s: float | None
    wait_s: float
    start_s: float
    drain_s: float
    access_log: bool
    s3: S3Settings | None
    folder: Path
    search: Way
    idgen_locked: bool


class _Environment:
    """Variables, read one after another; what is wrong with them is kept for the end."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self._variables.get(name, default)
        if not value:
            self.problems.append(f"{name}: must be set")
            return ""
        return value

    def number(self, name: str, default: float, *, least: float) -> float:
        given = self._variables.get(name)
        if given is None:
            return default
        try:
            value = float(given)
        except ValueError:
            value = least - 1
        if not value >= least:
            self.problems.append(f"{name}: must be a number, {least:g} or more")
        return value

    def word(self, name: str, *words: str) -> str:
        """Return one of several words, the first of which is the default."""
        value = self._variables.get(name, words[0])
        if value not in words:
            told = ", ".join(sorted(set(words)))
            self.problems.append(f"{name}: must be one of {told}")
            return words[0]
        return value


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: variables are missing or not usable; all of them are listed.
    """
    given = _Environment(environment)
    settings = Settings(
        db_host=given.text("OMRS_DB_HOSTNAME"),
        db_port=int(given.number("OMRS_DB_PORT", 3306, least=1)),
        db_name=given.text("OMRS_DB_NAME", "openmrs"),
        db_username=given.text("OMRS_DB_USERNAME"),
        db_password=given.text("OMRS_DB_PASSWORD"),
        admin_password=given.text("OMRS_ADMIN_USER_PASSWORD"),
        listen=given.text("STANDIN_LISTEN", "0.0.0.0:8080"),
        threads=int(given.number("STANDIN_THREADS", 16, least=1)),
        connect_timeout_s=given.number("STANDIN_DB_CONNECT_TIMEOUT_S", 1, least=0.1),
        # OpenMRS sets no time-out: 0 is that.
        read_timeout_s=given.number("STANDIN_DB_READ_TIMEOUT_S", 10, least=0) or None,
        wait_s=given.number("STANDIN_DB_WAIT_S", 600, least=0),
        start_s=given.number("STANDIN_START_S", 0, least=0),
        drain_s=given.number("STANDIN_DRAIN_S", 3, least=0),
        access_log=environment.get("STANDIN_ACCESS_LOG") == "1",
        s3=_s3(given) if environment.get("storage.type", "local") == "s3" else None,
        folder=Path(given.text("STANDIN_FOLDER", tempfile.gettempdir())),
        search=Way(given.word("STANDIN_SEARCH", Way.DATABASE, Way.INDEX)),
        idgen_locked=given.word("STANDIN_IDGEN", "locked", "upstream") == "locked",
    )
    if given.problems:
        raise SettingsError("; ".join(given.problems))
    return settings


def _s3(given: _Environment) -> S3Settings:
    return S3Settings(
        endpoint=given.text("storage.s3.endpoint"),
        region=given.text("storage.s3.region", "us-east-1"),
        bucket=given.text("storage.s3.bucketName"),
        access_key=given.text("storage.s3.accessKeyId"),
        secret_key=given.text("storage.s3.secretAccessKey"),
        timeout_s=given.number("STANDIN_S3_TIMEOUT_S", 5, least=0.1),
    )
