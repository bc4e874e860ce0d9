"""Something done beside the phases, whose end is asked for later."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable


class Background[T]:
    """One call in a thread of its own; what it raised is raised where it is asked."""

    def __init__(self, name: str, work: Callable[[], T]) -> None:
        """Begin at once. The thread does not keep the process from ending."""
        self._future: concurrent.futures.Future[T] = concurrent.futures.Future()

        def run() -> None:
            try:
                self._future.set_result(work())
            # The thread's boundary: whatever happened is raised by `result`.
            except Exception as error:  # noqa: BLE001
                self._future.set_exception(error)

        threading.Thread(target=run, name=name, daemon=True).start()

    def result(self) -> T | None:
        """Return what the call returned, or None while it is under way.

        Raises:
            Exception: what the call raised.
        """
        return self._future.result() if self._future.done() else None
