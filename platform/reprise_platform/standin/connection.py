"""One connection to MariaDB, bounded in time at every step."""

from __future__ import annotations

import dataclasses
import select
import socket

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER
from pymysql.cursors import Cursor

from reprise_platform.standin.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """A connection and its socket, which tells without a query whether it is closed."""

    connection: Connection[Cursor]
    socket: socket.socket

    def is_closed_by_peer(self) -> bool:
        """Tell whether an idle connection is over.

        MariaDB says nothing on an idle connection: anything to read there is its end.
        """
        # poll, since select fails on the high descriptors of a busy server.
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Close without a word to the peer, which may not be there to read it."""
        self.socket.close()


def connect(settings: Settings) -> Link:
    """Open a connection, its transactions ready for Galera.

    Raises:
        pymysql.err.MySQLError: refused, timed out, or the credentials are wrong.
    """
    try:
        peer = _open_socket(settings)
    except OSError:
        # Nothing was sent: one more try costs nothing and often finds another member.
        try:
            peer = _open_socket(settings)
        except OSError as error:
            msg = f"cannot reach {settings.db_host}:{settings.db_port}: {error}"
            raise pymysql.err.OperationalError(2003, msg) from error
    connection: Connection[Cursor] = Connection(
        host=settings.db_host,
        user=settings.db_username,
        password=settings.db_password,
        database=settings.db_name,
        charset="utf8mb4",
        read_timeout=settings.read_timeout_s,
        write_timeout=settings.read_timeout_s,
        defer_connect=True,
    )
    try:
        connection.connect(peer)  # type: ignore[no-untyped-call,unused-ignore]
        _prepare(connection)
    except BaseException:
        peer.close()
        raise
    return Link(connection=connection, socket=peer)


def _open_socket(settings: Settings) -> socket.socket:
    """Open a socket that notices a peer that is gone, not only one that says so."""
    limit_s = settings.connect_timeout_s
    address = (settings.db_host, settings.db_port)
    peer = socket.create_connection(address, timeout=limit_s)
    tcp = socket.IPPROTO_TCP
    peer.setsockopt(tcp, socket.TCP_NODELAY, 1)
    if settings.read_timeout_s is None:
        # As OpenMRS: whoever waits for a silent server waits for ever.
        return peer
    # A member whose machine lost power sends neither FIN nor RST.
    peer.setsockopt(tcp, socket.TCP_USER_TIMEOUT, int(limit_s * 1000))
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    peer.setsockopt(tcp, socket.TCP_KEEPIDLE, 2)
    peer.setsockopt(tcp, socket.TCP_KEEPINTVL, 1)
    peer.setsockopt(tcp, socket.TCP_KEEPCNT, 2)
    return peer


def _prepare(connection: Connection[Cursor]) -> None:
    """Make reads wait for what other members have acknowledged, where that exists."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = '+00:00'")
        try:
            cursor.execute("SET SESSION wsrep_sync_wait = 1")
        except pymysql.err.MySQLError as error:
            if error.args[0] != ER.UNKNOWN_SYSTEM_VARIABLE:
                raise
