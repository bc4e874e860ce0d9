"""Child processes of a drill: each in a session of its own, and on a leash.

A Ctrl-C meant for the drill is not theirs; when the drill dies, they stop. Their output
goes to `RUN/evidence/logs/`, beside `RUN/history/`.
"""

from __future__ import annotations

import dataclasses
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from reprise_loadtests.credentials import AUTHORITY_VARIABLE, FILE_VARIABLE
from reprise_platform.access import Access
from reprise_platform.errors import WaitTimeout
from reprise_platform.waiting import until

STOP_WITHIN_S = 20.0
"""More than the load needs to drain: the client's time-out and a margin."""

_LOG_TAIL = 15


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A child that runs until `stop`, or until `leash` is closed, also by oblivion."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    leash: io.FileIO

    def is_running(self) -> bool:
        """Tell whether the process is alive."""
        return self.popen.poll() is None


def start(
    name: str, module: str, arguments: Sequence[str], access: Access, history_dir: Path
) -> Process:
    """Start a module as a child that knows the site's login and authority.

    Raises:
        OSError: it could not be started.
    """
    logs = history_dir.parent / "evidence" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    kept, held = os.pipe()
    leash = io.FileIO(held, "w")
    try:
        with log.open("ab") as output:
            popen = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "reprise_loadtests.leash",
                    str(kept),
                    module,
                    *arguments,
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(kept,),
                start_new_session=True,
                env={**os.environ, **_environment(access)},
            )
    except OSError:
        leash.close()
        raise
    finally:
        os.close(kept)
    return Process(name=name, popen=popen, log=log, leash=leash)


def _environment(access: Access) -> dict[str, str]:
    """Return what the children read of the site; no secret is on a command line."""
    return {
        FILE_VARIABLE: str(access.clinic_credentials),
        # An empty one: the environment's own does not count for this site.
        AUTHORITY_VARIABLE: str(access.authority or ""),
    }


def stop(*processes: Process, within_s: float = STOP_WITHIN_S) -> dict[str, int]:
    """Ask the processes to stop (SIGTERM), end (SIGKILL) those that do not in time.

    Returns:
        Each process' exit code by its name; -9 means that it had to be killed.
    """
    for process in processes:
        process.popen.terminate()
    try:
        until(
            lambda: not any(process.is_running() for process in processes),
            within_s=within_s,
            every_s=0.05,
            what="the load's processes to stop",
        )
    except WaitTimeout:
        for process in processes:
            process.popen.kill()
    codes: dict[str, int] = {}
    for process in processes:
        codes[process.name] = process.popen.wait()
        process.leash.close()
    return codes


def with_tail(what: str, log: Path) -> str:
    """Return a sentence followed by the end of a child's log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n  ".join([f"{what}; the end of {log}:", *lines[-_LOG_TAIL:]])
