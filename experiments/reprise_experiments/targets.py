"""Who is hit: named nodes and zones, settled before anything is done.

A selector that finds nothing, or more than the blast radius allows, is a refusal. In most
tools an empty selector means "everything" or "nothing, and success"; here it means no.
"""

from __future__ import annotations

import dataclasses
import enum
import random
from collections.abc import Collection, Mapping

from reprise_experiments.errors import Refused
from reprise_experiments.observe import NodeSeen
from reprise_pra.history import JsonValue


class Scope(enum.StrEnum):
    """How a selector names its targets."""

    NODE = "node"
    ZONE = "zone"
    ANY_NODE = "any_node"
    ANY_ZONE = "any_zone"
    SITE = "site"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """One way of naming targets; `name` for `node` and `zone`, `seed` for the drawn ones.

    Attributes:
        bearing: draw among the nodes that bear a Ready pod of this workload; empty: all.
            The loss of a node that bears nothing of the service would show nothing.
    """

    scope: Scope
    name: str = ""
    seed: int = 0
    bearing: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlastRadius:
    """The most that one fault may hit; all zones at once is never allowed."""

    max_nodes: int
    max_zones: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One node that will be hit, as it was seen before."""

    name: str
    zone: str
    uid: str
    address: str


_SHAPES = (
    "{node: NAME}, {zone: NAME}, {any_node: true, seed: NUMBER},"
    " {any_node: true, seed: NUMBER, bearing: WORKLOAD}, {any_zone: true, seed: NUMBER}"
)


def parse_selector(raw: Mapping[str, JsonValue]) -> Selector:
    """Parse a selector as experiments write it.

    Raises:
        Refused: it is none of the accepted shapes; all problems are named at once.
    """
    scopes = [
        scope for scope in Scope if scope is not Scope.SITE and scope.value in raw
    ]
    known = {scope.value for scope in scopes} | {"seed", "bearing"}
    problems = [f"unknown key {key!r}" for key in raw if key not in known]
    if len(scopes) != 1:
        problems.append(f"{len(scopes)} ways of naming targets, 1 is needed")
        raise Refused(_refusal(raw, problems))
    (scope,) = scopes
    value, seed = raw[scope.value], raw.get("seed", 0)
    drawn = scope in {Scope.ANY_NODE, Scope.ANY_ZONE}
    if drawn and value is not True:
        problems.append(f"{scope.value} must be true")
    if drawn and (type(seed) is not int or "seed" not in raw):
        problems.append("seed must be a whole number")
    if not drawn and (not isinstance(value, str) or not value):
        problems.append(f"{scope.value} must be a name")
    if not drawn and "seed" in raw:
        problems.append("seed has no meaning with a name")
    bearing = raw.get("bearing", "")
    if "bearing" in raw and scope is not Scope.ANY_NODE:
        problems.append("bearing has no meaning without any_node")
    if "bearing" in raw and (not isinstance(bearing, str) or not bearing):
        problems.append("bearing must be a workload's name")
    if problems:
        raise Refused(_refusal(raw, problems))
    if drawn:
        return Selector(
            scope=scope,
            seed=seed if isinstance(seed, int) else 0,
            bearing=str(bearing),
        )
    return Selector(scope=scope, name=str(value))


def _refusal(raw: Mapping[str, JsonValue], problems: list[str]) -> str:
    return f"target {dict(raw)}: {'; '.join(problems)}; accepted: {_SHAPES}"


def resolve(
    selector: Selector,
    *,
    nodes: tuple[NodeSeen, ...],
    zones: Mapping[str, tuple[str, ...]],
    radius: BlastRadius,
    bearers: Collection[str] = (),
) -> tuple[Target, ...]:
    """Turn a selector into named targets.

    Args:
        nodes: as they are seen now.
        bearers: the nodes that bear what `selector.bearing` names.
        zones: what the site says its zones are; it must agree with what is seen.

    Raises:
        Refused: no target, more than the radius, every zone, a target that is not there
            or already down (one could not see the fault take).
    """
    seen = {node.name: node for node in nodes}
    names = _select(selector, zones, bearers)
    problems = []
    if not names and selector.bearing:
        problems.append(f"no node bears a Ready pod of {selector.bearing}")
    elif not names:
        problems.append(f"no target; the site has {_layout(zones)}")
    missing = [name for name in names if name not in seen]
    problems += [f"node {name} is not in the cluster" for name in missing]
    present = [seen[name] for name in names if name in seen]
    zone_of = {name: zone for zone, members in zones.items() for name in members}
    for node in present:
        if not node.ready:
            problems.append(f"node {node.name} is already NotReady")
        # A site file may name zones that no label tells.
        if node.zone not in {"", zone_of[node.name]}:
            problems.append(
                f"node {node.name} says zone {node.zone!r}, the site {zone_of[node.name]!r}"
            )
    hit = {zone_of[name] for name in names}
    if len(names) > radius.max_nodes:
        problems.append(f"{len(names)} nodes, at most {radius.max_nodes} allowed")
    if len(hit) > radius.max_zones:
        problems.append(f"{len(hit)} zones, at most {radius.max_zones} allowed")
    if hit and hit == set(zones) and selector.scope is not Scope.SITE:
        problems.append("every zone of the site")
    if problems:
        chosen = selector.name or f"drawn with seed {selector.seed}"
        msg = f"target {selector.scope.value} {chosen}: {'; '.join(problems)}"
        raise Refused(msg)
    return tuple(
        Target(name=node.name, zone=node.zone, uid=node.uid, address=node.address)
        for node in present
    )


def _select(
    selector: Selector, zones: Mapping[str, tuple[str, ...]], bearers: Collection[str]
) -> tuple[str, ...]:
    every = sorted(name for members in zones.values() for name in members)
    if selector.bearing:
        every = [name for name in every if name in bearers]
    # Drawn from sorted names, so that one seed names one target on every machine.
    draw = random.Random(selector.seed)  # noqa: S311 - repeatable, not secret
    match selector.scope:
        case Scope.SITE:
            return tuple(every)
        case Scope.NODE:
            return tuple(name for name in every if name == selector.name)
        case Scope.ZONE:
            return tuple(sorted(zones.get(selector.name, ())))
        case Scope.ANY_NODE:
            return (draw.choice(every),) if every else ()
        case Scope.ANY_ZONE:
            return tuple(sorted(zones[draw.choice(sorted(zones))])) if zones else ()


def _layout(zones: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join(f"zone {zone}: {' '.join(zones[zone])}" for zone in sorted(zones))
