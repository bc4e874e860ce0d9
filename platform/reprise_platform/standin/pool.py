"""Connections kept between requests. Each thread holds one at most, so threads bound it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reprise_platform.standin.connection import Link


class Pool:
    """Idle connections, the last used first.

    A connection that broke makes every idle one suspect: they went to the same Service,
    often to the same dead member, and each would cost a request its time-out.
    """

    def __init__(self, connect: Callable[[], Link]) -> None:
        self._connect = connect
        self._idle: list[Link] = []
        self._lock = threading.Lock()
        self._generation = 0
        self._generations: dict[Link, int] = {}

    def take(self) -> Link:
        """Return a connection, an idle one if the peer has not closed it.

        Nothing was sent on a closed idle connection: opening another is not a retry.

        Raises:
            pymysql.err.MySQLError: no connection could be opened.
        """
        while True:
            with self._lock:
                link = self._idle.pop() if self._idle else None
                generation = self._generation
            if link is None:
                break
            if not link.is_closed_by_peer():
                return link
            self.discard(link)
        link = self._connect()
        with self._lock:
            self._generations[link] = generation
        return link

    def give_back(self, link: Link) -> None:
        """Keep a connection in good order, its transaction ended."""
        with self._lock:
            if self._generations.get(link) == self._generation:
                self._idle.append(link)
                return
        self._forget(link)

    def discard(self, link: Link) -> None:
        """Close a broken connection and all the idle ones."""
        with self._lock:
            self._generation += 1
            suspects, self._idle = self._idle, []
        for suspect in (link, *suspects):
            self._forget(suspect)

    def close(self) -> None:
        """Close the idle connections, politely."""
        with self._lock:
            self._generation += 1
            idle, self._idle = self._idle, []
        for link in idle:
            link.connection.close()
            self._forget(link)

    def _forget(self, link: Link) -> None:
        with self._lock:
            self._generations.pop(link, None)
        link.close()
