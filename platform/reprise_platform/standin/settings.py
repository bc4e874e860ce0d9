"""The environment, read once: OpenMRS's own names, and STANDIN_* for what is ours."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reprise_platform.standin.blobs import S3Settings


class SettingsError(Exception):
    """The environment is not usable; the message lists every variable at fault."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the stand-in reaches its database and serves.

    Attributes:
        connect_timeout_s: to open a connection; also how long a database that
            acknowledges nothing at TCP level may hold a request.
        read_timeout_s: how long a frozen database may hold a request.
        wait_s: how long a start waits for the database.
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
    read_timeout_s: float
    wait_s: float
    drain_s: float
    access_log: bool
    s3: S3Settings | None
    folder: Path


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: variables are missing or not numbers; all of them are listed.
    """
    problems: list[str] = []

    def text(name: str, default: str | None = None) -> str:
        value = environment.get(name, default)
        if not value:
            problems.append(f"{name}: must be set")
            return ""
        return value

    def number(name: str, default: float, *, least: float) -> float:
        given = environment.get(name)
        if given is None:
            return default
        try:
            value = float(given)
        except ValueError:
            value = least - 1
        if not value >= least:
            problems.append(f"{name}: must be a number, {least:g} or more")
        return value

    s3 = None
    if environment.get("storage.type", "local") == "s3":
        s3 = S3Settings(
            endpoint=text("storage.s3.endpoint"),
            region=text("storage.s3.region", "us-east-1"),
            bucket=text("storage.s3.bucketName"),
            access_key=text("storage.s3.accessKeyId"),
            secret_key=text("storage.s3.secretAccessKey"),
            timeout_s=number("STANDIN_S3_TIMEOUT_S", 5, least=0.1),
        )
    settings = Settings(
        db_host=text("OMRS_DB_HOSTNAME"),
        db_port=int(number("OMRS_DB_PORT", 3306, least=1)),
        db_name=text("OMRS_DB_NAME", "openmrs"),
        db_username=text("OMRS_DB_USERNAME"),
        db_password=text("OMRS_DB_PASSWORD"),
        admin_password=text("OMRS_ADMIN_USER_PASSWORD"),
        listen=text("STANDIN_LISTEN", "0.0.0.0:8080"),
        threads=int(number("STANDIN_THREADS", 16, least=1)),
        connect_timeout_s=number("STANDIN_DB_CONNECT_TIMEOUT_S", 1, least=0.1),
        read_timeout_s=number("STANDIN_DB_READ_TIMEOUT_S", 10, least=0.1),
        wait_s=number("STANDIN_DB_WAIT_S", 600, least=0),
        drain_s=number("STANDIN_DRAIN_S", 3, least=0),
        access_log=environment.get("STANDIN_ACCESS_LOG") == "1",
        s3=s3,
        folder=Path(text("STANDIN_FOLDER", tempfile.gettempdir())),
    )
    if problems:
        raise SettingsError("; ".join(problems))
    return settings
