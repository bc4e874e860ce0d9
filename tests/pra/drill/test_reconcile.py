"""Every write that may exist is looked for, and what each answer says."""

from __future__ import annotations

import collections
import http.server
import json
import socket
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from reprise_loadtests.content import ClinicalType, VisitContent
from reprise_loadtests.digest import digest_sent
from reprise_loadtests.readback import ReadBack
from reprise_platform import openmrs as openmrs_constants
from reprise_pra.drill import reconcile as module
from reprise_pra.drill.reconcile import Reconciled, Write, reconcile, writes_to_read
from reprise_pra.history import Event, JsonValue, Kind, Recorder, read_history

VISIT = VisitContent(patient="p", visit_type="t", location="l")
BODY = {
    "uuid": "u",
    "patient": {"uuid": "p"},
    "visitType": {"uuid": "t"},
    "location": {"uuid": "l"},
    "voided": False,
}


class OpenMRS(http.server.ThreadingHTTPServer):
    """Answers each path with its list of answers, one a request, the last for ever."""

    daemon_threads = True

    def __init__(self, answers: Mapping[str, list[tuple[int, object]]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.asked: collections.Counter[str] = collections.Counter()
        self.authorizations: set[str | None] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: OpenMRS
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer from the list."""
        server, url = self.server, urllib.parse.urlsplit(self.path)
        searched = urllib.parse.parse_qs(url.query).get("identifier")
        uuid = f"identifier={searched[0]}" if searched else url.path.rpartition("/")[2]
        server.authorizations.add(self.headers["Authorization"])
        answers = server.answers[uuid]
        status, body = answers[min(server.asked[uuid], len(answers) - 1)]
        server.asked[uuid] += 1
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


NO_SUCH = {"error": {"message": "Object with given uuid doesn't exist"}}
ANSWERS: dict[str, list[tuple[int, object]]] = {
    "there": [(200, BODY)],
    "gone": [(404, NO_SUCH)],
    "closed": [(404, "<html>no such page</html>")],
    "elsewhere": [(404, {"message": "no route"})],
    "voided": [(200, {**BODY, "voided": True})],
    "late": [(503, ""), (401, ""), (200, BODY)],
    "never": [(500, "")],
    "garbled": [(200, "<html>")],
    "short": [(200, {"uuid": "short"})],
}


@pytest.fixture
def openmrs() -> Iterator[OpenMRS]:
    """A small OpenMRS on this machine."""
    with OpenMRS(ANSWERS) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0.001)


def write(uuid: str, clinical_type: ClinicalType = "visit") -> Write:
    """Make an object to look for."""
    path = f"/{clinical_type}/{uuid}"
    return Write(clinical_type=clinical_type, uuid=uuid, read_back=ReadBack(path=path))


def read(
    folder: Path,
    url: str,
    *uuids: str,
    within_s: float = 30,
    clinical_type: ClinicalType = "visit",
) -> tuple[Reconciled, dict[str, Event]]:
    """Reconcile; return the counts and each object's last event."""
    told: list[int] = []
    with Recorder(folder, "reconciler") as recorder:
        done = reconcile(
            [write(uuid, clinical_type) for uuid in uuids],
            front_door=url,
            credentials=("user", "password"),
            recorder=recorder,
            within_s=within_s,
            told=told.append,
        )
    assert len(told) == len(uuids)
    events = read_history(folder.glob("*.jsonl")).events
    return done, {str(event.value["uuid"]): event for event in events}


def test_each_answer_says_one_thing(openmrs: OpenMRS, tmp_path: Path) -> None:
    """Found with its digest, absent, voided is absent, and all else says nothing."""
    done, last = read(tmp_path, openmrs.url, *ANSWERS)
    assert done == Reconciled(looked_for=9, found=2, absent=2, unread=5)
    assert last["there"].value["digest"] == digest_sent(VISIT)
    assert last["there"].value["count"] == 1
    assert last["gone"].value["found"] is False
    assert last["voided"].value["found"] is False
    assert last["late"].value["found"] is True
    for uuid in ("never", "garbled", "short", "closed", "elsewhere"):
        assert last[uuid].kind is Kind.INFO
        assert last[uuid].value["reason"]
    assert openmrs.authorizations == {"Basic dXNlcjpwYXNzd29yZA=="}


def patient(uuid: str, *, number: str = "100HK7", voided: bool = False) -> JsonValue:
    """Return a patient as OpenMRS shows one for a read-back."""
    return {
        "uuid": uuid,
        "voided": voided,
        "identifiers": [
            {
                "identifier": number,
                "identifierType": {"uuid": openmrs_constants.IDENTIFIER_TYPE},
                "voided": False,
            }
        ],
        "person": {
            "gender": "F",
            "birthdate": "1950-01-01T00:00:00.000+0000",
            "preferredName": {"familyName": "Le Gall", "givenName": "Anne"},
        },
    }


@pytest.mark.parametrize(
    ("listed", "count"),
    [
        pytest.param([{"uuid": "p1", "voided": False}], 1, id="alone"),
        pytest.param([{"uuid": "p1"}, {"uuid": "p2"}], 2, id="registered twice"),
        pytest.param([{"uuid": "p1"}, {"uuid": "p2", "voided": True}], 1, id="mended"),
        pytest.param([], 1, id="the index lags"),
    ],
)
def test_a_patient_registered_twice_shows(
    openmrs: OpenMRS, tmp_path: Path, listed: list[JsonValue], count: int
) -> None:
    """Two live patients with one identifier are counted; a voided one is none."""
    openmrs.answers = {
        "p1": [(200, patient("p1"))],
        "identifier=100HK7": [(200, {"results": listed})],
    }
    done, last = read(tmp_path, openmrs.url, "p1", clinical_type="patient")
    assert done.found == 1
    assert last["p1"].value["count"] == count


def test_a_search_that_says_nothing_leaves_the_patient_unread(
    openmrs: OpenMRS, tmp_path: Path
) -> None:
    """Who cannot be counted cannot be said to be one: it is tried again, then told."""
    openmrs.answers = {
        "p1": [(200, patient("p1"))],
        "identifier=100HK7": [(503, "busy")],
        "p2": [(200, patient("p2", number="2"))],
        "identifier=2": [(500, {}), (200, {"results": [{"uuid": "p2"}]})],
    }
    done, last = read(tmp_path, openmrs.url, "p1", "p2", clinical_type="patient")
    assert done == Reconciled(looked_for=2, found=1, absent=0, unread=1)
    assert last["p1"].kind is Kind.INFO
    assert "search by identifier" in str(last["p1"].value["reason"])


def test_a_moment_of_trouble_is_tried_again(openmrs: OpenMRS, tmp_path: Path) -> None:
    """A 503 and a 401 of a service that has just started are no answer yet."""
    read(tmp_path, openmrs.url, "late", "never")
    assert openmrs.asked["late"] == 3
    assert openmrs.asked["never"] == 4


def test_nobody_listening_leaves_all_unread(tmp_path: Path) -> None:
    """A front door that is shut says nothing of any write, and nothing is lost by it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done, last = read(tmp_path, url, "a", "b")
    assert done == Reconciled(looked_for=2, found=0, absent=0, unread=2)
    assert last["a"].kind is Kind.INFO


def test_what_is_not_read_in_time_is_unread(openmrs: OpenMRS, tmp_path: Path) -> None:
    """The limit ends the reading, not the drill: what is left has its reason."""
    done, last = read(tmp_path, openmrs.url, "there", within_s=0)
    assert done.unread == 1
    assert "no time" in str(last["there"].value["reason"])


def test_many_writes_are_each_read_once(openmrs: OpenMRS, tmp_path: Path) -> None:
    """Readers side by side share one list: none is skipped, none read twice."""
    names = [f"n{number}" for number in range(300)]
    openmrs.answers = {name: [(200, BODY)] for name in names}
    done, _ = read(tmp_path, openmrs.url, *names)
    assert done.found == 300
    assert set(openmrs.asked.values()) == {1}


def events(folder: Path) -> tuple[Event, ...]:
    """Record one write of every fate, and a read."""
    with Recorder(folder, "load-1") as load:
        for uuid, end in (
            ("ok", Kind.OK),
            ("unknown", Kind.INFO),
            ("refused", Kind.FAIL),
            ("killed", None),
        ):
            value: dict[str, JsonValue] = {
                "type": "visit",
                "uuid": uuid,
                "digest": "d",
                "read_back": {"path": f"/visit/{uuid}"},
            }
            load.record(Kind.INVOKE, "start_visit", uuid, value)
            if end is not None:
                load.record(end, "start_visit", uuid, {})
        load.record(Kind.INVOKE, "read_patient", "r", {"uuid": "x"})
        load.record(Kind.OK, "read_patient", "r", {})
    with Recorder(folder, "load-2") as other:
        # The same op_id in another process is another operation.
        other.record(Kind.FAIL, "search", "ok", {})
    return read_history(folder.glob("*.jsonl")).events


def test_whatever_may_exist_is_looked_for(tmp_path: Path) -> None:
    """Acknowledged, unknown, cut by a kill: all but what was refused for certain."""
    wanted = writes_to_read(events(tmp_path))
    assert [one.uuid for one in wanted] == ["ok", "unknown", "killed"]
    assert wanted[0] == write("ok")
