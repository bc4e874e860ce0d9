"""The seeding as a command: a connection of its own, progress in the log, lost ones again."""

from __future__ import annotations

import logging
import time
from typing import Final

import pymysql

from reprise_platform.standin.demo.metadata import SeedingRefusedError
from reprise_platform.standin.demo.seeding import Seeded, Wanted, seed
from reprise_platform.standin.settings import Settings

_TELL_EVERY_S: Final = 5.0
_ANSWER_WITHIN_S: Final = 120.0

_log = logging.getLogger(__name__)


def run(settings: Settings, wanted: Wanted) -> Seeded:
    """Seed the settings' database.

    Raises:
        SeedingRefusedError: it holds demo data, or cannot hold any; or the database was
            lost on the way: the same command goes on.
    """
    begun_s = told_s = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told_s
        now_s = time.monotonic()
        if now_s - told_s >= _TELL_EVERY_S:
            told_s = now_s
            _log.info("%d of %d patients are there", done, wanted.patients)

    try:
        with pymysql.connect(
            host=settings.db_host,
            port=settings.db_port,
            user=settings.db_username,
            password=settings.db_password,
            database=settings.db_name,
            charset="utf8mb4",
            connect_timeout=10,
            read_timeout=_ANSWER_WITHIN_S,
            write_timeout=_ANSWER_WITHIN_S,
            local_infile=True,
        ) as connection:
            done = seed(connection, wanted, tell)
    except pymysql.err.MySQLError as error:
        msg = f"stopped after {time.monotonic() - begun_s:.0f} s by the database: {error}; "
        msg += "run the same command again: it goes on where it was"
        raise SeedingRefusedError(msg) from error
    rate = done.rows / done.seconds
    _log.info(
        "%d patients put in (%d were there), %d rows in %.1f s: %.0f rows a second",
        *(done.patients, done.resumed, done.rows, done.seconds, rate),
    )
    return done
