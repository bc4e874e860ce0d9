"""What a site's Prometheus and Alertmanager say, asked over HTTP with the site's login."""

from __future__ import annotations

import dataclasses
import json
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from reprise_platform.access import Access
from reprise_platform.errors import PlatformError

WATCHDOG = "Watchdog"
_QUIET = "none"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that is scraped, and why it cannot be, "" when it can."""

    job: str
    instance: str
    error: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One alert that Alertmanager holds; `labels` without its name."""

    name: str
    labels: Mapping[str, str]
    summary: str

    @property
    def is_heartbeat(self) -> bool:
        """Whether it always fires, to prove that alerts arrive."""
        return self.labels.get("severity") == _QUIET


def targets(access: Access) -> tuple[Target, ...]:
    """Return everything that Prometheus scrapes.

    Raises:
        PlatformError: it does not answer, or not as Prometheus does.
    """
    answer = _get(access, access.prometheus, "/api/v1/targets?state=active")
    try:
        return tuple(
            Target(
                job=one["labels"]["job"],
                instance=one["labels"].get("instance", one["scrapeUrl"]),
                error="" if one["health"] != "down" else one["lastError"] or "down",
            )
            for one in answer["data"]["activeTargets"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"{access.prometheus}: not Prometheus' answer: {error!r}"
        raise PlatformError(msg) from error


def firing(access: Access) -> tuple[Firing, ...]:
    """Return what Alertmanager holds as firing, inhibited alerts left out.

    Raises:
        PlatformError: it does not answer, or not as Alertmanager does.
    """
    answer = _get(access, access.alertmanager, "/api/v2/alerts?inhibited=false")
    try:
        return tuple(
            Firing(
                name=one["labels"]["alertname"],
                labels={k: v for k, v in one["labels"].items() if k != "alertname"},
                summary=one["annotations"].get("summary", ""),
            )
            for one in answer
        )
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"{access.alertmanager}: not Alertmanager's answer: {error!r}"
        raise PlatformError(msg) from error


def beats(access: Access) -> bool:
    """Return whether the alert that always fires has come to Alertmanager."""
    try:
        return any(one.name == WATCHDOG for one in firing(access))
    except PlatformError:
        return False


def _get(access: Access, base: str, path: str) -> Any:  # noqa: ANN401 - JSON, typed by the callers
    login = ("", "")
    if access.observability_credentials is not None:
        raw = json.loads(access.observability_credentials.read_text())
        login = (raw["username"], raw["password"])
    authority = access.authority
    trusted = ssl.create_default_context(cafile=str(authority) if authority else None)
    try:
        answer = httpx.get(
            f"{base}{path}", auth=login, verify=trusted, timeout=5, trust_env=False
        )
        answer.raise_for_status()
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        msg = f"{base}{path}: {error}; is machine `observability` on?"
        raise PlatformError(msg) from error
