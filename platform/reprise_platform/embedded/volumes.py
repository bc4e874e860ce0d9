"""Data volumes: a disk of its own in a node each, kept for one claim."""

from __future__ import annotations

import uuid

from reprise_platform import manifests
from reprise_platform.embedded import disks, machine
from reprise_platform.embedded.disks import Disk
from reprise_platform.embedded.layout import NAMESPACE, Layout
from reprise_platform.embedded.node import VOLUMES, volume
from reprise_platform.embedded.topology import Node
from reprise_platform.kube import Object

# Role (and storage class local-<role>), claim: what the recovery site needs of volumes.
_SAVED = ("dump", "attachments")
_RECOVERY_CLAIMS = (
    ("database", "data-galera-0"),
    *((role, role) for role in _SAVED),
)


def make(layout: Layout) -> None:
    """Make the primary's volumes; those that are there keep their data.

    Nodes mount them when they start.
    """
    for node, name, _, _ in _primary(layout):
        disks.make(_disk(layout, node, name))


def primary_volumes(layout: Layout) -> list[Object]:
    """Return the primary's volumes: one a database member, and those that are saved."""
    return [
        _volume(layout, node, name, role=role, claim=claim)
        for node, name, role, claim in _primary(layout)
    ]


def recovery_volumes(layout: Layout, namespace: str) -> list[Object]:
    """Make the recovery site's volumes anew, empty, and return them.

    Each has a name of its own every time: a released volume is never bound again, and one
    used before would keep files that no backup holds.
    """
    (node, *_) = layout.topology.recovery.nodes
    made = []
    for role, claim in _RECOVERY_CLAIMS:
        name = f"{namespace}-{role}-{uuid.uuid4().hex[:8]}"
        machine.add_disk(layout.machine(node.name), _disk(layout, node, name))
        made.append(
            _volume(layout, node, name, role=role, claim=claim, namespace=namespace)
        )
    return made


def drop(layout: Layout, volume: str) -> None:
    """Take away the disk of a recovery volume that is used no more."""
    (node, *_) = layout.topology.recovery.nodes
    machine.drop_disk(layout.machine(node.name), _disk(layout, node, volume))


def _primary(layout: Layout) -> list[tuple[Node, str, str, str]]:
    """Return (node, volume, role, claim) of each volume of the primary."""
    nodes = layout.topology.primary.nodes
    zones = list(dict.fromkeys(node.zone for node in nodes))
    # One member a zone first, then the zones again: members spread as far as they can.
    by_zone = [[node for node in nodes if node.zone == zone] for zone in zones]
    depth = max(len(each) for each in by_zone)
    spread = [each[i] for i in range(depth) for each in by_zone if i < len(each)]
    members = spread[: layout.site.database.members]
    found = [
        (node, f"database-{index}", "database", f"data-galera-{index}")
        for index, node in enumerate(members)
    ]
    # What is saved stands together, on a node without a member where there is one: no other
    # node's loss then costs a backup.
    saved = spread[len(members)] if len(spread) > len(members) else spread[0]
    return [*found, *((saved, role, role, role) for role in _SAVED)]


def _disk(layout: Layout, node: Node, name: str) -> Disk:
    return volume(layout.folder / "machines" / node.name, name, layout.site)


def _volume(
    layout: Layout,
    node: Node,
    name: str,
    *,
    role: str,
    claim: str,
    namespace: str = NAMESPACE,
) -> Object:
    return manifests.volume(
        name,
        role=role,
        namespace=namespace,
        claim=claim,
        node=node.name,
        path=f"{VOLUMES}/{name}",
        size=layout.site.disks.volume,
    )
