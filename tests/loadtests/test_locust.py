"""Locust as people know it: its page, its charts, its files, around an open load."""

from __future__ import annotations

import csv
import socket
from pathlib import Path

import httpx
import pytest

from reprise_loadtests.account import accounts
from reprise_platform.waiting import until
from tests.loadtests.loads import LIMIT_S, Load

_LAG_S = 5.0


@pytest.mark.timeout(180)
def test_a_shape_with_tags_makes_csv_and_html(load: Load) -> None:
    """The shape's rate, the chosen journeys, CSV and HTML with each operation's line."""
    load.profile()
    files = load.folder / "files"
    files.mkdir()
    process = load.start(
        *("--tags", "consult", "manager"),
        *("--csv", str(files / "run"), "--html", str(files / "run.html")),
        locustfile=Path(__file__).with_name("shape.py"),
    )
    assert process.wait(2 * LIMIT_S) == 0, load.log.read_text()
    events = load.history().events
    (told,) = accounts(events)
    assert told.problems(lag_s=_LAG_S) == ()
    assert told.planned > 8
    journeys = {e.value["journey"] for e in events if e.operation == "arrival"}
    assert journeys == {"consult"}
    text = (files / "run_stats.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    logins = [row for row in rows if (row["Type"], row["Name"]) == ("consult", "login")]
    # Locust writes its files every second: its last one may be missing.
    assert 0 < int(logins[0]["Request Count"]) <= told.arrived
    assert (files / "run_stats_history.csv").stat().st_size
    assert "read_known_patient" in (files / "run.html").read_text(encoding="utf-8")


@pytest.mark.timeout(180)
def test_the_web_page_starts_stops_and_starts_again(load: Load) -> None:
    """A run of the page is a schedule of its own; its figures are the operations'."""
    load.profile(rate_per_s=10.0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    process = load.locust(
        *("--web-host", "127.0.0.1", "--web-port", str(port), "--host", load.fake.url),
        *("--load-profile", str(load.folder / "busy.yaml")),
        *("--history", str(load.history_dir)),
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as page:

        def serves() -> bool:
            try:
                return page.get("/").is_success
            except httpx.TransportError:
                return False

        until(serves, within_s=2 * LIMIT_S, every_s=0.2, what="Locust's page")
        for count in (10, 20):
            begun = page.post("/swarm", data={"user_count": "1", "spawn_rate": "1"})
            assert begun.json()["success"]
            load.until_arrived(count)
            names = {row["name"] for row in page.get("/stats/requests").json()["stats"]}
            assert {"login", "Aggregated"} <= names
            assert page.post("/stop").json()["success"]
            load.until_stopped(count // 10)
    process.terminate()
    assert process.wait(LIMIT_S) == 0, load.log.read_text()
    first, second = accounts(load.history().events)
    for told in (first, second):
        assert told.problems(lag_s=_LAG_S) == ()
        assert told.arrived
