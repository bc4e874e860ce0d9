"""The file of a remote site: everything Reprise is to know of it."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import pydantic

from reprise_platform.remote.ways import Declared
from reprise_platform.remote.ways import contradictions as ways_contradictions
from reprise_platform.sitebase import Backups, Detection, Frozen, Name, Probes, beside

_URL = r"^https?://[^/\s?#]+$"
_WEBHOOK = r"^http://[^/\s?#]+:\d+/[^\s?#]*$"
_UID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
PATTERNS_TOLD = {
    _URL: "a URL without a path: https://HOST or http://HOST:PORT",
    _WEBHOOK: "where to listen: http://ADDRESS:PORT/PATH",
    _UID: "no UID; ask: kubectl get namespace kube-system -o jsonpath={.metadata.uid}",
}
"""What is accepted, or how to find it, by the pattern that a value does not match."""
Url = Annotated[str, pydantic.Field(pattern=_URL)]
Text = Annotated[str, pydantic.Field(min_length=1)]


File = Annotated[Path, pydantic.AfterValidator(beside)]


class Reached(Frozen):
    """One cluster. `uid` is its kube-system namespace's: a context alone may mislead."""

    kubeconfig: File
    context: Text
    uid: str = pydantic.Field(pattern=_UID)
    observer_kubeconfig: File
    observer_context: Text


class FrontDoor(Frozen):
    """The clinics' URL, without a path."""

    url: Url


class Store(Frozen):
    """The S3 location of the backups; `credentials` holds access_key and secret_key."""

    endpoint: Url
    bucket: Text
    region: Text = "us-east-1"
    credentials: File


class Observability(Frozen):
    """Where measurements and alerts are; `credentials` holds username and password.

    Attributes:
        webhook: where a drill listens on this machine, and Alertmanager's receiver leads.
        webhook_token: file of the bearer token that it shows. Without both, no drill.
    """

    prometheus: Url | None = None
    alertmanager: Url | None = None
    credentials: File | None = None
    webhook: str | None = pydantic.Field(default=None, pattern=_WEBHOOK)
    webhook_token: File | None = None


class Told(Detection):
    """What the site's Kubernetes runs with, for the report; its defaults are here too."""

    node_monitor_grace_s: int = pydantic.Field(default=40, ge=5, le=600)
    eviction_after_s: int = pydantic.Field(default=300, ge=0, le=3600)


class Approval(Frozen):
    """The written approval that a site marked production needs."""

    who: Text
    begins: pydantic.AwareDatetime
    expires: pydantic.AwareDatetime

    @pydantic.model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.begins >= self.expires:
            msg = "expires before it begins"
            raise ValueError(msg)
        return self

    def is_valid(self, at: datetime.datetime) -> bool:
        """Whether it holds at an instant."""
        return self.begins <= at < self.expires


class RemoteSite(Frozen):
    """One file of a remote site."""

    name: Name
    provider: Literal["remote"]
    primary: Reached
    recovery: Reached
    namespace: Text = "openmrs"
    front_door: FrontDoor
    clinic_credentials: File
    authority: File | None = None
    backup_store: Store
    observability: Observability = Observability()
    velero: File | None = None
    helm: File | None = None
    escrow: File
    recovery_values: File
    zones: dict[str, tuple[str, ...]] | None = pydantic.Field(
        default=None, min_length=1
    )
    machines: dict[str, str] = pydantic.Field(default_factory=dict)
    probes: Probes = Probes()
    detection: Told = Told()
    backups: Backups
    capabilities: Declared = Declared()
    production: bool = False
    approval: Approval | None = None


def contradictions(raw: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return (key, problem) of what each value allows and all together do not.

    Looks at what was read, so that these are told beside a value that is wrong by itself.
    """
    found = []
    with contextlib.suppress(pydantic.ValidationError):
        declared = Declared.model_validate(raw.get("capabilities") or {})
        found = [
            (f"capabilities.{key}", problem)
            for key, problem in ways_contradictions(declared)
        ]
    primary, recovery = _mapping(raw.get("primary")), _mapping(raw.get("recovery"))
    if primary.get("uid") and primary.get("uid") == recovery.get("uid"):
        told = "is primary.uid too: the recovery site must be another cluster"
        found.append(("recovery.uid", told))
    for key, one in (("primary", primary), ("recovery", recovery)):
        credential = (one.get("kubeconfig"), one.get("context"))
        observer = (one.get("observer_kubeconfig"), one.get("observer_context"))
        if all(credential) and credential == observer:
            told = "is the injector's: what it did must be seen by another credential"
            found.append((f"{key}.observer_context", told))
    found += [
        (f"zones.{zone}", "every zone needs a node")
        for zone, nodes in _mapping(raw.get("zones")).items()
        if nodes == []
    ]
    observability = _mapping(raw.get("observability"))
    if bool(observability.get("webhook")) != bool(observability.get("webhook_token")):
        told = "needs the other: `webhook` and `webhook_token`"
        found.append(("observability.webhook", told))
    if raw.get("production") is True and raw.get("approval") is None:
        told = "a site marked production needs one: who, begins, expires"
        found.append(("approval", told))
    return found


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
