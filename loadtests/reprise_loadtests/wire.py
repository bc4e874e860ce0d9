"""One user's HTTP connection: no retry, no redirect, and a limit on the whole exchange.

Common clients repeat a GET by themselves when a kept connection turns out dead, which
hides the very failures a drill is after. This one sends once and says what came.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import http.client
import json
import select
import socket
import ssl
import time
import urllib.parse
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from reprise_loadtests.credentials import Credentials
from reprise_platform import tls
from reprise_pra.history import JsonValue

type Alarm = Callable[[float], AbstractContextManager[object]]
"""Seconds to a context that raises TimeoutError when they have passed."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back.

    Attributes:
        status: None when there was no answer; then `broken` says why (`timeout`,
            `refused`, `reset` or the error's name).
        body: parsed JSON; None when there is none.
        raw: the bytes themselves.
        end_ns: CLOCK_MONOTONIC when the answer was complete, or given up.
    """

    status: int | None
    broken: str | None
    body: JsonValue
    end_ns: int
    raw: bytes = dataclasses.field(default=b"", repr=False)


class Wire:
    """A keep-alive connection and its cookies; opened at need, once per request sent."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout_s: float,
        alarm: Alarm | None = None,
        authority: Path | None = None,
    ) -> None:
        """Prepare a connection to `http(s)://HOST[:PORT]`; nothing is sent yet.

        `alarm` limits the exchange as a whole; without it, `timeout_s` limits each wait
        for the network. `authority` signs the server's certificate; None: this machine's
        own authorities do.
        """
        parts = urllib.parse.urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            msg = f"{base_url!r} is no URL of the form http(s)://HOST:PORT"
            raise ValueError(msg)
        self._https = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._authority = authority
        self._alarm: Alarm = alarm or (lambda _: contextlib.nullcontext())
        self._connection: http.client.HTTPConnection | None = None
        self.cookies: dict[str, str] = {}

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, JsonValue] | None = None,
        form: tuple[str, bytes] | None = None,
        credentials: Credentials | None = None,
    ) -> Answer:
        """Send one request and return what came; never raises for what the network does.

        `body` is sent as JSON, `form` as it is: its content type, its bytes.
        """
        headers = {"Accept": "application/json"}
        payload = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            payload = json.dumps(body, ensure_ascii=False).encode()
        elif form is not None:
            headers["Content-Type"], payload = form
        if credentials is not None:
            headers["Authorization"] = basic(credentials)
        if self.cookies:
            headers["Cookie"] = "; ".join(
                f"{name}={value}" for name, value in self.cookies.items()
            )
        try:
            with self._alarm(self._timeout_s):
                status, text = self._exchange(method, path, payload, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Answer(
                status=None,
                broken=_why(error),
                body=None,
                end_ns=time.monotonic_ns(),
            )
        except BaseException:
            # Killed half-way: what is left in the connection belongs to nobody.
            self.close()
            raise
        end_ns = time.monotonic_ns()
        return Answer(
            status=status, broken=None, body=_parse(text), end_ns=end_ns, raw=text
        )

    def forget_session(self) -> None:
        """Drop cookies and connection, as closing the browser does."""
        self.cookies.clear()
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(
        self, method: str, path: str, payload: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        connection = self._ready()
        connection.request(method, self._prefix + path, body=payload, headers=headers)
        response = connection.getresponse()
        text = response.read()
        for line in response.headers.get_all("Set-Cookie", []):
            self._keep_cookie(line)
        if response.will_close:
            self.close()
        return response.status, text

    def _ready(self) -> http.client.HTTPConnection:
        if self._connection is not None:
            if not _dead(self._connection.sock):
                return self._connection
            # The server closed it between two requests: nothing was sent, so opening
            # another is no retry.
            self.close()
        if self._https:
            self._connection = http.client.HTTPSConnection(
                self._host,
                self._port,
                timeout=self._timeout_s,
                context=tls.context(self._authority),
            )
        else:
            self._connection = http.client.HTTPConnection(
                self._host, self._port, timeout=self._timeout_s
            )
        self._connection.connect()
        return self._connection

    def _keep_cookie(self, line: str) -> None:
        jar = SimpleCookie()
        with contextlib.suppress(CookieError):
            jar.load(line)
        for name, morsel in jar.items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value


def basic(credentials: Credentials) -> str:
    """Return the value of an HTTP Basic `Authorization` header."""
    pair = f"{credentials.username}:{credentials.password}".encode()
    return "Basic " + base64.b64encode(pair).decode("ascii")


def _dead(sock: socket.socket | None) -> bool:
    """Tell whether an idle connection has something to read: an end, or stray bytes."""
    if sock is None:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _parse(text: bytes) -> JsonValue:
    try:
        parsed: JsonValue = json.loads(text)
    except ValueError:
        return None
    return parsed


def _why(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "timeout"
        case ConnectionRefusedError():
            return "refused"
        case (
            ConnectionResetError()
            | BrokenPipeError()
            | http.client.RemoteDisconnected()
            | ssl.SSLEOFError()
        ):
            return "reset"
        case _:
            return type(error).__name__
