"""The two machines outside the clusters: the backup store and the clinics' front door."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from reprise_platform.embedded import builds
from reprise_platform.embedded.machine import Bind, Machine, Service
from reprise_platform.embedded.topology import (
    FRONT_DOOR_PORT,
    OPENMRS_NODE_PORT,
    STORE_PORT,
    Node,
    Topology,
)
from reprise_platform.sites import Site

SOCKET = "haproxy.sock"
MAP = "active.map"


def store(site: Site, topology: Topology, folder: Path, root: Path) -> Machine:
    """Return the S3 server's machine; its accounts lie in `store/accounts`."""
    versitygw = next(item for item in builds.BUILDS if item.name == "versitygw")
    keys = json.loads((folder / "store" / "root.json").read_text())
    return Machine(
        name="store",
        site=site.name,
        site_folder=folder,
        root=root,
        binds=(
            Bind(source=builds.build(versitygw), target="opt/versitygw"),
            Bind(source=folder / "store" / "data", target="srv/data", writable=True),
            Bind(
                source=folder / "store" / "accounts",
                target="srv/accounts",
                writable=True,
            ),
        ),
        services=(
            Service(
                name="versitygw",
                command=(
                    "/opt/versitygw/versitygw",
                    f"--port={topology.store}:{STORE_PORT}",
                    "--iam-dir=/srv/accounts",
                    # A key taken away (fencing) must be refused at once.
                    "--iam-cache-disable",
                    "--quiet",
                    "posix",
                    "/srv/data",
                ),
                env={
                    "ROOT_ACCESS_KEY": keys["access"],
                    "ROOT_SECRET_KEY": keys["secret"],
                },
            ),
        ),
    )


def front(site: Site, topology: Topology, folder: Path, root: Path) -> Machine:
    """Return the front door's machine: what DNS or a load balancer is in production."""
    shared = folder / "front"
    return Machine(
        name="front",
        site=site.name,
        site_folder=folder,
        root=root,
        binds=(Bind(source=shared, target="srv/front", writable=True),),
        files={"haproxy.cfg": _haproxy(topology)},
        services=(
            Service(
                name="haproxy", command=("haproxy", "-f", "/etc/reprise/haproxy.cfg")
            ),
        ),
    )


def _haproxy(topology: Topology) -> str:
    return f"""global
  maxconn 4000
  nbthread 1
  stats socket /srv/front/{SOCKET} mode 600 level admin
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 30s
  timeout queue 5s
  # A connection that was never made may be tried elsewhere; a request that was sent may
  # have been executed, and is never sent twice.
  retries 2
  option redispatch 1
  retry-on conn-failure
frontend clinics
  bind {topology.front}:{FRONT_DOOR_PORT}
  use_backend %[str(active),map(/srv/front/{MAP},closed)]
{_backend("primary", topology.primary.nodes)}
{_backend("recovery", topology.recovery.nodes)}
backend closed
  http-request return status 503 content-type text/plain string "no active site\\n"
"""


def _backend(name: str, nodes: Iterable[Node]) -> str:
    servers = "\n".join(
        f"  server {node.name} {node.address}:{OPENMRS_NODE_PORT} check cookie {node.name}"
        for node in nodes
    )
    # Sessions live in one replica: the cookie keeps a user on it while it answers.
    return f"""backend {name}
  balance roundrobin
  cookie openmrs_session insert indirect nocache httponly
  option httpchk GET /openmrs/health/started
  http-check expect status 200
  timeout check 2s
  default-server inter 1s fastinter 500ms downinter 500ms fall 3 rise 1
  default-server on-marked-down shutdown-sessions
{servers}"""
