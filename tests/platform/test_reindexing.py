"""Search made whole again after a restore."""

from __future__ import annotations

import dataclasses
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_platform import openmrs, reindexing
from reprise_platform.access import Access
from reprise_platform.errors import WaitTimeout
from tests.platform import fakecluster


class Door:
    """A front door that answers as it is told, the last answer for ever."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str | None]] = []


@pytest.fixture
def door() -> Door:
    """Return what the door answers."""
    return Door(204)


@pytest.fixture
def site(
    tmp_path: Path, door: Door, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Access]:
    """Return a site with that front door."""
    monkeypatch.setattr(reindexing, "_EVERY_S", 0.01)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            door.asked.append((self.path, self.headers["Authorization"]))
            answers = door.answers
            self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    access = fakecluster.access(tmp_path)
    access.clinic_credentials.write_text('{"username": "u", "password": "p"}')
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        yield dataclasses.replace(access, front_door=url)
        server.shutdown()
        thread.join()


def test_index_is_asked_for_until_it_is_made(site: Access, door: Door) -> None:
    """A door that still leads nowhere is asked again; one that did it is not."""
    door.answers = [503, 401, 204]
    reindexing.rebuild(site, within_s=30)
    asked = (f"{openmrs.REST_PATH}/searchindexupdate", "Basic dTpw")
    assert door.asked == [asked] * 3


def test_a_success_of_another_kind_is_none(site: Access, door: Door) -> None:
    """A page that says 200 is not OpenMRS' answer; the last one is in the message."""
    door.answers = [200]
    with pytest.raises(WaitTimeout, match="searchindexupdate was last answered: 200"):
        reindexing.rebuild(site, within_s=0.1)


def test_nobody_there_is_told(site: Access) -> None:
    """A door that refuses is waited for, and named."""
    with pytest.raises(WaitTimeout, match="last answered: URLError"):
        reindexing.rebuild(
            dataclasses.replace(site, front_door="http://127.0.0.1:1"), within_s=0.1
        )
