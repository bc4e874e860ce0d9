"""Hooks Locust's own count of requests to the segments: its users' or anyone's."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reprise_loadtests.segments import BATCH_S, Request, SegmentWriter

_PROBLEM_LENGTH = 200


def keep_requests(environment: Any) -> None:  # noqa: ANN401 - Locust's hooks are untyped
    """Keep every request of a Locust process beside its history, until it quits.

    A worker learns of its history only when a run begins: it is asked for then.
    """

    def folder() -> Path:
        history = Path(environment.parsed_options.history)
        return history.parent / "evidence" / "requests"

    keeper = Keeper(folder)
    environment.events.request.add_listener(keeper.keep)
    environment.events.quitting.add_listener(keeper.close)


class Keeper:
    """One Locust process' requests."""

    def __init__(self, folder: Callable[[], Path], *, every_s: float = BATCH_S) -> None:
        """Start the clock that lets no request wait for the next one."""
        self._folder = folder
        self._writer: SegmentWriter | None = None
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
            if self._writer is None:
                name = f"locust-{os.getpid()}"
                self._writer = SegmentWriter(self._folder(), name)
            self._writer.add(request)

    def close(self, **_: object) -> None:
        """Write what is left; idempotent."""
        self._over.set()
        with self._lock:
            if self._writer is not None:
                self._writer.close()

    def _flush(self) -> None:
        while not self._over.wait(self._every_s):
            with self._lock:
                if self._writer is not None:
                    self._writer.flush_if_due()
