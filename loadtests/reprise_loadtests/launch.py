"""Starts the load, the probers and the sentinel: what a drill calls.

The sentinel is the platform's: it hears the site's alerts. All are `children`.
"""

from __future__ import annotations

from pathlib import Path

from reprise_loadtests.bootstrap import check_login, register_known_patients
from reprise_loadtests.children import Process, start, stop, with_tail
from reprise_loadtests.credentials import read_credentials
from reprise_loadtests.errors import LoadError
from reprise_loadtests.profile import load_profile
from reprise_loadtests.recording import open_recorder
from reprise_loadtests.wire import Wire
from reprise_platform.access import Access
from reprise_platform.errors import WaitTimeout
from reprise_platform.waiting import until

LOCUSTFILE = Path(__file__).resolve().parents[1] / "locustfile.py"

_OPEN_WITHIN_S = 180.0
_WATCHED_WITHIN_S = 60.0
_PROBERS = 2


def start_load(
    access: Access,
    profile: str | Path,
    seed: int,
    history_dir: Path,
    duration_s: float | None,
) -> Process:
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
    process = start("load", "locust", arguments, access, history_dir)
    try:
        until(
            lambda: _schedules(history_dir) > before or not process.is_running(),
            within_s=_OPEN_WITHIN_S,
            every_s=0.1,
            what="the load's schedule to begin",
        )
    except WaitTimeout as error:
        stop(process)
        raise LoadError(with_tail(str(error), process.log)) from error
    if _schedules(history_dir) <= before:
        stop(process)
        raise LoadError(with_tail("the load did not start", process.log))
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
            started.append(start(name, module, arguments, access, history_dir))
    return tuple(started)


def start_sentinel(access: Access, history_dir: Path, *, alert: str) -> Process:
    """Start what hears the site's alerts; see `await_watch`.

    Raises:
        LoadError: nothing at the site tells of alerts.
    """
    if not access.alert_webhook or access.alert_webhook_token is None:
        msg = (
            f"site {access.site} tells nobody of its alerts: set `alert_webhook` and "
            "`alert_webhook_token` to what its Alertmanager calls"
        )
        raise LoadError(msg)
    arguments = [
        *("--listen", access.alert_webhook),
        *("--token-file", str(access.alert_webhook_token)),
        *("--alert", alert),
        *("--history", str(history_dir)),
        *("--prometheus", access.prometheus),
    ]
    if access.observability_credentials is not None:
        arguments += ["--credentials", str(access.observability_credentials)]
    if access.authority is not None:
        arguments += ["--authority", str(access.authority)]
    module = "reprise_platform.sentinel"
    return start("sentinel", module, arguments, access, history_dir)


def await_watch(sentinel: Process, access: Access, history_dir: Path) -> None:
    """Wait until the sentinel has heard that its alert is watched.

    Raises:
        LoadError: it ended, or heard nothing; the message has the end of its log.
    """
    history = history_dir / "sentinel.jsonl"

    def heard() -> bool:
        if not sentinel.is_running():
            raise LoadError(with_tail("the sentinel ended", sentinel.log))
        return history.exists() and '"operation":"watch"' in history.read_text(
            encoding="utf-8", errors="replace"
        )

    try:
        until(
            heard,
            within_s=_WATCHED_WITHIN_S,
            every_s=0.1,
            what=f"{access.alertmanager} to tell {access.alert_webhook} of its alerts",
        )
    except WaitTimeout as error:
        raise LoadError(with_tail(str(error), sentinel.log)) from error


def _schedules(history_dir: Path) -> int:
    """Count the schedules begun; the file of a living writer may end in mid-line."""
    return sum(
        path.read_text(encoding="utf-8", errors="replace").count(
            '"operation":"schedule"'
        )
        for path in history_dir.glob("load-*.jsonl")
    )
