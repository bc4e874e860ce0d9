"""Starts and stops the load, the probers and the sentinel: what a drill calls.

Each is a process of its own, in a session of its own (a Ctrl-C meant for the drill is
not theirs), on a leash: when the drill dies, they stop. Their output goes to
`RUN/evidence/logs/`, beside `RUN/history/`.
"""

from __future__ import annotations

import dataclasses
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from reprise_loadtests.bootstrap import check_login, register_known_patients
from reprise_loadtests.credentials import (
    AUTHORITY_VARIABLE,
    FILE_VARIABLE,
    read_credentials,
)
from reprise_loadtests.errors import LoadError
from reprise_loadtests.profile import load_profile
from reprise_loadtests.recording import open_recorder
from reprise_loadtests.wire import Wire
from reprise_platform.access import Access
from reprise_platform.errors import WaitTimeout
from reprise_platform.waiting import until

LOCUSTFILE = Path(__file__).resolve().parents[1] / "locustfile.py"

STOP_WITHIN_S = 20.0
"""More than the load needs to drain: the client's time-out and a margin."""

_OPEN_WITHIN_S = 180.0
_LOG_TAIL = 15
_PROBERS = 2


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


LoadProcess = Process


def start_load(
    access: Access,
    profile: str | Path,
    seed: int,
    history_dir: Path,
    duration_s: float | None,
) -> LoadProcess:
    """Start Locust on the site's front door; returns when its schedule has begun.

    The load first registers patients until the history knows the profile's number.

    Args:
        access: the site.
        profile: name or path of a load profile.
        seed: of the schedule and of everything the users draw.
        history_dir: the run's history folder.
        duration_s: length of the schedule in seconds; None for "until stopped".

    Raises:
        LoadError: it did not start; the message has the end of its log.
    """
    load_profile(profile)
    before = _schedules(history_dir)
    arguments = [
        "-f",
        str(LOCUSTFILE),
        "--headless",
        "--only-summary",
        "--exit-code-on-error=0",
        "--host",
        access.front_door,
        "--load-profile",
        str(profile),
        "--seed",
        str(seed),
        "--history",
        str(history_dir),
    ]
    if duration_s is not None:
        arguments += ["--duration-s", str(duration_s)]
    process = _start("load", "locust", arguments, access, history_dir)
    try:
        until(
            lambda: _schedules(history_dir) > before or not process.is_running(),
            within_s=_OPEN_WITHIN_S,
            every_s=0.1,
            what="the load's schedule to begin",
        )
    except WaitTimeout as error:
        stop(process)
        raise LoadError(_with_tail(str(error), process.log)) from error
    if _schedules(history_dir) <= before:
        stop(process)
        raise LoadError(_with_tail("the load did not start", process.log))
    return process


def start_probers(access: Access, history_dir: Path) -> tuple[Process, ...]:
    """Start two staggered probers for each class of service that has a rate.

    Raises:
        LoadError: the login fails, or the writes' patient cannot be registered.
    """
    rates = {
        service_class: rate
        for service_class, rate in access.probe_rates_per_s.items()
        if rate > 0
    }
    credentials = read_credentials(access.clinic_credentials)
    wire = Wire(access.front_door, timeout_s=10.0, authority=access.authority)
    patient: str | None = None
    try:
        check_login(wire, credentials)
        if "write" in rates:
            with open_recorder(history_dir, first=0) as recorder:
                (bearer,) = register_known_patients(
                    wire=wire,
                    credentials=credentials,
                    recorder=recorder,
                    count=1,
                    seed=0,
                )
            patient = bearer.uuid
    finally:
        wire.close()
    bearer_arguments = [] if patient is None else ["--patient", patient]
    started: list[Process] = []
    for service_class, rate_per_s in rates.items():
        period_ms = 1000.0 / rate_per_s
        for index in range(_PROBERS):
            arguments = [
                "--class",
                service_class,
                "--index",
                str(index),
                "--url",
                access.front_door,
                "--history",
                str(history_dir),
                "--period-ms",
                f"{period_ms:g}",
                "--offset-ms",
                f"{index * period_ms / _PROBERS:g}",
                *bearer_arguments,
            ]
            name = f"prober-{service_class}-{index}"
            module = "reprise_loadtests.prober"
            started.append(_start(name, module, arguments, access, history_dir))
    return tuple(started)


def start_sentinel(
    access: Access, history_dir: Path, *, after_s: float = 5.0
) -> Process:
    """Start the watchman; its alert fires after `after_s` seconds of failures only."""
    arguments = [
        "--url",
        access.front_door,
        "--history",
        str(history_dir),
        "--after-s",
        str(after_s),
    ]
    return _start(
        "sentinel", "reprise_loadtests.sentinel", arguments, access, history_dir
    )


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


def _start(
    name: str, module: str, arguments: Sequence[str], access: Access, history_dir: Path
) -> Process:
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


def _schedules(history_dir: Path) -> int:
    """Count the schedules begun; the file of a living writer may end in mid-line."""
    return sum(
        path.read_text(encoding="utf-8", errors="replace").count(
            '"operation":"schedule"'
        )
        for path in history_dir.glob("load-*.jsonl")
    )


def _with_tail(what: str, log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n  ".join([f"{what}; the end of {log}:", *lines[-_LOG_TAIL:]])
