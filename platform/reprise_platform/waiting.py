"""The only sleep: wait for a condition, within a limit, or raise."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from reprise_platform.errors import WaitTimeout


def patience() -> float:
    """Return by how much every limit is longer here: REPRISE_PATIENCE, 1 at least.

    For machines that are many times slower than ours, an emulated one for example. It is
    of limits only: nothing that is measured or judged changes.
    """
    try:
        return max(1.0, float(os.environ.get("REPRISE_PATIENCE") or 1))
    except ValueError:
        return 1.0


def until[T](
    condition: Callable[[], T | None],
    *,
    within_s: float,
    every_s: float,
    what: str,
    command: str = "",
    logs: Sequence[Path] = (),
) -> T:
    """Call `condition` until it returns something true, and return that.

    Args:
        condition: observes only; None or any false value means "not yet".
        within_s: the limit, from now, in seconds (see `patience`); tried at least once.
        every_s: the pause between two tries, in seconds.
        what: what is awaited, for the message ("node b1 NotReady").
        command: a line to paste that shows more of it.
        logs: files that tell why it does not come.

    Raises:
        WaitTimeout: the limit passed.
    """
    within_s *= patience()
    deadline = time.monotonic() + within_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() >= deadline:
            msg = f"waited {within_s:g} s in vain for: {what}"
            raise WaitTimeout(msg, command=command, logs=logs)
        time.sleep(min(every_s, max(0.0, deadline - time.monotonic())))
