"""An open load: what the server does changes nothing of who arrives, and when.

REPRISE_TEST_FREEZE_S=30 freezes the server for as long as a site's would be; by default
a few seconds tell the same.
"""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import dataclasses
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from reprise_loadtests import launch
from reprise_loadtests.account import accounts
from reprise_loadtests.account import main as account
from reprise_loadtests.errors import LoadError
from reprise_loadtests.profile import load_profile
from reprise_loadtests.schedule import NS_PER_S
from reprise_pra.history import Event, Kind
from tests.loadtests.loads import LIMIT_S, Load, integer, latencies, planned, wait_for

_FREEZE_S = float(os.environ.get("REPRISE_TEST_FREEZE_S", "3"))
_BEFORE_S = 1.5
_AFTER_S = 2.0
_LASTS_S = _BEFORE_S + _FREEZE_S + _AFTER_S
_LAG_S = 1.0


def _freeze(
    load: Load,
    mode: Any,
    *,
    locustfile: Path = launch.LOCUSTFILE,
    rate_per_s: float = 6.0,
) -> tuple[int, int, int]:
    """Play a load whose server freezes; return the schedule's origin, freeze and thaw."""
    load.profile(rate_per_s=rate_per_s, timeout_s=_FREEZE_S + 20)
    process = load.start("--duration-s", str(_LASTS_S), locustfile=locustfile)
    start_ns = load.until_begun(then_s=_BEFORE_S)
    frozen_ns = time.monotonic_ns()
    with load.fake.failing(mode.FREEZE):
        wait_for(start_ns + round((_BEFORE_S + _FREEZE_S) * NS_PER_S))
        thawed_ns = time.monotonic_ns()
    assert process.wait(LIMIT_S) == 0
    return start_ns, frozen_ns, thawed_ns


@pytest.mark.timeout(120 + 2 * _FREEZE_S)
def test_a_frozen_server_meets_every_arrival_and_shows_its_freeze(
    load: Load, mode: Any
) -> None:
    """Nothing is answered for seconds: all arrive as drawn, latencies tell the wait."""
    start_ns, frozen_ns, thawed_ns = _freeze(load, mode)
    profile = load_profile(load.folder / "busy.yaml")
    due = {
        arrival.instance: start_ns + arrival.offset_ns
        for arrival in planned(profile, duration_s=_LASTS_S)
    }
    events = load.history().events
    (told,) = accounts(events)
    assert (told.planned, told.arrived) == (len(due), len(due))
    # A busy machine may delay some arrivals; the freeze must not.
    assert told.problems(lag_s=_LAG_S) == ()
    assert account(["--history", str(load.history_dir)]) == 0
    assert sum(frozen_ns < at < thawed_ns for at in due.values()) > 2 * _FREEZE_S
    logins = latencies(events, "login")
    for instance, intended_ns in due.items():
        if frozen_ns < intended_ns < thawed_ns:
            assert logins[instance] >= thawed_ns - intended_ns
    last = max(due)
    assert logins[last] < NS_PER_S
    assert max(logins.values()) > 0.8 * _FREEZE_S * NS_PER_S
    assert all(event.kind is not Kind.INFO for event in events)


@pytest.mark.timeout(120 + 2 * _FREEZE_S)
def test_a_closed_load_is_found_out(load: Load, mode: Any) -> None:
    """Journeys that wait for one another stop arriving while the server is frozen."""
    closed = Path(__file__).with_name("closed.py")
    _freeze(load, mode, locustfile=closed, rate_per_s=2.0)
    (told,) = accounts(load.history().events)
    assert any("late (p99)" in problem for problem in told.problems(lag_s=_LAG_S))
    assert account(["--history", str(load.history_dir)]) == 1


def test_an_account_names_what_is_wrong(load: Load) -> None:
    """An arrival left out, told twice, moved, or an event without intent: each is named."""
    load.profile(rate_per_s=20.0)
    process = load.start("--duration-s", "2")
    assert process.wait(LIMIT_S) == 0
    events = load.history().events
    arrived = [event for event in events if event.operation == "arrival"]
    chosen = random.Random(3).choice(arrived)
    instance = integer(chosen, "instance")
    without = tuple(event for event in events if event is not chosen)

    def told(*instead: Event) -> tuple[str, ...]:
        (one,) = accounts((*without, *instead))
        return one.problems(lag_s=_LAG_S)

    moved = {**chosen.value, "intended_ns": integer(chosen, "intended_ns") + 1}
    silent = {k: v for k, v in chosen.value.items() if k != "intended_ns"}
    assert told(chosen) == ()
    assert told() == (f"1 arrivals of the schedule are not accounted for: {instance}",)
    assert told(chosen, chosen) == (
        f"1 arrivals are recorded more than once: {instance}",
    )
    assert told(dataclasses.replace(chosen, value=moved)) == (
        f"1 arrivals are not those of the schedule: {instance}",
    )
    assert "1 events do not say their intended_ns" in told(
        dataclasses.replace(chosen, value=silent)
    )
    with pytest.raises(LoadError, match="no schedule was begun"):
        accounts(())
