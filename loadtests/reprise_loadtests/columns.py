"""Hooks Locust's own count of requests to the segments: its users' or anyone's."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from reprise_loadtests.segments import BATCH_S, Request, SegmentWriter

_PROBLEM_LENGTH = 200


def keep_requests(environment: Any, history: Path) -> None:  # noqa: ANN401 - Locust's hooks are untyped
    """Keep every request of a Locust process beside its history, until it quits."""
    keeper = Keeper(history.parent / "evidence" / "requests")
    environment.events.request.add_listener(keeper.keep)
    environment.events.quitting.add_listener(keeper.close)


class Keeper:
    """One Locust process' requests."""

    def __init__(self, folder: Path, *, every_s: float = BATCH_S) -> None:
        """Start the clock that lets no request wait for the next one."""
        self._writer = SegmentWriter(folder, f"locust-{os.getpid()}")
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._every_s = every_s
        # Under Locust this is a greenlet.
        threading.Thread(target=self._flush, daemon=True).start()

    def keep(
        self,
        *,
        request_type: str,
        name: str,
        response_time: float | None = None,
        response_length: int | None = None,
        exception: BaseException | None = None,
        start_time: float | None = None,
        **_: object,
    ) -> None:
        """Take one request as Locust counts it."""
        request = Request(
            kind=request_type,
            name=name,
            start_s=time.time() if start_time is None else start_time,
            response_ms=response_time,
            size=response_length,
            problem=None if exception is None else str(exception)[:_PROBLEM_LENGTH],
        )
        with self._lock:
            self._writer.add(request)

    def close(self, **_: object) -> None:
        """Write what is left; idempotent."""
        self._over.set()
        with self._lock:
            self._writer.close()

    def _flush(self) -> None:
        while not self._over.wait(self._every_s):
            with self._lock:
                self._writer.flush_if_due()
