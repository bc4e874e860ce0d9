"""The server's life: wait for the database, migrate, listen, and stop in good order."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable
from types import FrameType
from typing import TYPE_CHECKING

import pymysql
from waitress.server import BaseWSGIServer, create_server

from reprise_platform.standin import app, migrate
from reprise_platform.standin.blobs import Blobs
from reprise_platform.standin.blobs.bucket import Bucket
from reprise_platform.standin.blobs.folder import Folder
from reprise_platform.standin.changes import SchemaRefusedError
from reprise_platform.standin.connection import connect
from reprise_platform.standin.context import Context, Idgen
from reprise_platform.standin.database import Database, DatabaseUnavailableError
from reprise_platform.standin.lease import TakenError
from reprise_platform.standin.patientindex import Index
from reprise_platform.standin.patientsearch import Search, Tables
from reprise_platform.standin.pool import Pool
from reprise_platform.standin.sessions import Sessions
from reprise_platform.standin.settings import Settings, Way

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)
_TRY_EVERY_S = 1.0
_TELL_EVERY_S = 10.0
_LOOK_EVERY_S = 0.1
_ANSWER_WITHIN_S = 5.0
# The part of a start in which nobody listens; then OpenMRS's port accepts and hangs.
_REFUSING = 0.6


class StartError(Exception):
    """The server cannot start; the message says why."""


def open_database(settings: Settings) -> tuple[Database, Pool]:
    """Return the database; nothing is connected yet."""
    pool = Pool(lambda: connect(settings))
    return Database(pool), pool


def open_blobs(settings: Settings) -> Blobs:
    """Return where attachments are kept; nothing is connected yet."""
    return Folder(settings.folder) if settings.s3 is None else Bucket(settings.s3)


def open_search(settings: Settings) -> Search:
    """Return who finds patients; nothing is built yet."""
    if settings.search is Way.DATABASE:
        return Tables()
    address, _, port = settings.listen.rpartition(":")
    return Index(settings.folder / f"patients-{address}-{port}.sqlite3")


def migrate_when_there(
    database: Database, settings: Settings, stopping: threading.Event
) -> None:
    """Migrate, waiting for the database as long as the settings say.

    Raises:
        StartError: it did not come, or what it is does not allow it.
    """
    begun_at_s = told_at_s = time.monotonic()
    while not stopping.is_set():
        try:
            worked = migrate.migrate(database, settings.admin_password)
        except SchemaRefusedError as error:
            raise StartError(str(error)) from error
        except (
            DatabaseUnavailableError,
            TakenError,
            pymysql.err.MySQLError,
        ) as error:
            reason = f"{type(error).__name__}({error.args[0] if error.args else ''})"
        else:
            waited_s = time.monotonic() - begun_at_s
            state = "migrated" if worked else "already migrated"
            _log.info("database %s after %.1f s", state, waited_s)
            if migrate.admin_password_differs(database, settings.admin_password):
                _log.warning("the stored admin password is not the one given; it stays")
            return
        now_s = time.monotonic()
        where = f"{settings.db_host}:{settings.db_port}"
        waited = f"{now_s - begun_at_s:.0f} s of {settings.wait_s:.0f}"
        if now_s - begun_at_s >= settings.wait_s:
            msg = f"no usable database at {where} after {waited}: {reason}"
            raise StartError(msg)
        if now_s - told_at_s >= _TELL_EVERY_S:
            told_at_s = now_s
            _log.info("waiting for the database at %s, %s: %s", where, waited, reason)
        stopping.wait(_TRY_EVERY_S)
    msg = "told to stop while waiting for the database"
    raise StartError(msg)


def serve(settings: Settings) -> None:
    """Serve until told to stop.

    On SIGTERM it says "not ready" and goes on answering for `drain_s`, so that routers
    leave it first, then until the requests under way are answered.

    Raises:
        StartError: the database did not come.
    """
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    database, pool = open_database(settings)
    migrate_when_there(database, settings, stopping)
    context = Context(
        database=database,
        blobs=open_blobs(settings),
        search=open_search(settings),
        sessions=Sessions(),
        idgen=Idgen(locked=settings.idgen_locked),
        stopping=stopping,
    )
    context.search.start(database)
    stopping.wait(settings.start_s * _REFUSING)
    counted = _Counted(app.create_app(context, access_log=settings.access_log))
    server = create_server(
        counted,
        listen=settings.listen,
        threads=settings.threads,
        ident=None,
        backlog=1024,
        connection_limit=1000,
        channel_timeout=60,
        asyncore_use_poll=True,
    )
    if not isinstance(server, BaseWSGIServer):
        msg = f"{settings.listen}: must name one address and one port"
        raise StartError(msg)
    # Listening, and answering no one yet: what comes is answered when it begins.
    stopping.wait(settings.start_s * (1 - _REFUSING))
    _exit_when_told(stopping, counted, server, settings.drain_s)
    _log.info("listening on %s with %d threads", settings.listen, settings.threads)
    server.run()
    pool.close()
    _log.info("stopped")


class _Counted:
    """The application, counting the requests under way."""

    def __init__(self, inner: WSGIApplication) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self.under_way = 0

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        # A path with a last slash is the same resource.
        environ["PATH_INFO"] = environ["PATH_INFO"].rstrip("/") or "/"
        with self._lock:
            self.under_way += 1
        try:
            return self._inner(environ, start_response)
        finally:
            with self._lock:
                self.under_way -= 1


def _exit_when_told(
    stopping: threading.Event,
    counted: _Counted,
    server: BaseWSGIServer,
    drain_s: float,
) -> None:
    """Watch for the wish to stop from within waitress's loop.

    Only an exception in the main thread ends that loop; a timer's signal brings one
    there. After the drain no new connection is taken. Two looks in a row without a
    request under way, so that the last answer, which the loop sends, has left.
    """
    told_at_s: float | None = None
    quiet_looks = 0

    def look(_: int, __: FrameType | None) -> None:
        nonlocal told_at_s, quiet_looks
        if not stopping.is_set():
            return
        now_s = time.monotonic()
        if told_at_s is None:
            told_at_s = now_s
            _log.info("told to stop: draining for %.1f s", drain_s)
        waited_s = now_s - told_at_s
        if waited_s < drain_s:
            return
        if server.accepting:
            server.accepting = False
            server.del_channel()
            if server.socket is not None:
                server.socket.close()
        quiet_looks = quiet_looks + 1 if counted.under_way == 0 else 0
        if quiet_looks > 1 or waited_s >= drain_s + _ANSWER_WITHIN_S:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise SystemExit

    handler: Callable[[int, FrameType | None], None] = look
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_EVERY_S, _LOOK_EVERY_S)
