"""Who is hit is settled before anything is done."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_experiments.errors import Refused
from reprise_experiments.observe import NodeSeen
from reprise_experiments.targets import (
    BlastRadius,
    Scope,
    Selector,
    parse_selector,
    resolve,
)
from reprise_pra.history import JsonValue

ZONES = {"a": ("a1", "a2"), "b": ("b1",), "c": ("c1",)}
NODES = tuple(
    NodeSeen(
        name=name,
        zone=zone,
        uid=f"uid-{name}",
        address=f"198.18.0.{number}",
        ready=True,
        unschedulable=False,
        taints=(),
    )
    for number, (zone, name) in enumerate(
        (zone, name) for zone, names in ZONES.items() for name in names
    )
)
ONE = BlastRadius(max_nodes=1, max_zones=1)
WIDE = BlastRadius(max_nodes=9, max_zones=9)


def test_named_node_is_resolved_with_zone_and_uid() -> None:
    """A target carries what names it for good."""
    (hit,) = resolve(
        parse_selector({"node": "b1"}), nodes=NODES, zones=ZONES, radius=ONE
    )

    assert (hit.name, hit.zone, hit.uid) == ("b1", "b", "uid-b1")


def test_zone_is_all_its_nodes() -> None:
    """A zone is lost whole or not at all."""
    hits = resolve(parse_selector({"zone": "a"}), nodes=NODES, zones=ZONES, radius=WIDE)

    assert [hit.name for hit in hits] == ["a1", "a2"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({}, "0 ways"),
        ({"node": "a1", "zone": "a"}, "2 ways"),
        ({"node": ""}, "must be a name"),
        ({"node": 3}, "must be a name"),
        ({"node": "a1", "seed": 3}, "no meaning"),
        ({"any_node": True}, "whole number"),
        ({"any_node": True, "seed": "3"}, "whole number"),
        ({"any_node": True, "seed": True}, "whole number"),
        ({"any_node": False, "seed": 3}, "must be true"),
        ({"nod": "a1", "zone": "a"}, "unknown key"),
        ({"site": True}, "0 ways"),
        ({"node": "a1", "bearing": "openmrs"}, "no meaning without any_node"),
        ({"any_zone": True, "seed": 3, "bearing": "openmrs"}, "no meaning without"),
        ({"any_node": True, "seed": 3, "bearing": ""}, "a workload's name"),
    ],
)
def test_wrong_selector_is_refused(raw: dict[str, JsonValue], said: str) -> None:
    """A selector that says nothing, too much or something else is never "everything"."""
    with pytest.raises(Refused, match=said):
        parse_selector(raw)


def _with(name: str, **changes: object) -> tuple[NodeSeen, ...]:
    return tuple(
        dataclasses.replace(node, **changes) if node.name == name else node  # type: ignore[arg-type]
        for node in NODES
    )


@pytest.mark.parametrize(
    ("selector", "nodes", "radius", "said"),
    [
        ({"node": "z9"}, NODES, ONE, "no target"),
        ({"zone": "z"}, NODES, ONE, "no target"),
        ({"zone": "a"}, NODES, ONE, "2 nodes, at most 1"),
        ({"zone": "b"}, NODES, BlastRadius(max_nodes=1, max_zones=0), "1 zones"),
        ({"node": "b1"}, NODES[:2], ONE, "not in the cluster"),
        ({"node": "b1"}, _with("b1", ready=False), ONE, "already NotReady"),
        ({"node": "b1"}, _with("b1", zone="c"), ONE, "says zone 'c'"),
    ],
)
def test_wrong_target_is_refused(
    selector: dict[str, JsonValue],
    nodes: tuple[NodeSeen, ...],
    radius: BlastRadius,
    said: str,
) -> None:
    """No target, too many, one that is not there or already down: refused."""
    with pytest.raises(Refused, match=said):
        resolve(parse_selector(selector), nodes=nodes, zones=ZONES, radius=radius)


def test_every_zone_is_refused_whatever_the_radius() -> None:
    """A site of one zone has no zone to lose."""
    with pytest.raises(Refused, match="every zone"):
        resolve(
            parse_selector({"zone": "b"}),
            nodes=NODES,
            zones={"b": ("b1",)},
            radius=WIDE,
        )


def test_site_is_every_node() -> None:
    """The disaster alone may hit everything, and says so by its scope."""
    hits = resolve(Selector(scope=Scope.SITE), nodes=NODES, zones=ZONES, radius=WIDE)

    assert [hit.name for hit in hits] == ["a1", "a2", "b1", "c1"]


@given(
    seed=st.integers(),
    scope=st.sampled_from(["any_node", "any_zone"]),
    max_nodes=st.integers(0, 4),
    max_zones=st.integers(0, 3),
)
def test_drawn_target_is_repeatable_and_inside_the_radius(
    seed: int, scope: str, max_nodes: int, max_zones: int
) -> None:
    """One seed names one target, and the radius is never passed: it is refused."""
    selector = parse_selector({scope: True, "seed": seed})
    radius = BlastRadius(max_nodes=max_nodes, max_zones=max_zones)
    try:
        hits = resolve(selector, nodes=NODES, zones=ZONES, radius=radius)
    except Refused:
        return
    again = resolve(selector, nodes=NODES[::-1], zones=ZONES, radius=radius)

    assert hits == again
    assert 1 <= len(hits) <= max_nodes
    assert 1 <= len({hit.zone for hit in hits}) <= max_zones


def test_some_seed_draws_each_node() -> None:
    """The draw reaches everybody: no node is safe by construction."""
    drawn = {
        resolve(
            parse_selector({"any_node": True, "seed": seed}),
            nodes=NODES,
            zones=ZONES,
            radius=ONE,
        )[0].name
        for seed in range(50)
    }

    assert drawn == {"a1", "a2", "b1", "c1"}


def test_draw_leaves_out_nodes_that_bear_nothing() -> None:
    """With `bearing`, no seed draws a node to spare: its loss would show nothing."""
    drawn = {
        resolve(
            parse_selector({"any_node": True, "seed": seed, "bearing": "openmrs"}),
            nodes=NODES,
            zones=ZONES,
            radius=ONE,
            bearers=("a2", "b1", "c1"),
        )[0].name
        for seed in range(50)
    }

    assert drawn == {"a2", "b1", "c1"}


def test_nothing_borne_is_refused() -> None:
    """A workload that stands nowhere is no leave to hit any node."""
    selector = parse_selector({"any_node": True, "seed": 1, "bearing": "openmrs"})
    with pytest.raises(Refused, match="no node bears a Ready pod of openmrs"):
        resolve(selector, nodes=NODES, zones=ZONES, radius=ONE)
