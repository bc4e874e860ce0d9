"""A small OpenMRS in memory, over real sockets, that can be told to fail."""

from __future__ import annotations

import base64
import contextlib
import enum
import itertools
import json
import socket
import struct
import threading
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from reprise_loadtests.credentials import Credentials
from reprise_platform import openmrs
from tests.loadtests.booking import Books
from tests.loadtests.clinic import Clinic
from tests.loadtests.loads import Load

USERNAME, PASSWORD = "clerk", "Synthetic-1"
Json = dict[str, Any]


class Mode(enum.Enum):
    """What the server does with the requests it gets."""

    WORK = "work"
    FREEZE = "freeze"  # hold every request, answer it after the thaw
    ERROR = "error"  # answer 500 at once
    RESET = "reset"  # read the request, then reset the connection
    DROP = "drop"  # do what is asked, then reset the connection instead of answering
    NOT_DEPLOYED = "not deployed"  # Tomcat without OpenMRS: 404 pages


class FakeOpenmrs:
    """The server: `url`, what it stores, and `mode`."""

    def __init__(self) -> None:
        self.mode = Mode.WORK
        self.thawed = threading.Event()
        self.sessions: set[str] = set()
        self.objects: dict[str, dict[str, Json]] = {
            "patient": {},
            "visit": {},
            "encounter": {},
            "obs": {},
        }
        self.missing: set[str] = set()
        self.books = Books()
        self.books.patients = self.objects["patient"]
        self.requests: list[tuple[float, str, str]] = []
        self.search_works = True
        self.lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._server: _Server | None = None
        self._port = 0
        self.listen()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def listen(self) -> None:
        """Accept connections, on the same port as before."""
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,)).start()

    def refuse(self) -> None:
        """Close the listening socket and every connection."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.close_connections()
            self._server = None

    @contextlib.contextmanager
    def failing(self, mode: Mode) -> Iterator[None]:
        """Fail in this way for a while."""
        self.thawed.clear()
        self.mode = mode
        try:
            yield
        finally:
            self.mode = Mode.WORK
            self.thawed.set()

    def close(self) -> None:
        """Let everyone go."""
        self.mode = Mode.WORK
        self.thawed.set()
        self.refuse()

    def number(self) -> str:
        """Generate a patient's number."""
        return f"{next(self._numbers):06d}X"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], fake: FakeOpenmrs) -> None:
        self.fake = fake
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def close_connections(self) -> None:
        for connection in tuple(self.connections):
            _reset(connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is not worth a trace."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    _content: bytes

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        fake = self.server.fake
        length = int(self.headers.get("Content-Length", 0))
        self._content = self.rfile.read(length)
        kind = self.headers.get("Content-Type", "")
        body = json.loads(self._content or "{}") if "json" in kind else {}
        with fake.lock:
            fake.requests.append((time.monotonic(), self.command, self.path))
        mode = fake.mode
        if mode is Mode.FREEZE:
            fake.thawed.wait(60)
        if mode is Mode.ERROR:
            self._send(500, {"error": {"message": "told to fail"}})
            return
        if mode is Mode.NOT_DEPLOYED:
            self._send_bytes(404, b"<html>Not Found</html>", "text/html")
            return
        if mode is Mode.RESET:
            self._cut()
            return
        with fake.lock:
            status, answer, cookie = self._answer(body)
        if mode is Mode.DROP:
            self._cut()
            return
        self._send(status, answer, cookie)

    def _answer(self, body: Json) -> tuple[int, Any, str | None]:  # noqa: PLR0911
        fake = self.server.fake
        path = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(path.query)
        assert path.path.startswith(openmrs.REST_PATH), path.path
        resource, _, rest = path.path.removeprefix(openmrs.REST_PATH + "/").partition(
            "/"
        )
        basic = self.headers.get("Authorization", "").removeprefix("Basic ")
        known = basic == base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        cookie = self.headers.get("Cookie", "").removeprefix("JSESSIONID=")
        if cookie and cookie not in fake.sessions:
            return 401, _error("Session timed out"), None
        if resource == "session":
            if not known and not cookie:
                return 200, {"authenticated": False}, None
            session = uuid.uuid4().hex
            fake.sessions.add(session)
            return 200, {"authenticated": True, **fake.books.user()}, session
        if not known and not cookie:
            return 401, _error("User is not logged in"), None
        if resource == "idgen":
            return 201, {"identifier": fake.number()}, None
        if resource in fake.objects:
            if self.command == "POST":
                return (*self._post(resource, rest, body), None)
            return (*self._get(resource, rest, query), None)
        if (answered := self._of_books(resource, rest, query, body)) is not None:
            return (*answered, None)
        if rest in fake.missing:
            return 404, _error("Object with given uuid doesn't exist"), None
        return 200, {"uuid": rest}, None

    def _of_books(  # noqa: PLR0911
        self, resource: str, rest: str, query: dict[str, list[str]], body: Json
    ) -> tuple[int, Any] | None:
        fake = self.server.fake
        if resource == "appointment":
            return fake.books.appointment(self.command, rest, query, body)
        if resource == "appointments":
            return fake.books.appointments_path(rest, body)
        if resource == "attachment":
            head = f"Content-Type: {self.headers.get('Content-Type')}\r\n\r\n"
            form = head.encode() + self._content
            return fake.books.attachment(self.command, rest, query, form)
        if resource == "appointmentService" and rest == "all/default":
            return 200, fake.books.services
        if self.command == "POST":
            status, answer = fake.books.create(resource, body)
            fake.missing.discard(str(body.get("uuid")))
            return status, answer
        if resource == "location" and not rest:
            return fake.books.list_locations(query)
        return None

    def _post(self, resource: str, rest: str, body: Json) -> tuple[int, Json]:
        fake = self.server.fake
        stored = fake.objects[resource]
        if rest:
            if rest not in stored:
                return 500, _error("unknown")
            stored[rest] |= body
            return 200, stored[rest]
        uuid_ = body.setdefault("uuid", str(uuid.uuid4()))
        if uuid_ in stored:
            return 500, _error("Duplicate entry for key uuid")
        if resource == "visit" and any(
            visit["patient"]["uuid"] == body["patient"] and not visit["stopDatetime"]
            for visit in stored.values()
        ):
            return 400, _error("Invalid Submission")
        stored[uuid_] = _shown(resource, body)
        return 201, stored[uuid_]

    def _get(
        self, resource: str, rest: str, query: dict[str, list[str]]
    ) -> tuple[int, Json]:
        stored = self.server.fake.objects[resource]
        if rest:
            if rest in stored:
                return 200, stored[rest]
            return 404, _error("Object with given uuid doesn't exist")
        if resource == "patient":
            words = query["q"][0].lower().split()
            found = [
                {"uuid": patient["uuid"]}
                for patient in stored.values()
                if self.server.fake.search_works
                and all(word in patient["display"].lower() for word in words)
            ]
            return 200, {"results": found[:50]}
        return 200, {
            "results": [
                item
                for item in stored.values()
                if item["patient"]["uuid"] == query["patient"][0]
                and not item.get("stopDatetime")
            ]
        }

    def _cut(self) -> None:
        _reset(self.connection)
        self.close_connection = True

    def _send(self, status: int, answer: object, cookie: str | None = None) -> None:
        if isinstance(answer, bytes):
            self._send_bytes(status, answer, "application/pdf", cookie)
            return
        payload = b"" if answer is None else json.dumps(answer).encode()
        self._send_bytes(status, payload, "application/json", cookie)

    def _send_bytes(
        self, status: int, payload: bytes, kind: str, cookie: str | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(payload)))
        if self.headers.get("Connection") == "close":
            self.send_header("Connection", "close")
            self.close_connection = True
        if cookie:
            self.send_header("Set-Cookie", f"JSESSIONID={cookie}; Path=/; HttpOnly")
        self.end_headers()
        self.wfile.write(payload)


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Lingering for no time makes closing send a reset.
        connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        connection.shutdown(socket.SHUT_RD)
        connection.close()


def _error(message: str) -> Json:
    return {"error": {"message": f"[{message}]", "code": "fake:1", "detail": ""}}


def _shown(resource: str, body: Json) -> Json:
    """Show an object as OpenMRS does: numbers as doubles, references as objects."""
    if resource == "patient":
        person = body["person"]
        name = person["names"][0]
        (identifier,) = body["identifiers"]
        number = identifier["identifier"]
        return {
            "uuid": body["uuid"],
            "display": f"{number} - {name['givenName']} {name['familyName']}",
            "identifiers": [
                {
                    "identifier": number,
                    "identifierType": {"uuid": identifier["identifierType"]},
                    "voided": False,
                }
            ],
            "person": {
                "gender": person["gender"],
                "birthdate": f"{person['birthdate']}T00:00:00.000+0000",
                "preferredName": name,
            },
            "voided": False,
        }
    if resource == "visit":
        return {
            "uuid": body["uuid"],
            "patient": {"uuid": body["patient"]},
            "visitType": {"uuid": body["visitType"]},
            "location": {"uuid": body["location"]},
            "startDatetime": time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime()),
            "stopDatetime": None,
            "voided": False,
        }
    if resource == "encounter":
        return {
            "uuid": body["uuid"],
            "patient": {"uuid": body["patient"]},
            "encounterType": {"uuid": body["encounterType"]},
            "obs": [_shown_obs(obs) for obs in body["obs"]],
            "voided": False,
        }
    return {"uuid": body["uuid"], "value": float(body["value"])}


def _shown_obs(obs: Json) -> Json:
    members = obs.get("groupMembers")
    value = obs.get("value")
    return {
        "concept": {"uuid": obs["concept"]},
        "value": float(value) if isinstance(value, int) else value,
        "groupMembers": members and [_shown_obs(member) for member in members],
        "voided": False,
    }


@pytest.fixture
def fake() -> Iterator[FakeOpenmrs]:
    """A server that works until it is told otherwise."""
    server = FakeOpenmrs()
    yield server
    server.close()


@pytest.fixture
def mode() -> type[Mode]:
    """The ways in which the server fails."""
    return Mode


@pytest.fixture
def credentials() -> Credentials:
    """A user the server knows."""
    return Credentials(username=USERNAME, password=PASSWORD)


@pytest.fixture
def credentials_file(tmp_path: Path) -> Path:
    """The same, in a file as a site gives it."""
    path = tmp_path / "clinic.json"
    path.write_text(json.dumps({"username": USERNAME, "password": PASSWORD}))
    return path


@pytest.fixture
def load(fake: FakeOpenmrs, credentials_file: Path, tmp_path: Path) -> Iterator[Load]:
    """A load that leaves no process behind."""
    made = Load(fake, credentials_file, tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.wait()


@pytest.fixture
def clinic(
    fake: FakeOpenmrs, credentials: Credentials, tmp_path: Path
) -> Iterator[Clinic]:
    """A clinic that knows three patients."""
    opened = Clinic(fake, credentials, tmp_path / "history")
    yield opened
    for wire in opened.wires:
        wire.close()
    opened.recorder.close()
