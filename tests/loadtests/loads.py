"""Real Locust processes against a server that fails, and what their histories say."""

# ruff: noqa: ANN401 - conftest has no name to import the fake server from

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from reprise_loadtests import launch
from reprise_loadtests.content import CLINICAL_TYPES
from reprise_loadtests.schedule import NS_PER_S, arrivals
from reprise_platform.waiting import until
from reprise_pra.history import Event, History, Kind, read_history

SEED = 11
LIMIT_S = 60


class Load:
    """Starts Locust with a small busy profile and reads what it writes."""

    def __init__(self, fake: Any, credentials_file: Path, folder: Path) -> None:
        self.fake = fake
        self.credentials_file = credentials_file
        self.folder = folder
        self.history_dir = folder / "history"
        self.log = folder / "load.log"
        self.started: list[subprocess.Popen[bytes]] = []

    def profile(
        self, *, rate_per_s: float = 6.0, max_live: int = 500, timeout_s: float = 10.0
    ) -> Path:
        """Write a profile file."""
        path = self.folder / "busy.yaml"
        path.write_text(
            "name: busy\n"
            f"arrivals: {{rate_per_s: {rate_per_s}, max_live: {max_live}}}\n"
            "mix: {register: 0.4, consult: 0.3, audiogram: 0.3}\n"
            "think_time: {median_s: 0.05, sigma: 0.5, max_s: 0.2}\n"
            f"client: {{timeout_s: {timeout_s}}}\n"
            "known_patients: 5\n"
        )
        return path

    def start(
        self, *arguments: str, locustfile: Path = launch.LOCUSTFILE
    ) -> subprocess.Popen[bytes]:
        """Start Locust, headless, on the fake's URL."""
        return self.locust(
            *("--headless", "--only-summary", "--exit-code-on-error", "0"),
            *("--host", self.fake.url, "--seed", str(SEED)),
            *("--load-profile", str(self.folder / "busy.yaml")),
            *("--history", str(self.history_dir), *arguments),
            locustfile=locustfile,
        )

    def locust(
        self, *arguments: str, locustfile: Path = launch.LOCUSTFILE
    ) -> subprocess.Popen[bytes]:
        """Start a Locust process that knows the login and nothing else."""
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "locust", "-f", str(locustfile), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "REPRISE_CLINIC_CREDENTIALS": str(self.credentials_file),
                },
            )
        self.started.append(process)
        return process

    def stored(self) -> set[str]:
        """Return the uuid of every clinical object the server holds."""
        return {
            uuid
            for kind in CLINICAL_TYPES
            for uuid in tuple(self.fake.objects.get(kind, ()))
        }

    def until_stored(self, count: int) -> None:
        """Wait until the server holds so many clinical objects."""
        until(
            lambda: len(self.stored()) >= count,
            within_s=LIMIT_S,
            every_s=0.05,
            what="clinical objects to be written",
        )

    def history(self) -> History:
        """Read what is written so far."""
        return read_history(self.history_dir.glob("load-*.jsonl"))

    def until_arrived(self, count: int, *, process: str | None = None) -> None:
        """Wait until so many arrivals are on record, of one process or of all."""
        until(
            lambda: (
                sum(
                    event.operation == "arrival" and process in {None, event.process}
                    for event in self.history().events
                )
                >= count
            ),
            within_s=2 * LIMIT_S,
            every_s=0.1,
            what="arrivals",
        )

    def until_stopped(self, count: int) -> None:
        """Wait until so many runs have ended."""
        until(
            lambda: (
                sum(e.operation == "load_stopped" for e in self.history().events)
                >= count
            ),
            within_s=LIMIT_S,
            every_s=0.1,
            what="the end of a run",
        )

    def until_begun(self, *, then_s: float = 0.0) -> int:
        """Wait for the schedule and `then_s` more; return the schedule's origin, ns."""

        def begun() -> Event | None:
            if not self.history_dir.is_dir():
                return None
            for event in self.history().events:
                if event.operation == "schedule":
                    return event
            return None

        event = until(begun, within_s=2 * LIMIT_S, every_s=0.05, what="the schedule")
        start_ns = event.value["start_ns"]
        assert isinstance(start_ns, int)
        wait_for(start_ns + round(then_s * NS_PER_S))
        return start_ns


def planned(profile: Any, *, duration_s: float) -> list[Any]:
    """Return the arrivals that a load of `SEED` owes."""
    found = []
    for arrival in arrivals(profile, seed=SEED):
        if arrival.offset_ns >= duration_s * NS_PER_S:
            break
        found.append(arrival)
    return found


def integer(event: Event, key: str) -> int:
    """Return a whole number of an event."""
    value = event.value[key]
    assert isinstance(value, int)
    return value


def latencies(events: tuple[Event, ...], operation: str) -> dict[int, int]:
    """Return instance to latency of its first operation, from the intended start, ns."""
    began: dict[str, tuple[int, int]] = {}
    found: dict[int, int] = {}
    for event in events:
        if event.operation != operation:
            continue
        if event.kind is Kind.INVOKE:
            began[event.op_id] = (
                integer(event, "instance"),
                integer(event, "intended_ns"),
            )
        elif event.op_id in began:
            instance, intended_ns = began[event.op_id]
            found.setdefault(instance, event.at_ns - intended_ns)
    return found


def completion(history: History, invoked: Event) -> Kind | None:
    """Return how an invocation ended, None when nothing says it."""
    for event in history.events:
        if event.op_id == invoked.op_id and event.kind is not Kind.INVOKE:
            return event.kind
    return None


def uncompleted(history: History) -> set[str]:
    """Return the operations begun without an end on record."""
    invoked = {e.op_id for e in history.events if e.kind is Kind.INVOKE}
    return invoked - {e.op_id for e in history.events if e.kind is not Kind.INVOKE}


def wait_for(at_ns: int) -> None:
    """Wait for an instant of CLOCK_MONOTONIC."""
    until(
        lambda: time.monotonic_ns() >= at_ns,
        within_s=LIMIT_S,
        every_s=0.01,
        what="an instant",
    )
