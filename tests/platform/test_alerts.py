"""What breaks rings its own alert, and the alert ends when it is whole again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise_loadtests import children, launch
from reprise_platform import prometheus
from reprise_platform.access import Access
from reprise_platform.capabilities import Capabilities, capabilities
from reprise_platform.embedded.layout import Layout
from reprise_platform.errors import PlatformError
from reprise_platform.status import status
from reprise_platform.waiting import until
from reprise_pra.history import Event, JsonValue, read_history

pytestmark = pytest.mark.cluster

# Seconds are what it takes on a machine at rest.
_RINGS_WITHIN_S = 120
_ENDS_WITHIN_S = 240


@pytest.fixture
def power(site_access: Access, layout: Layout) -> Iterator[Capabilities]:
    """Give power; afterwards every machine is on."""
    power = capabilities(site_access)
    yield power
    power.power_on([each.name for each in layout.machines()])


def _ringing(access: Access) -> set[tuple[str, str]]:
    """Return the alerts that fire: name, and the node or zone it is about."""
    return {
        (one.name, one.labels.get("node") or one.labels.get("zone") or "")
        for one in prometheus.firing(access)
        if not one.is_heartbeat
    }


def _rings(access: Access, *wanted: tuple[str, str]) -> None:
    until(
        lambda: set(wanted) <= _ringing(access),
        within_s=_RINGS_WITHIN_S,
        every_s=0.5,
        what=f"alerts {wanted}",
    )


def _ends(access: Access, *names: str) -> None:
    until(
        lambda: not set(names) & {name for name, _ in _ringing(access)},
        within_s=_ENDS_WITHIN_S,
        every_s=0.5,
        what=f"the end of alerts {names}",
    )


def test_everything_is_looked_at(site_access: Access, layout: Layout) -> None:
    """Each server the plan has is a target that answers, and nothing looks lost."""

    def answer() -> bool:
        targets = prometheus.targets(site_access)
        # It finds what is new in its settings within 5 s.
        known = any(one.job == "front-door" for one in targets)
        return known and not any(one.error for one in targets)

    until(answer, within_s=90, every_s=1, what="targets that answer")
    seen = {(one.job, one.instance) for one in prometheus.targets(site_access)}
    nodes = {each.name for plan in layout.topology.clusters for each in plan.nodes}
    assert {name for job, name in seen if job == "kubelet"} == nodes
    doors = {door.name for door in layout.topology.doors}
    assert {name for job, name in seen if job == "haproxy"} == doors
    members = {name for job, name in seen if job == "galera"}
    assert members == {f"galera-{n}" for n in range(layout.site.database.members)}
    jobs = {job for job, _ in seen}
    assert jobs >= {"front-door", "apiserver", "controller-manager", "velero", "store"}
    _ends(site_access, "FrontDoorDown", "GaleraSize", "NodeDown", "ZoneDown")


def test_a_lost_node_rings(site_access: Access, power: Capabilities) -> None:
    """One node of a zone that has two: the node's alert, and not the zone's."""
    power.power_off(["a2"])
    _rings(site_access, ("NodeDown", "a2"))
    assert not {name for name, _ in _ringing(site_access)} & {"ZoneDown"}
    power.power_on(["a2"])
    _ends(site_access, "NodeDown", "NodeNotReady")


def test_a_lost_zone_rings(site_access: Access, power: Capabilities) -> None:
    """The one node of a zone, with its member: the zone's alert and the database's."""
    power.power_off(["c1"])
    _rings(site_access, ("ZoneDown", "c"), ("GaleraSize", ""))
    # What follows from the zone's loss is not told beside it.
    assert ("NodeDown", "c1") not in _ringing(site_access)
    power.power_on(["c1"])
    _ends(site_access, "ZoneDown", "GaleraSize", "NodeDown")


def test_a_closed_front_door_is_told(
    site_access: Access, power: Capabilities, tmp_path: Path
) -> None:
    """Both its machines lost: a drill's sentinel is told of it, and of its opening."""
    history = tmp_path / "history"

    def comes(state: str) -> Event:
        """Wait until that is the latest that was told of the front door."""

        def latest() -> Event | None:
            events = read_history([history / "sentinel.jsonl"]).events
            mine = [
                one
                for one in events
                if one.operation == "alert" and one.value["alert"] == "FrontDoorDown"
            ]
            return mine[-1] if mine and mine[-1].value["state"] == state else None

        return until(
            latest, within_s=_RINGS_WITHIN_S, every_s=0.2, what=f"FrontDoorDown {state}"
        )

    sentinel = launch.start_sentinel(site_access, history, alert="FrontDoorDown")
    try:
        launch.await_watch(sentinel, site_access, history)
        cut_ns = time.monotonic_ns()
        power.power_off(["front-1", "front-2"])
        fired = comes("firing")
        power.power_on(["front-1", "front-2"])
        comes("resolved")
    finally:
        assert children.stop(sentinel) == {"sentinel": 0}
    since_ns = fired.value["since_ns"]
    assert isinstance(since_ns, int)
    assert cut_ns < since_ns < fired.at_ns


def test_a_lost_watch_is_told(
    site_access: Access, power: Capabilities, tmp_path: Path
) -> None:
    """The machine that watches dies: soon no quiet is believed, until it is back."""
    history = tmp_path / "history"

    def kept() -> list[JsonValue]:
        events = read_history([history / "sentinel.jsonl"]).events
        return [one.value["kept"] for one in events if one.operation == "watch"]

    sentinel = launch.start_sentinel(site_access, history, alert="FrontDoorDown")
    try:
        launch.await_watch(sentinel, site_access, history)
        power.power_off(["observability"])
        within_s = 60
        until(
            lambda: kept() == [True, False], within_s=within_s, every_s=0.5, what="loss"
        )
        power.power_on(["observability"])
        until(lambda: kept()[-1], within_s=_RINGS_WITHIN_S, every_s=0.5, what="watch")
    finally:
        children.stop(sentinel)


def test_a_watcher_that_dies_is_told_and_comes_back(
    site_access: Access, power: Capabilities
) -> None:
    """Without its machine nothing is said to be well; with it, all is watched as before."""
    power.power_off(["observability"])
    with pytest.raises(PlatformError, match="is machine `observability` on"):
        prometheus.targets(site_access)
    assert not prometheus.beats(site_access)
    power.power_on(["observability"])

    def watched() -> bool:
        try:
            found = prometheus.firing(site_access)
        except PlatformError:
            return False
        return any(one.labels.get("watches") == "FrontDoorDown" for one in found)

    until(watched, within_s=90, every_s=0.5, what="the front door watched again")
    until(
        lambda: (
            {"Prometheus", "Alertmanager"}
            <= {each.what for each in status(site_access.site) if each.works}
        ),
        within_s=30,
        every_s=1,
        what="status to say so",
    )
