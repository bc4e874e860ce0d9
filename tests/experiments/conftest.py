"""A fake site with a front door that answers."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import override

import pytest

from reprise_experiments.site import Site, reach
from reprise_experiments.testing import World, world


class _Door(http.server.BaseHTTPRequestHandler):
    """Answers every read as OpenMRS answers a search that finds nobody."""

    def do_GET(self) -> None:
        """Answer."""
        body = b'{"results": []}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a fake site that other processes can reach too."""
    monkeypatch.setenv("REPRISE_TESTING", "1")
    return world(tmp_path / "world")


@pytest.fixture
def site(fake: World) -> Site:
    """Return the fake site as experiments reach it."""
    return reach(fake.site_name)


@pytest.fixture
def door(fake: World) -> Iterator[str]:
    """Open the fake site's front door."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    (fake.folder / "front_door").write_text(url, encoding="utf-8")
    yield url
    server.shutdown()
    server.server_close()
    thread.join()
