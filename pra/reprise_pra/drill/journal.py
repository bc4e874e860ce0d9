"""The drill's own history: written by several threads, told to whoever watches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from reprise_platform.telling import told
from reprise_pra.analysis.results import Text
from reprise_pra.history import Event, JsonValue, Kind, Recorder


class Journal(Recorder):
    """A recorder that threads may share, and that hands each event on as it is written."""

    def __init__(
        self, folder: Path, process: str, *, heard: Callable[[Event], None]
    ) -> None:
        """Open the file; `heard` is called with each event, from the writing thread."""
        super().__init__(folder, process)
        self._lock = threading.Lock()
        self._heard = heard

    def record(
        self,
        kind: Kind,
        operation: str,
        op_id: str,
        value: Mapping[str, JsonValue] | None = None,
        *,
        at_ns: int | None = None,
    ) -> Event:
        """Append one event; see `Recorder.record`."""
        with self._lock:
            event = super().record(kind, operation, op_id, value, at_ns=at_ns)
        self._heard(event)
        return event

    def mark(self, name: str, detail: Text, *, at_ns: int | None = None) -> Event:
        """Record one mark, `t0` to `t9`, now or at `at_ns`."""
        value: dict[str, JsonValue] = {"mark": name, "detail": told(detail)}
        return self.record(Kind.OK, "mark", name, value, at_ns=at_ns)

    def check(
        self,
        name: str,
        *,
        holds: bool | None,
        detail: Text,
        since_ns: int | None = None,
    ) -> Event:
        """Record whether something that the verdict rests on holds; None: not known.

        Args:
            since_ns: for what was looked at over a stretch, when that stretch began.
        """
        value: dict[str, JsonValue] = {
            "check": name,
            "holds": holds,
            "detail": told(detail),
        }
        if since_ns is not None:
            value["since_ns"] = since_ns
        return self.record(Kind.OK, "check", name, value)
