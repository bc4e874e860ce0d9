"""What Prometheus asks, whom it tells, and what it shows for it: files, from the plan."""

from __future__ import annotations

import json
import string
from collections.abc import Iterable, Mapping
from pathlib import Path

from reprise_platform import paths, prometheus
from reprise_platform.access import Access
from reprise_platform.command import run
from reprise_platform.embedded import machine, store, watchkeys
from reprise_platform.embedded.machine import Bind, Machine
from reprise_platform.embedded.topology import (
    API_PORT,
    CONTROLLERS_PORT,
    DOOR_METRICS_PORT,
    KUBELET_PORT,
    STORE_PORT,
    ClusterPlan,
    Topology,
)
from reprise_platform.openmrs import OUTPATIENT_CLINIC, REST_PATH
from reprise_platform.sites import Site

PROMETHEUS_PORT = 9090
ALERTMANAGER_PORT = 9093
WEBHOOK_PORT = 9099
FRONT_DOOR = "front-door"
"""The job of Prometheus that reads as a clinic would (served.yml)."""
INSIDE = "/run/observability"
"""Where the machine has its files: in memory, for its services' user alone."""
_SERVED = "/srv/served"
_HEARTBEATS = "heartbeats.yml"
_SOURCES = paths.PLATFORM / "observability"
_TEMPLATES = ("prometheus.yml", "alertmanager.yml", "blackbox.yml")
type Group = dict[str, list[str] | dict[str, str]]


def webhook_url(topology: Topology) -> str:
    """Return where the harness listens for alerts, on this machine's foot in the site."""
    return f"http://{topology.host}:{WEBHOOK_PORT}/alerts"


def make(site: Site, folder: Path) -> None:
    """Draw the machine's secrets and write down what its site owes. Idempotent.

    Objectives that change later are the next site's: what is watched stays as it was.
    """
    watchkeys.make(folder)
    (_served_folder(folder) / "rules").mkdir(mode=0o755, parents=True, exist_ok=True)
    if not _expected_file(folder).exists():
        _expected_file(folder).write_text(expected(site), encoding="utf-8")


def files(
    site: Site, topology: Topology, folder: Path, *, namespace: str
) -> dict[str, str]:
    """Return every file of the machine by its path, secrets included."""
    keys = watchkeys.read(folder)
    values = {
        **_lists(targets(topology)),
        "served": _SERVED,
        "site": site.name,
        "keys": f"{INSIDE}/keys",
        "username": keys.username,
        "clinic_username": keys.clinic_username,
        "clinic_location": OUTPATIENT_CLINIC,
        "namespace": namespace,
        "webhook": webhook_url(topology),
        **{f"api_{each.name}": each.server for each in topology.clusters},
    }
    found = {name: _filled(_SOURCES / name, values) for name in _TEMPLATES}
    return found | {
        f"rules/{_HEARTBEATS}": (_SOURCES / "rules" / _HEARTBEATS).read_text("utf-8"),
        "web.yml": _web(keys),
        "mysqld.cnf": f"[client]\nuser=monitor\npassword={keys.monitor}\n",
        "keys/password": keys.password,
        "keys/clinic-password": keys.clinic_password,
        "keys/webhook-token": keys.token,
    }


def served(topology: Topology, folder: Path) -> dict[str, str]:
    """Return by its path what watches a site that serves: rules, and the front door."""
    found = {
        f"rules/{path.name}": path.read_text(encoding="utf-8")
        for path in sorted((_SOURCES / "rules").glob("*.yml"))
        if path.name != _HEARTBEATS
    }
    found["rules/expected.yml"] = _expected_file(folder).read_text(encoding="utf-8")
    doors = _filled(_SOURCES / "served.yml", _lists(served_targets(topology)))
    return found | {"front-door.yml": doors}


def served_bind(folder: Path) -> Bind:
    """Return what shows that to the machine, once it is there."""
    return Bind(source=_served_folder(folder), target=_SERVED.lstrip("/"))


def serve(access: Access, topology: Topology, folder: Path, at: Machine) -> None:
    """Have a site that serves watched. Idempotent.

    Raises:
        PlatformError: Prometheus does not answer, or does not take it.
    """
    if any(one.job == FRONT_DOOR for one in prometheus.targets(access)):
        return
    for name, text in served(topology, folder).items():
        file = _served_folder(folder) / name
        partial = file.with_suffix(".new")
        partial.write_text(text, encoding="utf-8")
        # No secret is in it, and it is not root who reads it there.
        partial.chmod(0o644)
        partial.rename(file)
    run([*machine.inside(at), "pkill", "-HUP", "-x", "prometheus"])


def expected(site: Site) -> str:
    """Return the rules that say what the site should have and what it owes."""
    # Imported here: only rendering asks, and parsing objectives is slow.
    from reprise_pra.analysis.objectives import parse_objectives  # noqa: PLC0415

    file = paths.REPOSITORY / "pra" / "objectives.yaml"
    objectives = parse_objectives(file)
    vital = [objectives.journeys[name].availability for name in objectives.tier_1()]
    return _filled(
        _SOURCES / "rules" / "expected.yml",
        {
            "members": site.database.members,
            "availability": min(vital),
            "rpo_s": objectives.rpo_s,
        },
    )


def targets(topology: Topology) -> dict[str, list[Group]]:
    """Return who is asked from the start, by a name."""
    own = topology.observability
    prometheus = f"{own}:{PROMETHEUS_PORT}"
    alertmanager = f"{own}:{ALERTMANAGER_PORT}"
    found: dict[str, list[Group]] = {
        "store": [_group(f"{topology.store}:{STORE_PORT}")],
        "alertmanager": [_group(alertmanager)],
        "observability": [
            _group(prometheus, job="prometheus", instance="prometheus"),
            _group(alertmanager, job="alertmanager", instance="alertmanager"),
        ],
        "certificates": [
            _group(address, server=server) for server, address in _served(topology)
        ],
    }
    for cluster in topology.clusters:
        found[f"kubernetes_{cluster.name}"] = list(_control_plane(cluster))
        found[f"kubelets_{cluster.name}"] = [
            _group(
                f"{node.address}:{KUBELET_PORT}",
                job="kubelet",
                cluster=cluster.name,
                zone=node.zone,
                node=node.name,
                instance=node.name,
                __scrape_interval__="5s",
                __scrape_timeout__="2s",
            )
            for node in cluster.nodes
        ]
    return found


def served_targets(topology: Topology) -> dict[str, list[Group]]:
    """Return who is asked once the site serves: the front door and its machines."""
    read = f"{topology.front_door}{REST_PATH}/location/{OUTPATIENT_CLINIC}"
    return {
        "front_door": [_group(read)],
        "haproxy": [
            _group(f"{door.address}:{DOOR_METRICS_PORT}", instance=door.name)
            for door in topology.doors
        ],
    }


def _control_plane(cluster: ClusterPlan) -> Iterable[Group]:
    yield _group(
        f"{cluster.address}:{API_PORT}",
        job="apiserver",
        cluster=cluster.name,
        instance=cluster.control_plane,
        __scrape_interval__="30s",
    )
    yield _group(
        f"{cluster.address}:{CONTROLLERS_PORT}",
        job="controller-manager",
        cluster=cluster.name,
        instance=cluster.control_plane,
        __scrape_interval__="5s",
        __scrape_timeout__="2s",
    )


def _served(topology: Topology) -> Iterable[tuple[str, str]]:
    """Yield (server, address) of everything that shows a certificate."""
    yield "prometheus", f"{topology.observability}:{PROMETHEUS_PORT}"
    yield "alertmanager", f"{topology.observability}:{ALERTMANAGER_PORT}"
    for server, url in (
        ("front door", topology.front_door),
        ("store", store.endpoint(topology)),
    ):
        scheme, _, address = url.partition("://")
        if scheme == "https":
            yield server, address
    for cluster in topology.clusters:
        yield f"apiserver {cluster.name}", f"{cluster.address}:{API_PORT}"
        yield f"controllers {cluster.name}", f"{cluster.address}:{CONTROLLERS_PORT}"
        for node in cluster.nodes:
            yield f"kubelet {node.name}", f"{node.address}:{KUBELET_PORT}"


def _group(target: str, **labels: str) -> Group:
    return {"targets": [target], "labels": labels}


def _lists(groups: Mapping[str, list[Group]]) -> dict[str, str]:
    return {f"targets_{name}": json.dumps(found) for name, found in groups.items()}


def _web(keys: watchkeys.Keys) -> str:
    return json.dumps(
        {
            "tls_server_config": {
                "cert_file": "keys/site/tls.crt",
                "key_file": "keys/site/tls.key",
                "min_version": "TLS13",
            },
            "basic_auth_users": {keys.username: keys.password_hash},
        },
        indent=1,
    )


def _filled(path: Path, values: Mapping[str, object]) -> str:
    return string.Template(path.read_text(encoding="utf-8")).substitute(values)


def _served_folder(folder: Path) -> Path:
    return folder / "observability" / "served"


def _expected_file(folder: Path) -> Path:
    return folder / "observability" / "expected.yml"
