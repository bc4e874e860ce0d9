"""What was heard from Alertmanager becomes what a history tells: alerts, and the watch.

Pure: notifications and the clock's ticks go in, events come out. An alert is told by its
name, whatever it is about: it fires when its first instance does, and has resolved with
its last. The watch is kept while a heartbeat arrives: an alert that fires for as long as
what `watches` names is really looked at. Without it, quiet tells nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Literal

import pydantic

from reprise_pra.history import JsonValue

LOST_AFTER_NS = 20_000_000_000
"""Alertmanager repeats what fires every 5 s: after four times that, nobody is there."""

type State = Literal["firing", "resolved", "silent"]
"""`silent`: repeated no more, though it never resolved: a larger alert includes it."""


class _Read(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")


class Told(_Read):
    """One alert of a notification, as Alertmanager writes it (webhook, version 4)."""

    status: Literal["firing", "resolved"]
    labels: Mapping[str, str]
    fingerprint: str

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.labels.get("alertname", "")

    @property
    def is_heartbeat(self) -> bool:
        """Whether it always fires, to prove that alerts arrive."""
        return self.labels.get("severity") == "none"


class Notification(_Read):
    """What Alertmanager posts."""

    version: Literal["4"]
    alerts: tuple[Told, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One event to be: an `alert` that changed, or a `watch` that began or was lost."""

    operation: Literal["alert", "watch"]
    alert: str
    state: State | None = None
    kept: bool | None = None

    def value(self, since_ns: int | None) -> dict[str, JsonValue]:
        """Return the event's value."""
        found: dict[str, JsonValue] = {"alert": self.alert}
        if self.state is not None:
            found |= {"state": self.state, "since_ns": since_ns}
        if self.kept is not None:
            found["kept"] = self.kept
        return found


class Hearing:
    """What fires, and whether one alert is watched, as of what was heard."""

    def __init__(self, alert: str) -> None:
        """Nothing was heard yet; `alert` is the one whose watch is told."""
        self._alert = alert
        self._beat_ns: int | None = None
        # Name → instance → when it was last heard to fire.
        self._firing: dict[str, dict[str, int]] = {}
        self._silent: set[str] = set()

    def heard(self, alerts: Iterable[Told], *, at_ns: int) -> tuple[Heard, ...]:
        """Take one notification; return what it changed."""
        found: list[Heard] = []
        for one in alerts:
            if one.is_heartbeat:
                if one.labels.get("watches") == self._alert:
                    found += self._beat(at_ns if one.status == "firing" else None)
            elif one.status == "firing":
                instances = self._firing.setdefault(one.name, {})
                if not instances or one.name in self._silent:
                    self._silent.discard(one.name)
                    found.append(
                        Heard(operation="alert", alert=one.name, state="firing")
                    )
                instances[one.fingerprint] = at_ns
            else:
                found += self._resolved(one)
        return tuple(found)

    def passed(self, *, at_ns: int) -> tuple[Heard, ...]:
        """Take the time; return what silence changed."""
        if self._beat_ns is None:
            return ()
        if at_ns - self._beat_ns > LOST_AFTER_NS:
            return tuple(self._beat(None))
        # Others arrive: nobody is deaf.
        silent = {
            name
            for name, instances in self._firing.items()
            if instances and at_ns - max(instances.values()) > LOST_AFTER_NS
        }
        fallen = sorted(silent - self._silent)
        self._silent |= silent
        return tuple(
            Heard(operation="alert", alert=name, state="silent") for name in fallen
        )

    def _beat(self, at_ns: int | None) -> list[Heard]:
        was, self._beat_ns = self._beat_ns, at_ns
        if (was is None) == (at_ns is None):
            return []
        kept = at_ns is not None
        return [Heard(operation="watch", alert=self._alert, kept=kept)]

    def _resolved(self, one: Told) -> list[Heard]:
        instances = self._firing.get(one.name, {})
        if instances.pop(one.fingerprint, None) is None or instances:
            return []
        self._silent.discard(one.name)
        return [Heard(operation="alert", alert=one.name, state="resolved")]
