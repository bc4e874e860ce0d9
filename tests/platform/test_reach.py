"""What reaches what: pods their cluster, the API and the store; machines not this one."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from reprise_platform.embedded import firewall
from reprise_platform.embedded.layout import Layout
from reprise_platform.embedded.topology import (
    API_PORT,
    DOOR_METRICS_PORT,
    FRONT_DOOR_PORT,
    STORE_PORT,
    Node,
)
from reprise_platform.errors import CommandError
from tests.platform import endpoints
from tests.platform.genuine.sandbox import IDLE, Sandbox

pytestmark = pytest.mark.cluster

_OUTSIDE = "192.0.2.99"  # reserved for documents: nobody's
# In a pod: which of these does it reach? Refusals come at once, silence after a second.
_TRY = """
import json, socket, sys

def reached(address, port):
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False

print(json.dumps([reached(*each) for each in json.loads(sys.argv[1])]))
"""


@pytest.fixture
def listener(layout: Layout) -> Iterator[tuple[str, int]]:
    """Serve on this machine's foot in the site, where nobody of the site may call."""
    with socket.create_server((layout.topology.host, 0)) as server:
        yield layout.topology.host, server.getsockname()[1]


def test_pods_reach_what_they_need_alone(
    layout: Layout, sandbox: Sandbox, listener: tuple[str, int]
) -> None:
    """A pod reaches the API, the store and its cluster, nothing else: not this machine.

    With its node's rules gone the same look finds it calling the other site and the
    kubelets, so it is the rules that it sees.
    """
    node = layout.topology.primary.nodes[0]
    sandbox.apply(sandbox.pod("caller", *IDLE, nodeName=node.name))
    sandbox.ready("pod/caller")
    allowed, refused = _needed(layout), [*_forbidden(layout, node), listener]
    assert _reached(sandbox, allowed) == allowed
    assert _reached(sandbox, refused) == []
    try:
        firewall.apply(layout.folder, layout.root, node.name, [])
        found = _reached(sandbox, refused)
        assert (layout.topology.recovery.address, API_PORT) in found
        assert (node.address, 10250) in found
    finally:
        firewall.build(layout.topology, layout.folder, layout.root)
    assert _reached(sandbox, refused) == []


def test_no_machine_calls_this_one(layout: Layout, listener: tuple[str, int]) -> None:
    """No machine of the site opens a connection to this one; without its rules one could."""
    address, port = listener
    words = ("bash", "-c", f"exec 3<>/dev/tcp/{address}/{port}")
    names = [name for name, _, _ in layout.topology.addresses()]
    for name in names:
        with pytest.raises(CommandError, match=r"unreachable|No route|refused"):
            endpoints.inside(layout, name, *words)
    try:
        firewall.apply(layout.folder, layout.root, names[0], [])
        endpoints.inside(layout, names[0], *words)
    finally:
        firewall.build(layout.topology, layout.folder, layout.root)
    with pytest.raises(CommandError):
        endpoints.inside(layout, names[0], *words)


def _needed(layout: Layout) -> list[tuple[str, int]]:
    """Return what a pod must reach."""
    topology = layout.topology
    return [
        (topology.primary.api_service, 443),
        (topology.primary.address, API_PORT),
        (topology.primary.dns, 53),
        (topology.store, STORE_PORT),
    ]


def _forbidden(layout: Layout, own: Node) -> list[tuple[str, int]]:
    """Return what answers others, or lies outside, and must not answer a pod."""
    topology = layout.topology
    other = next(node for node in topology.primary.nodes if node != own)
    return [
        (_OUTSIDE, 443),
        (topology.recovery.address, API_PORT),
        (topology.recovery.nodes[0].address, 10250),
        (topology.front, FRONT_DOOR_PORT),
        *((door.address, DOOR_METRICS_PORT) for door in topology.doors),
        *((node.address, port) for node in (own, other) for port in (10250, 10256)),
        (topology.primary.address, 10257),
        (topology.primary.address, 10259),
    ]


def _reached(sandbox: Sandbox, asked: list[tuple[str, int]]) -> list[tuple[str, int]]:
    told = json.loads(sandbox.exec("caller", "python3", "-c", _TRY, json.dumps(asked)))
    return [each for each, reached in zip(asked, told, strict=True) if reached]
