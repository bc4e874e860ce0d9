"""What the experiments' hypotheses ask.

A probe answers; it never judges, nor raises for a mere "no": a probe that raises stands for
a broken harness, not a broken site.
"""

from __future__ import annotations

import json

import httpx

from reprise_experiments import session
from reprise_experiments.errors import Refused
from reprise_experiments.observe import WorkloadSeen
from reprise_experiments.site import Site
from reprise_platform import tls
from reprise_platform.errors import PlatformError, WaitTimeout
from reprise_platform.waiting import until

__all__ = ["front_door_answers", "ready_members", "replicas_ready"]

_READ = "/openmrs/ws/rest/v1/patient"
_EVERY_S = 0.5


def front_door_answers(*, limit_s: float, within_s: float) -> bool:
    """Tell whether the clinics can search their patients through the front door.

    Args:
        limit_s: the longest that one answer may take, in seconds.
        within_s: how long to go on trying, in seconds.

    Raises:
        Refused: the clinic's credentials cannot be read.
    """
    site = session.current().site
    user, password = _credentials(site)
    # No proxy of the environment: the front door is asked as a clinic asks it.
    with httpx.Client(
        base_url=site.access.front_door,
        auth=(user, password),
        timeout=limit_s,
        trust_env=False,
        verify=tls.context(site.access.authority),
    ) as client:
        try:
            return until(
                lambda: _reads(client),
                within_s=within_s,
                every_s=_EVERY_S,
                what="a clinical read",
            )
        except WaitTimeout:
            return False


def _reads(client: httpx.Client) -> bool:
    try:
        answer = client.get(_READ, params={"q": "martin", "limit": "1", "v": "ref"})
        return answer.status_code == httpx.codes.OK and isinstance(
            answer.json().get("results"), list
        )
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


def _credentials(site: Site) -> tuple[str, str]:
    path = site.access.clinic_credentials
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return str(raw["username"]), str(raw["password"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path}: not the clinic's credentials as JSON: {error!r}"
        raise Refused(msg) from error


def replicas_ready(*, workload: str) -> bool:
    """Tell whether every replica that a workload wants is Ready; wanting none is a no."""
    found = _workload(workload)
    return found is not None and found.ready == found.wanted > 0


def ready_members(*, workload: str) -> int:
    """Return how many members of a workload are Ready, on nodes that are.

    For the database cluster, Ready means that the member's own readiness probe found it
    synced with the others, so that no question need be put to the database here.
    """
    found = _workload(workload)
    return 0 if found is None else found.ready


def _workload(name: str) -> WorkloadSeen | None:
    site = session.current().site
    try:
        seen = site.observer.workloads()
    except PlatformError:
        # An API that does not answer is no steady state, and no fault of the harness.
        return None
    for workload in seen:
        if workload.name == name and workload.namespace == site.access.namespace:
            return workload
    return None
