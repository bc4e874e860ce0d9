"""Where probes go: an address, or where a name leads now, since a switch may be DNS'."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading

from reprise_loadtests.errors import LoadError

_EVERY_S = 1.0


class Address:
    """The address of a front door; a name is asked again in a thread of its own.

    No probe waits for the name service: it goes where the name led a second ago. One that
    does not answer leaves what it said last.
    """

    def __init__(self, host: str, port: int, *, every_s: float = _EVERY_S) -> None:
        """Find the address once.

        Raises:
            LoadError: the name leads nowhere.
        """
        self.host = host
        self._port = port
        self._every_s = every_s
        self._ended = threading.Event()
        try:
            self._found = (str(ipaddress.ip_address(host)), port)
        except ValueError:
            try:
                self._found = self._ask()
            except OSError as error:
                msg = f"{host}: the name service knows no address of it: {error}"
                raise LoadError(msg) from error
            threading.Thread(target=self._follow, daemon=True).start()

    def now(self) -> tuple[str, int]:
        """Return where the next connection goes."""
        return self._found

    def close(self) -> None:
        """Ask no more."""
        self._ended.set()

    def _follow(self) -> None:
        while not self._ended.wait(self._every_s):
            with contextlib.suppress(OSError):
                self._found = self._ask()

    def _ask(self) -> tuple[str, int]:
        found = socket.getaddrinfo(self.host, self._port, type=socket.SOCK_STREAM)
        # The first that the machine's own order of addresses prefers, as browsers do.
        address = found[0][4][0]
        return str(address), self._port
