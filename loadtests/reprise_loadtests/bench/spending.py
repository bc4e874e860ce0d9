"""A program run to its end, and the processor's time it took."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from reprise_platform.errors import CommandError

_TAIL = 2000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds of processor (its children's too) and of time."""

    cpu_s: float
    wall_s: float


def spend(
    command: Sequence[str | Path],
    log: Path,
    *,
    env: Mapping[str, str],
    within_s: float,
) -> Spent:
    """Run a program.

    Raises:
        CommandError: it failed, or did not end in time; the end of its log.
    """
    words = [str(word) for word in command]
    begun_s = time.monotonic()
    with log.open("wb") as output:
        popen = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env={**os.environ, **env},
        )
    watch = threading.Timer(within_s, popen.kill)
    watch.start()
    _, status, usage = os.wait4(popen.pid, 0)
    watch.cancel()
    popen.returncode = os.waitstatus_to_exitcode(status)
    if popen.returncode != 0:
        end = log.read_text(encoding="utf-8", errors="replace")[-_TAIL:]
        msg = f"{words[0]}: exit code {popen.returncode}; its log ends:\n{end}"
        raise CommandError(msg, command=" ".join(words))
    return Spent(
        cpu_s=usage.ru_utime + usage.ru_stime, wall_s=time.monotonic() - begun_s
    )
