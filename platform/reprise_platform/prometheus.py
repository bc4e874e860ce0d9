"""What a site's Prometheus and Alertmanager say, asked over HTTP with the site's login."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from reprise_platform import tls
from reprise_platform.access import Access
from reprise_platform.errors import PlatformError
from reprise_platform.waiting import patience

WATCHDOG = "Watchdog"
_QUIET = "none"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How both are reached: URLs, the file of their login, who signs their certificates."""

    prometheus: str
    alertmanager: str
    credentials: Path | None
    authority: Path | None


def reached(access: Access) -> Reached:
    """Return how a site's are reached."""
    return Reached(
        prometheus=access.prometheus,
        alertmanager=access.alertmanager,
        credentials=access.observability_credentials,
        authority=access.authority,
    )


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
    answer = _get(reached(access), access.prometheus, "/api/v1/targets?state=active")
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
    answer = _get(
        reached(access), access.alertmanager, "/api/v2/alerts?inhibited=false"
    )
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


def active_since(asked: Reached) -> dict[str, datetime.datetime]:
    """Return since when what each alert says has been true, by the names of those firing.

    Raises:
        PlatformError: Prometheus does not answer, or not as Prometheus does.
    """
    answer = _get(asked, asked.prometheus, "/api/v1/alerts")
    found: dict[str, datetime.datetime] = {}
    try:
        for one in answer["data"]["alerts"]:
            name = one["labels"]["alertname"]
            instant = datetime.datetime.fromisoformat(one["activeAt"])
            if one["state"] == "firing":
                found[name] = min(found.get(name, instant), instant)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        msg = f"{asked.prometheus}: not Prometheus' answer: {error!r}"
        raise PlatformError(msg) from error
    return found


def beats(access: Access) -> bool:
    """Return whether the alert that always fires has come to Alertmanager."""
    try:
        return any(one.name == WATCHDOG for one in firing(access))
    except PlatformError:
        return False


def _get(asked: Reached, base: str, path: str) -> Any:  # noqa: ANN401 - JSON, typed by the callers
    login = ("", "")
    if asked.credentials is not None:
        raw = json.loads(asked.credentials.read_text())
        login = (raw["username"], raw["password"])
    trusted = tls.context(asked.authority)
    try:
        answer = httpx.get(
            f"{base}{path}",
            auth=login,
            verify=trusted,
            timeout=5 * patience(),
            trust_env=False,
        )
        answer.raise_for_status()
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        msg = f"{base}{path}: {error}; is machine `observability` on?"
        raise PlatformError(msg) from error
