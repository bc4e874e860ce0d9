"""What tools in use say of the same outages: Chaos Toolkit and Locust, as programs.

Chaos Toolkit: an HTTP probe as steady-state hypothesis, polled during the method at its
default rate; an outage runs from the first probe that failed to the next that held.
Locust: ten users of the stock kind; an outage runs from the first failed request's start
to the next one that succeeded. Both readings are kinder than their own reports.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from reprise_loadtests.bench.judging import Claim
from reprise_loadtests.bench.truth import NS_PER_S
from reprise_loadtests.targets import READ_PATH

_LOCUSTFILE = Path(__file__).resolve().parents[2] / "bench" / "closed.py"
USERS = 10
FREQUENCY_S = 1.0


def start_chaos_toolkit(
    url: str, folder: Path, lasts_s: float
) -> subprocess.Popen[bytes]:
    """Start `chaos run` of a method that only waits, its hypothesis polled all along."""
    probe = {
        "type": "probe",
        "name": "answers",
        "tolerance": 200,
        "provider": {"type": "http", "url": f"{url}{READ_PATH}"},
    }
    wait = {"type": "process", "path": "sleep", "arguments": f"{lasts_s:.1f}"}
    experiment = {
        "title": "bench",
        "description": "poll",
        "steady-state-hypothesis": {"title": "answers", "probes": [probe]},
        "method": [{"type": "action", "name": "wait", "provider": wait}],
        "rollbacks": [],
    }
    folder.mkdir(parents=True)
    (folder / "experiment.json").write_text(json.dumps(experiment), encoding="utf-8")
    strategy = ("--hypothesis-strategy", "continuously")
    frequency = ("--hypothesis-frequency", str(FREQUENCY_S))
    command = [sys.executable, "-m", "chaostoolkit", "--no-version-check", "run"]
    words = [*strategy, *frequency, "--journal-path", "journal.json", "experiment.json"]
    return _start([*command, *words], folder, {})


def chaos_toolkit_claims(folder: Path) -> list[Claim]:
    """Read the journal; an empty list where it was not written."""
    file = folder / "journal.json"
    if not file.is_file():
        return []
    journal = json.loads(file.read_text(encoding="utf-8"))
    looks: list[tuple[int, bool]] = []
    for state in journal.get("steady_states", {}).get("during", []):
        for probe in state.get("probes", []):
            at = dt.datetime.fromisoformat(probe["start"]).replace(tzinfo=dt.UTC)
            looks.append((_monotonic_ns(at.timestamp()), state["steady_state_met"]))
    return _runs(looks)


def start_locust(url: str, folder: Path, lasts_s: float) -> subprocess.Popen[bytes]:
    """Start Locust without its page; it ends by itself."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), "--headless"]
    users = ("-u", str(USERS), "-r", str(USERS), "-t", f"{lasts_s:.0f}s")
    log = {"REPRISE_BENCH_LOG": str(folder / "requests.jsonl")}
    quiet = ("--csv", "stats", "--host", url, "--exit-code-on-error", "0")
    return _start([*command, *users, *quiet], folder, log)


def locust_claims(folder: Path) -> list[Claim]:
    """Read its requests."""
    file = folder / "requests.jsonl"
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    requests = sorted(
        (json.loads(line) for line in lines), key=lambda it: it["start_s"]
    )
    return _runs((_monotonic_ns(it["start_s"]), it["ok"]) for it in requests)


def _runs(looks: Iterable[tuple[int, bool]]) -> list[Claim]:
    """Turn instants and what was seen then into outages."""
    claims: list[Claim] = []
    began_ns: int | None = None
    for at_ns, is_well in looks:
        if not is_well and began_ns is None:
            began_ns = at_ns
        elif is_well and began_ns is not None:
            claims.append(Claim(start_ns=began_ns, end_ns=at_ns))
            began_ns = None
    if began_ns is not None:
        claims.append(Claim(start_ns=began_ns, end_ns=None))
    return claims


def _monotonic_ns(wall_s: float) -> int:
    """Turn a wall clock's instant into the monotonic clock's; both tell the same now."""
    return round(wall_s * NS_PER_S) - (time.time_ns() - time.monotonic_ns())


def _start(
    command: list[str], folder: Path, env: dict[str, str]
) -> subprocess.Popen[bytes]:
    with (folder / "output.log").open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **env},
        )
