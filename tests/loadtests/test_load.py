"""The load as a drill runs it: real Locust processes against a server that fails."""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import signal
from typing import Any

import pytest

from reprise_loadtests.metadata import needs
from reprise_loadtests.profile import load_profile
from reprise_pra.history import Kind
from tests.loadtests.loads import LIMIT_S, Load, completion, planned, uncompleted


def test_a_full_house_turns_arrivals_away_and_says_so(load: Load, mode: Any) -> None:
    """Beyond the limit an arrival is a failed operation; none is merely missing."""
    profile = load_profile(load.profile(max_live=3, timeout_s=2.0))
    process = load.start("--duration-s", "4")
    with load.fake.failing(mode.WORK):
        start_ns = load.until_begun(then_s=0.2)
    with load.fake.failing(mode.FREEZE):
        assert process.wait(LIMIT_S) == 0
    events = load.history().events
    arrivals_seen = [event for event in events if event.operation == "arrival"]
    assert len(arrivals_seen) == len(planned(profile, duration_s=4))
    away = [event for event in arrivals_seen if event.value["turned_away"]]
    assert away
    assert all(event.kind is Kind.FAIL for event in away)
    assert all(event.kind is Kind.OK for event in arrivals_seen if event not in away)
    stopped = events[-1]
    assert stopped.operation == "load_stopped"
    assert stopped.value["turned_away"] == len(away)
    assert start_ns < stopped.at_ns


def test_a_killed_load_leaves_a_whole_ledger(load: Load) -> None:
    """SIGKILL in mid-load: every object the server has was announced, none is torn off."""
    load.profile(rate_per_s=25.0)
    process = load.start()
    load.until_begun()
    load.until_stored(20)
    process.send_signal(signal.SIGKILL)
    process.wait(LIMIT_S)
    history = load.history()
    announced = {
        event.value["uuid"]
        for event in history.events
        if event.kind is Kind.INVOKE and "digest" in event.value
    }
    stored = load.stored()
    assert len(stored) >= 20
    assert stored <= announced
    # One operation of each journey may be under way, never two.
    under_way = [op_id.partition(".")[0] for op_id in uncompleted(history)]
    assert len(under_way) == len(set(under_way))
    acknowledged = {
        event.value["uuid"]
        for event in history.events
        if event.kind is Kind.INVOKE
        and "digest" in event.value
        and completion(history, event) is Kind.OK
    }
    assert acknowledged <= stored
    assert not any(event.operation == "load_stopped" for event in history.events)


def test_a_stopped_load_leaves_nothing_unknown(load: Load) -> None:
    """SIGTERM: operations under way end, the end is recorded, the exit code is 0."""
    load.profile(rate_per_s=15.0)
    process = load.start()
    load.until_begun(then_s=2.0)
    process.terminate()
    assert process.wait(LIMIT_S) == 0
    history = load.history()
    assert not uncompleted(history)
    assert not history.torn
    assert history.events[-1].operation == "load_stopped"
    assert history.events[-1].value["crashed"] == 0


def test_a_wrong_password_stops_the_load_before_it_starts(load: Load) -> None:
    """A refused login is told in a line, with a failing exit code and no history."""
    load.profile()
    load.credentials_file.write_text('{"username": "clerk", "password": "wrong"}')
    process = load.start()
    assert process.wait(LIMIT_S) == 1
    text = load.log.read_text()
    assert "does not accept user 'clerk'" in text
    assert "Traceback" not in text
    assert "wrong" not in text
    assert not load.history_dir.exists()


@pytest.mark.parametrize("what", ["encountertype", "concept"])
def test_what_the_site_lacks_is_named(load: Load, what: str) -> None:
    """A missing object of OpenMRS' metadata stops the load, by name."""
    (needed, *_) = [item for item in needs() if item.path.startswith(what)]
    load.profile()
    load.fake.missing.add(needed.path.rpartition("/")[2])
    process = load.start()
    assert process.wait(LIMIT_S) == 1
    assert needed.what in load.log.read_text()
