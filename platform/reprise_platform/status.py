"""What works of a site and what does not, seen from outside, each with its reason.

Everything is asked at once, and what has not answered in time is told as such: the answer
takes a few seconds at most, whatever is dead.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from reprise_platform import kube, podreasons, prometheus
from reprise_platform.access import Access, Cluster, load_access
from reprise_platform.capabilities import Door, capabilities
from reprise_platform.embedded import pki, postmortem
from reprise_platform.embedded.layout import load
from reprise_platform.embedded.machine import first_process
from reprise_platform.embedded.serving import clinical_read
from reprise_platform.errors import PlatformError
from reprise_platform.kube import Object
from reprise_platform.waiting import patience

_WITHIN_S = 4.0
# `up` makes anew what has fewer than 30 days left: with a week, nobody has run it.
_SOON_DAYS = 7


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at."""

    what: str
    works: bool
    detail: str

    def as_json(self) -> dict[str, str | bool]:
        """Return the check for programs."""
        return dataclasses.asdict(self)


def status(site: str, within_s: float | None = None) -> tuple[Check, ...]:
    """Look at every machine, node, pod and claim of a site, its backups and its doors.

    Raises:
        SiteError: the site is not up here.
    """
    access = load_access(site)
    looks: dict[str, Callable[[], list[Check]]] = {
        "machines": partial(_machines, access),
        access.primary.name: partial(_cluster, access, access.primary),
        access.recovery.name: partial(_cluster, access, access.recovery),
        "front door": partial(_front_door, access),
        "certificates": partial(_certificates, access),
        "front doors": lambda: _doors(capabilities(access).doors()),
        "Prometheus": partial(_prometheus, access),
        "Alertmanager": partial(_alertmanager, access),
    }
    return tuple(
        check
        for checks in _at_once(looks, within_s or _WITHIN_S * patience()).values()
        for check in checks
    )


def _at_once(
    looks: Mapping[str, Callable[[], list[Check]]], within_s: float
) -> dict[str, list[Check]]:
    """Do every look in a thread; tell of one that fails or is late, and wait no more."""
    late = f"no answer within {within_s:g} s"
    found = {name: [Check(what=name, works=False, detail=late)] for name in looks}

    def look(name: str) -> None:
        try:
            found[name] = looks[name]()
        except (PlatformError, OSError) as error:
            found[name] = [Check(what=name, works=False, detail=str(error))]

    # Left behind when late: a process that ends does not wait for them.
    threads = [
        threading.Thread(target=look, args=(name,), daemon=True) for name in looks
    ]
    for thread in threads:
        thread.start()
    clock = threading.Event()
    timer = threading.Timer(within_s, clock.set)
    timer.daemon = True
    timer.start()
    for thread in threads:
        while thread.is_alive() and not clock.is_set():
            thread.join(0.05)
    timer.cancel()
    return dict(found)


def _machines(access: Access) -> list[Check]:
    """Say which machines are on; of one that is off why, and which services loop."""
    layout = load(access.site) if access.provider == "embedded" else None
    if layout is None:
        return [
            Check(what=f"machine {name}", works=on, detail="on" if on else "off")
            for name, on in capabilities(access).machines_on().items()
        ]
    found = []
    for each in layout.machines():
        on = first_process(each) is not None
        loops = postmortem.looping(each) if on else {}
        detail = "on" if on else postmortem.why_off(each).en
        if killed := postmortem.out_of_memory(each) if on else 0:
            detail += f"; out of memory killed {killed} of its processes"
        what = f"machine {each.name}"
        found.append(Check(what=what, works=on, detail=detail))
        found += [
            Check(what=f"{what} service {name}", works=False, detail=said.en)
            for name, said in loops.items()
        ]
    return found


def _front_door(access: Access) -> list[Check]:
    works = clinical_read(access)
    detail = f"clinical read at {access.front_door}"
    return [Check(what="front door", works=works, detail=detail)]


def _certificates(access: Access) -> list[Check]:
    """Say which of the site's own certificates ends first."""
    left = {
        path: pki.days_left(found)
        for path, found in pki.certificates(access.state / "pki")
    }
    if not left:
        return []
    first = min(left, key=lambda path: left[path])
    name, days = first.relative_to(access.state / "pki"), left[first]
    ended = f"the first to end, {name}, has {max(0, int(days))} days left"
    works = days > _SOON_DAYS
    remedy = (
        "" if works else f"; try: python -m reprise_platform up --name {access.site}"
    )
    return [Check(what="certificates", works=works, detail=ended + remedy)]


def _doors(doors: Sequence[Door]) -> list[Check]:
    """Say who holds the clinics' address, and whether all lead to one site."""
    holders = " and ".join(door.name for door in doors if door.holds)
    # Two that think the other dead both answer for it: some clinics reach neither.
    alone = sum(door.holds for door in doors) == 1
    led = {door.leads_to for door in doors}
    found = [
        Check(
            what="front door's address",
            works=alone,
            detail=f"held by {holders or 'no machine'}",
        )
    ]
    found += [
        Check(
            what=f"front door {door.name}",
            works=len(led) == 1 and door.leads_to != "",
            detail=f"leads to {door.leads_to}" if door.leads_to else "does not answer",
        )
        for door in doors
    ]
    return found if doors else []


def _prometheus(access: Access) -> list[Check]:
    """Say whether it answers, and which of its targets do not: no fault of its own."""
    if not access.prometheus:
        return []
    targets = prometheus.targets(access)
    dead = [f"{one.job} {one.instance} ({one.error})" for one in targets if one.error]
    said = f"{len(targets)} targets" + (f", silent: {', '.join(dead)}" if dead else "")
    return [Check(what="Prometheus", works=bool(targets), detail=said)]


def _alertmanager(access: Access) -> list[Check]:
    """Say whether alerts arrive, and which fire; that they do is no fault of its own."""
    if not access.alertmanager:
        return []
    found = prometheus.firing(access)
    names = sorted({one.name for one in found if not one.is_heartbeat})
    beats = any(one.name == prometheus.WATCHDOG for one in found)
    said = f"firing: {', '.join(names) or 'nothing'}"
    if not beats:
        said = "what Prometheus always sends has not come"
    return [Check(what="Alertmanager", works=beats, detail=said)]


def _cluster(access: Access, cluster: Cluster) -> list[Check]:
    """Say of nodes, pods, claims and the backup location what works, or why not."""
    listed = partial(kube.list_objects, cluster, observe=True)
    nodes = listed("v1", "Node")
    why = {
        kube.text(each, "metadata", "name"): podreasons.of_node(each) for each in nodes
    }
    ready = frozenset(name for name, reason in why.items() if not reason)
    found = [
        Check(
            what=f"{cluster.name} node {name}",
            works=not reason,
            detail=reason or "Ready",
        )
        for name, reason in why.items()
    ]
    for namespace in (access.namespace, "velero", "kube-system"):
        found += [
            _of_pod(cluster, pod, ready)
            for pod in listed("v1", "Pod", namespace=namespace)
            if kube.text(pod, "status", "phase") != "Succeeded"
        ]
        found += [
            Check(
                what=f"{cluster.name} claim {kube.text(claim, 'metadata', 'name')}",
                works=False,
                detail=reason,
            )
            for claim in listed("v1", "PersistentVolumeClaim", namespace=namespace)
            if (reason := podreasons.of_claim(claim))
        ]
    return [*found, *_locations(cluster)]


def _of_pod(cluster: Cluster, pod: Object, ready: frozenset[str]) -> Check:
    reason = podreasons.of_pod(pod, ready)
    running = (
        f"{kube.text(pod, 'status', 'phase')} on {kube.text(pod, 'spec', 'nodeName')}"
    )
    what = f"{cluster.name} pod {kube.text(pod, 'metadata', 'name')}"
    return Check(what=what, works=not reason, detail=reason or running)


def _locations(cluster: Cluster) -> list[Check]:
    """Say of each backup location, whatever its name, whether it is available."""
    found = kube.list_objects(
        cluster,
        "velero.io/v1",
        "BackupStorageLocation",
        namespace="velero",
        observe=True,
    )
    what = f"{cluster.name} backup location"
    checks = []
    for location in found:
        name = kube.text(location, "metadata", "name")
        phase = kube.text(location, "status", "phase")
        said = kube.text(location, "status", "message")
        checks.append(
            Check(
                what=what if name == "default" else f"{what} {name}",
                works=phase == "Available",
                detail=f"{phase or 'not looked at yet'}{': ' if said else ''}{said}",
            )
        )
    return checks or [Check(what=what, works=False, detail="Velero has none")]
