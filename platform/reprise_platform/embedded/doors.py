"""The machines outside the clusters: the backup store, the two of the clinics' front door."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path

from reprise_platform import paths
from reprise_platform.embedded import builds, sitekeys
from reprise_platform.embedded.disks import Disk
from reprise_platform.embedded.machine import Bind, Machine, Service
from reprise_platform.embedded.topology import (
    DOOR_METRICS_PORT,
    FRONT_DOOR_PORT,
    OPENMRS_NODE_PORT,
    STORE_PORT,
    Door,
    Node,
    Topology,
)
from reprise_platform.sites import Site, size_bytes
from reprise_platform.waiting import patience

MAP = "active.map"
_SCRIPTS = paths.PLATFORM / "machines"
_CHECK, _RULES = "haproxy-answers.sh", "doors.nft"


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
            sitekeys.bind(folder, "store"),
            Bind(
                source=folder / "store" / "accounts",
                target="srv/accounts",
                writable=True,
            ),
        ),
        disks=(
            Disk(
                image=folder / "machines" / "store" / "data.img",
                target="srv/data",
                size_bytes=size_bytes(site.disks.store),
            ),
        ),
        services=(
            Service(
                name="versitygw",
                command=(
                    "/opt/versitygw/versitygw",
                    f"--port={topology.store}:{STORE_PORT}",
                    # It accepts TLS 1.2 too, and has no option that says otherwise.
                    f"--cert={sitekeys.INSIDE}/tls.crt",
                    f"--key={sitekeys.INSIDE}/tls.key",
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


def front(
    door: Door, site: Site, topology: Topology, folder: Path, root: Path
) -> Machine:
    """Return one machine of the front door: what a pair of load balancers is elsewhere.

    HAProxy answers at the clinics' address on both; keepalived lets one of them hold it.
    """
    return Machine(
        name=door.name,
        site=site.name,
        site_folder=folder,
        root=root,
        binds=(
            # Which site serves is written once, for both: a machine that was off reads it.
            Bind(source=folder / "front", target="srv/front"),
            Bind(source=socket(folder, door).parent, target="srv/run", writable=True),
            sitekeys.bind(folder, door.name),
        ),
        files={
            "haproxy.cfg": _haproxy(topology, door),
            "keepalived.conf": _keepalived(topology, door),
            **{name: (_SCRIPTS / name).read_text() for name in (_CHECK, _RULES)},
        },
        prepare=(f"nft -f /etc/reprise/{_RULES}",),
        services=(
            Service(
                name="haproxy", command=("haproxy", "-f", "/etc/reprise/haproxy.cfg")
            ),
            Service(
                name="keepalived",
                command=(
                    *("keepalived", "--dont-fork", "--log-console", "--vrrp"),
                    *("--use-file", "/etc/reprise/keepalived.conf"),
                ),
            ),
        ),
    )


def lead(folder: Path, to: str) -> None:
    """Write which site serves, whole or not at all: a door that starts reads it.

    An empty map, left by a kill, would close the front door for ever.
    """
    partial = folder / "front" / f"{MAP}.new"
    partial.write_text(f"active {to}\n")
    partial.rename(folder / "front" / MAP)


def socket(folder: Path, door: Door) -> Path:
    """Return where this machine gives a door's HAProxy its orders."""
    return folder / "machines" / door.name / "run" / "haproxy.sock"


def _haproxy(topology: Topology, door: Door) -> str:
    return f"""global
  maxconn 4000
  nbthread 1
  stats socket /srv/run/haproxy.sock mode 600 level admin
  ssl-default-bind-options ssl-min-ver TLSv1.3
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
  # Transparent: it listens there also while the other machine holds the address.
  bind {topology.front}:{FRONT_DOOR_PORT} transparent ssl crt {sitekeys.INSIDE}/tls.pem
  use_backend %[str(active),map(/srv/front/{MAP},closed)]
frontend metrics
  bind {door.address}:{DOOR_METRICS_PORT}
  monitor-uri /health
  http-request use-service prometheus-exporter if {{ path /metrics }}
  http-request return status 404
{_backend("primary", topology.primary.nodes)}
{_backend("recovery", topology.recovery.nodes)}
backend closed
  http-request return status 503 content-type text/plain string "no active site\\n"
"""


def _keepalived(topology: Topology, door: Door) -> str:
    """Return what lets one door at a time hold the clinics' address.

    VRRP version 3 has no password to draw or to leak: what a door believes came from the
    other's address over the one link both are on (a packet that was forwarded, from a
    pod, has lost some of its 255 hops).
    """
    (peer,) = (each for each in topology.doors if each != door)
    return f"""global_defs {{
  router_id {door.name}
  enable_script_security
  script_user root
  vrrp_version 3
  # On a busy machine a door that is not scheduled would pass for dead.
  vrrp_priority -10
  # A machine that came back from nowhere may still answer for the address.
  vrrp_garp_master_refresh 5
}}
vrrp_script haproxy {{
  script "/bin/bash /etc/reprise/{_CHECK} {door.address} {DOOR_METRICS_PORT}"
  interval {math.ceil(patience())}
  timeout {math.ceil(2 * patience())}
  fall 2
  rise 1
  init_fail
}}
vrrp_instance clinics {{
  # Equals, and neither takes the address from the other while that one is well: a machine
  # that comes back interrupts nobody.
  state BACKUP
  priority 100
  nopreempt
  interface eth0
  virtual_router_id 4
  # Taken for dead after three missed and a skew of 0.3 s: 1.8 s.
  advert_int 0.5
  unicast_src_ip {door.address}
  unicast_peer {{
    {peer.address} min_ttl 255 max_ttl 255
  }}
  virtual_ipaddress {{
    {topology.front}/32 dev eth0
  }}
  track_script {{
    haproxy
  }}
}}
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
