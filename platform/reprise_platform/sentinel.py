"""The sentinel: listens for a site's alerts, and writes those of a drill into its history.

`python -m reprise_platform.sentinel` is where Alertmanager's webhook leads. It writes
`watch` when what `--alert` names is heard to be watched (`kept` false when no more), and
`alert` when an alert begins to fire or has resolved: the instant is its arrival here.
"""

from __future__ import annotations

import argparse
import hmac
import http.server
import json
import signal
import sys
import threading
import time
import urllib.parse
from http import HTTPStatus
from pathlib import Path

from reprise_platform import prometheus
from reprise_platform.errors import PlatformError
from reprise_platform.hearing import Heard, Hearing, Notification
from reprise_pra.history import Kind, Recorder

_TICK_S = 0.5
_BODY_MOST = 4 << 20
_REQUEST_WITHIN_S = 10


class Sentinel:
    """Takes notifications from several threads, and writes what they change."""

    def __init__(
        self, recorder: Recorder, asked: prometheus.Reached | None, *, alert: str
    ) -> None:
        """Write to `recorder`; `asked` says since when an alert has been true."""
        self._recorder = recorder
        self._asked = asked
        self._hearing = Hearing(alert)
        self._lock = threading.Lock()

    def take(self, notification: Notification) -> None:
        """Write what a notification changes."""
        at_ns = time.monotonic_ns()
        with self._lock:
            heard = self._hearing.heard(notification.alerts, at_ns=at_ns)
            since = self._since(heard)
            for one in heard:
                self._write(one, at_ns=at_ns, since_ns=since.get(one.alert))

    def pass_time(self) -> None:
        """Write what silence changes."""
        at_ns = time.monotonic_ns()
        with self._lock:
            for one in self._hearing.passed(at_ns=at_ns):
                self._write(one, at_ns=at_ns, since_ns=None)

    def _since(self, heard: tuple[Heard, ...]) -> dict[str, int]:
        """Return since when what fires has been true, by alert: before it first rang.

        Alertmanager only knows when it rang. Who cannot be asked tells nothing.
        """
        if self._asked is None or not any(one.state == "firing" for one in heard):
            return {}
        try:
            active = prometheus.active_since(self._asked)
        except PlatformError as error:
            sys.stderr.write(f"{error}\n")
            return {}
        offset_ns = time.time_ns() - time.monotonic_ns()
        return {
            name: round(instant.timestamp() * 1e9) - offset_ns
            for name, instant in active.items()
        }

    def _write(self, one: Heard, *, at_ns: int, since_ns: int | None) -> None:
        self._recorder.record(
            Kind.OK,
            one.operation,
            f"{one.alert}-{one.operation}-{at_ns}",
            one.value(since_ns),
            at_ns=at_ns,
        )


class Listener(http.server.ThreadingHTTPServer):
    """The webhook, on the address that Alertmanager was given."""

    daemon_threads = True

    def __init__(self, url: str, token: str, sentinel: Sentinel) -> None:
        """Listen at `url`; only who shows `token` is heard.

        Raises:
            OSError: the address is not this machine's, or is taken.
        """
        parts = urllib.parse.urlsplit(url)
        self.path = parts.path or "/"
        self.shown = f"Bearer {token}".encode()
        self.sentinel = sentinel
        super().__init__((parts.hostname or "", parts.port or 80), _Handler)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Listener
    protocol_version = "HTTP/1.1"
    timeout = _REQUEST_WITHIN_S

    def do_POST(self) -> None:
        shown = self.headers.get("Authorization", "").encode()
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _BODY_MOST:
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        body = self.rfile.read(int(length))
        if not hmac.compare_digest(shown, self.server.shown):
            self._answer(HTTPStatus.UNAUTHORIZED)
        elif self.path != self.server.path:
            self._answer(HTTPStatus.NOT_FOUND)
        else:
            try:
                notification = Notification.model_validate(json.loads(body))
            except ValueError as error:
                sys.stderr.write(f"not Alertmanager's notification: {error}\n")
                self._answer(HTTPStatus.BAD_REQUEST)
                return
            self.server.sentinel.take(notification)
            self._answer(HTTPStatus.OK)

    def _answer(self, status: HTTPStatus) -> None:
        self.close_connection = status is not HTTPStatus.OK
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
        """Say nothing: a notification every second is no news."""


def main(arguments: list[str] | None = None) -> int:
    """Listen until SIGTERM or SIGINT; 0 after a clean end, 1 with the reason otherwise."""
    parser = argparse.ArgumentParser(prog="python -m reprise_platform.sentinel")
    parser.add_argument("--listen", required=True, help="http://HOST:PORT/PATH")
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--alert", required=True, help="the alert whose watch is told")
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--prometheus", default="", help="its URL")
    parser.add_argument("--credentials", type=Path, help="its login, JSON")
    parser.add_argument("--authority", type=Path, help="who signs its certificate, PEM")
    given = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    asked = prometheus.Reached(
        prometheus=given.prometheus,
        alertmanager="",
        credentials=given.credentials,
        authority=given.authority,
    )
    with Recorder(given.history, "sentinel") as recorder:
        sentinel = Sentinel(
            recorder, asked if given.prometheus else None, alert=given.alert
        )
        try:
            token = given.token_file.read_text(encoding="ascii").strip()
            listener = Listener(given.listen, token, sentinel)
        except OSError as error:
            sys.stderr.write(f"{given.listen}: {error}\n")
            return 1
        with listener:
            threading.Thread(target=listener.serve_forever, daemon=True).start()
            while not stop.wait(_TICK_S):
                sentinel.pass_time()
            listener.shutdown()
        recorder.record(Kind.OK, "load_stopped", "load_stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
